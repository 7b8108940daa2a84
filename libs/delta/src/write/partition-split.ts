import type { Column, ColumnBatch, FieldValue } from '@cdc-demo/cdc-core';
import { partitionFolder } from '@cdc-demo/lake-core';
import type { FilePartition, PartitionSplit } from '@cdc-demo/lake-core';
import type { PartitionValues } from '../log/actions.ts';
import { partitionText } from './partition-text.ts';
import type { RowFormat } from './row-format.ts';

/** Rows that have the same values in all partition columns. */
export interface Partition extends FilePartition {
  readonly values: PartitionValues;
}

/** The only partition of a table without partition columns. */
export const WHOLE_TABLE: Partition = { number: 0, values: {}, folder: '' };

/** The partition of a file, by its values in the log. */
export function partitionOf(
  { physical, partition }: RowFormat,
  values: PartitionValues,
): Partition {
  const names = partition.map((at) => physical[at]?.name ?? '');
  const folder = names.map((name) => partitionFolder(name, values[name] ?? null)).join('');
  return { number: 0, values, folder };
}

/** Tells rows of a partitioned table apart by their partition. */
export class ValueSplit implements PartitionSplit<Partition> {
  readonly #format: RowFormat;
  readonly #partitions = new Map<string, Partition>();
  /** By partition column, the text of each value met lately. */
  readonly #texts: Map<FieldValue, string | null>[];

  constructor(format: RowFormat) {
    this.#format = format;
    this.#texts = format.partition.map(() => new Map<FieldValue, string | null>());
  }

  /**
   * For each of rows [start, end) its partition.
   * @throws DeltaError `delta/partition-value`
   */
  partitions(rows: ColumnBatch, start: number, end: number): Partition[] {
    const columns = this.#format.partition.map((at) => rows.columns[at]);
    const found: Partition[] = [];
    for (let row = start; row < end; row++) {
      const texts = columns.map((column, i) => this.#text(column, i, row));
      const key = JSON.stringify(texts);
      let partition = this.#partitions.get(key);
      if (!partition) {
        partition = this.#newPartition(texts);
        this.#partitions.set(key, partition);
      }
      found.push(partition);
    }
    return found;
  }

  #newPartition(texts: readonly (string | null)[]): Partition {
    const { physical, partition } = this.#format;
    const named = texts.map((text, i): [string, string | null] => {
      return [physical[partition[i] ?? 0]?.name ?? '', text];
    });
    return {
      number: this.#partitions.size,
      values: Object.fromEntries(named),
      folder: named.map(([name, text]) => partitionFolder(name, text)).join(''),
    };
  }

  #text(column: Column | undefined, i: number, row: number): string | null {
    const texts = this.#texts[i];
    const field = this.#format.fields[this.#format.partition[i] ?? 0];
    if (!column || !texts || !field) throw new Error('A partition column has no values');
    const value = column.value(row);
    const known = texts.get(value);
    if (known !== undefined) return known;
    const text = partitionText(field, value);
    texts.set(value, text);
    return text;
  }
}
