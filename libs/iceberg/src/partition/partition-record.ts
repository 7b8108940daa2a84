import type { FieldType } from '@cdc-demo/cdc-core';
import { decimalWidth } from '@cdc-demo/cdc-core';
import { compareValues, toComparable } from '@cdc-demo/lake-core';
import type { ExactJson, ExactJsonObject } from '@cdc-demo/lake-core';
import { optional, recordSchema } from '../avro/record-schema.ts';
import { valueBytes } from '../write/single-value.ts';
import type { PartitionColumn } from './partition-columns.ts';
import { fromAvro, toAvro } from './partition-value.ts';

/** Of each field of a spec in its order, as Avro decodes it. */
export type PartitionTuple = readonly unknown[];

/** The record of a partition's values in a manifest (table specification, "Appendix A: Avro"). */
export function partitionSchema(columns: readonly PartitionColumn[]): ExactJsonObject {
  const named = new Set<string>();
  return recordSchema(
    'r102',
    columns.map(({ field, type }) =>
      optional(avroName(field.name), avroType(type, named), field.fieldId),
    ),
  );
}

/** The values as that record is written; a column may be of a wider type than it was. */
export function partitionRecord(
  columns: readonly PartitionColumn[],
  tuple: PartitionTuple,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    columns.map(({ field, type }, i) => [
      avroName(field.name),
      toAvro(fromAvro(tuple[i], type), type),
    ]),
  );
}

/** What a manifest list says of the partitions of a manifest's files ("Manifest Lists"). */
export function partitionSummaries(
  columns: readonly PartitionColumn[],
  tuples: readonly PartitionTuple[],
): readonly object[] {
  return columns.map(({ type }, i) => {
    const values = tuples.map((tuple) => fromAvro(tuple[i], type));
    const present = values.flatMap((value) => {
      return value === null ? [] : [{ value, order: toComparable(type, value) }];
    });
    present.sort((a, b) => compareValues(a.order, b.order));
    const bound = (of: (typeof present)[number] | undefined): Buffer | null =>
      (of && valueBytes(type, of.value)) ?? null;
    return {
      contains_null: present.length < values.length,
      contains_nan: false,
      lower_bound: bound(present[0]),
      upper_bound: bound(present.at(-1)),
    };
  });
}

/** Names of types may be given once in a schema, and used again. */
function avroType(type: FieldType, named: Set<string>): ExactJson {
  switch (type.kind) {
    case 'boolean':
    case 'string':
      return type.kind;
    case 'int':
      return type.bits === 64 ? 'long' : 'int';
    case 'date':
      return { type: 'int', logicalType: 'date' };
    case 'time':
      return { type: 'long', logicalType: 'time-micros' };
    case 'timestamp': {
      const isUtc = type.zone === 'utc';
      return { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': isUtc };
    }
    case 'decimal': {
      const { precision, scale } = type;
      const fixed = { type: 'fixed', size: decimalWidth(precision), logicalType: 'decimal' };
      return once(`decimal_${precision}_${scale}`, { ...fixed, precision, scale }, named);
    }
    case 'uuid':
      return once('uuid_fixed', { type: 'fixed', size: 16, logicalType: 'uuid' }, named);
    default:
      return 'bytes';
  }
}

function once(name: string, schema: ExactJsonObject, named: Set<string>): ExactJson {
  if (named.has(name)) return name;
  named.add(name);
  return { name, ...schema };
}

/** As Iceberg's own library writes names that Avro does not take. */
function avroName(name: string): string {
  const [first = '', ...rest] = Array.from(name);
  const start = /[A-Za-z_]/.test(first) ? first : sanitized(first);
  return (
    start +
    rest.map((character) => (/\w/.test(character) ? character : sanitized(character))).join('')
  );
}

function sanitized(character: string): string {
  if (/\d/.test(character)) return `_${character}`;
  return `_x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`;
}
