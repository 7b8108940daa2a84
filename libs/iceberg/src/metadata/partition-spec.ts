import { FieldReader } from '@cdc-demo/lake-core';
import type { ExactJson } from '@cdc-demo/lake-core';

/** A partition field: values of a column, transformed. */
export interface PartitionField {
  readonly fieldId: number;
  readonly sourceIds: readonly number[];
  readonly name: string;
  /** As it is written: `identity`, `bucket[16]`, `day`, … */
  readonly transform: string;
}

/** How rows are parted (table specification, "Partitioning"). */
export interface PartitionSpec {
  readonly id: number;
  readonly fields: readonly PartitionField[];
}

/** Ids of partition fields that do not say theirs begin here. */
const FIRST_FIELD_ID = 1000;

/** @throws TypeError that says what is wrong */
export function parsePartitionSpec(id: number, fields: readonly ExactJson[]): PartitionSpec {
  return {
    id,
    fields: fields.map((json, i) => {
      const field = new FieldReader('partition field', json);
      const sources = field.optionalList('source-ids') ?? [field.number('source-id')];
      return {
        fieldId: field.optionalNumber('field-id') ?? FIRST_FIELD_ID + i,
        sourceIds: sources.map(Number),
        name: field.string('name'),
        transform: field.string('transform'),
      };
    }),
  };
}
