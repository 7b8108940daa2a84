import {
  formatDate,
  formatDecimal,
  formatHex,
  formatTime,
  formatTimestamp,
} from '@cdc-demo/cdc-core';
import type { ColumnBatch, Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { partitionFolder } from '@cdc-demo/lake-core';
import type { FilePartition, PartitionSplit } from '@cdc-demo/lake-core';
import { IcebergError } from '../errors.ts';
import type { BoundSpec, PartitionColumn } from './partition-columns.ts';
import type { PartitionTuple } from './partition-record.ts';
import { fromAvro, toAvro } from './partition-value.ts';
import { startOfUnit, transformed } from './transform.ts';

/** Rows of one partition of a spec. */
export interface TablePartition extends FilePartition {
  readonly specId: number;
  readonly values: PartitionTuple;
}

/** The partition of a file, by its values in a manifest. */
export function partitionOf(
  { spec: { id: specId }, columns }: BoundSpec,
  values: PartitionTuple,
): TablePartition {
  const known = columns.map(({ type }, i) => fromAvro(values[i], type));
  return { number: 0, specId, values, folder: folderOf(columns, known) };
}

/**
 * Tells rows apart by a spec.
 * @param fields of the rows
 * @throws IcebergError `iceberg/not-writable` when a column is not among them
 */
export function partitionsOf(
  bound: BoundSpec,
  fields: readonly Field[],
): PartitionSplit<TablePartition> | TablePartition {
  return bound.columns.length === 0 ? partitionOf(bound, []) : new SpecSplit(bound, fields);
}

class SpecSplit implements PartitionSplit<TablePartition> {
  readonly #specId: number;
  readonly #columns: readonly PartitionColumn[];
  /** Where the columns are in the rows. */
  readonly #places: readonly number[];
  readonly #partitions = new Map<string, TablePartition>();

  constructor({ spec, columns }: BoundSpec, fields: readonly Field[]) {
    this.#specId = spec.id;
    this.#columns = columns;
    this.#places = columns.map(({ field, transform }) => {
      const at = fields.findIndex(({ id }) => id === field.sourceIds[0]);
      if (at >= 0 || transform.kind === 'void') return at;
      const message = `The partition field ${field.name} is of no column of its own`;
      throw new IcebergError('iceberg/not-writable', message, { context: { field: field.name } });
    });
  }

  partitions(rows: ColumnBatch, start: number, end: number): TablePartition[] {
    const found: TablePartition[] = [];
    for (let row = start; row < end; row++) {
      const values = this.#columns.map(({ transform, source }, i) => {
        const value = rows.columns[this.#places[i] ?? -1]?.value(row) ?? null;
        return transformed(transform, source, value);
      });
      const key = values.map(keyOf).join(' ');
      let partition = this.#partitions.get(key);
      if (!partition) this.#partitions.set(key, (partition = this.#newPartition(values)));
      found.push(partition);
    }
    return found;
  }

  #newPartition(values: readonly FieldValue[]): TablePartition {
    return {
      number: this.#partitions.size,
      specId: this.#specId,
      values: this.#columns.map(({ type }, i) => toAvro(values[i] ?? null, type)),
      folder: folderOf(this.#columns, values),
    };
  }
}

/** A text that no other value of the type has. */
function keyOf(value: FieldValue): string {
  if (value === null) return '-';
  if (value instanceof Uint8Array) return `+${formatHex(value)}`;
  return typeof value === 'string' ? JSON.stringify(value) : `+${String(value as number)}`;
}

function folderOf(columns: readonly PartitionColumn[], values: readonly FieldValue[]): string {
  return columns
    .map(({ field, transform, source, type }, i) => {
      const value = values[i] ?? null;
      const text = value === null ? null : humanText({ transform, source, type }, value);
      return partitionFolder(field.name, text);
    })
    .join('');
}

/** A value of a partition as people read it. */
function humanText(
  { transform, source, type }: Omit<PartitionColumn, 'field'>,
  value: NonNullable<FieldValue>,
): string {
  const { kind } = transform;
  if (kind === 'year' || kind === 'month' || kind === 'hour') {
    return unitText(kind, source, value as number);
  }
  return plainText(type, value);
}

const UNIT_CHARACTERS = { year: -6, month: -3, hour: 13 } as const;

function unitText(unit: 'year' | 'month' | 'hour', source: FieldType, units: number): string {
  const start = startOfUnit(unit, source, units);
  const text = typeof start === 'number' ? formatDate(start) : formatTimestamp(start, 'none');
  if (unit === 'hour') return text.slice(0, UNIT_CHARACTERS.hour).replace(/[ T]/, '-');
  const [date = ''] = text.split(/[ T]/);
  return date.slice(0, UNIT_CHARACTERS[unit]);
}

function plainText(type: FieldType, value: NonNullable<FieldValue>): string {
  switch (type.kind) {
    case 'date':
      return formatDate(value as number);
    case 'time':
      return formatTime(value as bigint);
    case 'timestamp':
      return formatTimestamp(value as bigint, type.zone);
    case 'decimal':
      return formatDecimal(value as bigint, type.scale);
    default:
      return value instanceof Uint8Array ? formatHex(value) : String(value as string | number);
  }
}
