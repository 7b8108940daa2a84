import type { Field } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';
import type { ColumnMappingMode } from '../schema/column-mapping.ts';
import type { StructField, StructType } from '../schema/delta-type.ts';
import { toField } from '../schema/to-fields.ts';
import { assertTypeChanges } from '../schema/type-changes.ts';

/** What of a table's definition says how its rows are read. */
export interface RowLayout {
  readonly schema: StructType;
  readonly columnMapping: ColumnMappingMode;
  readonly metadata: { readonly partitionColumns: readonly string[] };
}

/** A column of the result and the names that files have for it. */
export interface ProjectedColumn {
  /** Its place in the result. */
  readonly at: number;
  readonly physical: Field;
}

/** The columns that are read, and where each comes from. */
export interface Projection {
  /** The columns of the result, in their order. */
  readonly fields: readonly Field[];
  readonly match: 'name' | 'id';
  /** Columns that are in data files. */
  readonly data: readonly ProjectedColumn[];
  /** Columns whose value is in the log, the same for a whole file. */
  readonly partition: readonly ProjectedColumn[];
}

/**
 * @param columns names of the columns to read, in the order of the result; by default all
 * @throws DeltaError `delta/column-missing`, `delta/unsupported-type`
 */
export function project(layout: RowLayout, columns?: readonly string[]): Projection {
  const { schema, columnMapping } = layout;
  const chosen = columns ? columns.map((name) => findColumn(schema, name)) : schema.fields;
  chosen.forEach(assertTypeChanges);
  const partitioned = new Set(layout.metadata.partitionColumns);
  const placed = chosen.map((column, at) => ({
    at,
    isPartition: partitioned.has(column.name),
    physical: toField(column, columnMapping),
  }));
  return {
    fields: chosen.map((column) => toField(column)),
    match: columnMapping === 'id' ? 'id' : 'name',
    data: placed.filter(({ isPartition }) => !isPartition),
    partition: placed.filter(({ isPartition }) => isPartition),
  };
}

/** By the exact name, or without regard to case: names of a table differ in more than case. */
function findColumn(schema: StructType, name: string): StructField {
  const folded = name.toLowerCase();
  const column =
    schema.fields.find((field) => field.name === name) ??
    schema.fields.find((field) => field.name.toLowerCase() === folded);
  if (column) return column;
  throw new DeltaError('delta/column-missing', `The table has no column ${name}`, {
    context: { column: name },
  });
}
