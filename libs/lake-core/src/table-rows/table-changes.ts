import type { ChangeBatch, SpilledChanges } from '@cdc-demo/cdc-core';
import type { TableColumns } from '../table-columns/table-columns.ts';
import { toTableChanges } from './table-rows.ts';

/** Changes as they come from the source, in memory or on disk. */
export type SourceChanges = ChangeBatch | SpilledChanges;

/** The changes of one commit in the table's columns, in order. */
export type TableChanges = readonly ChangeBatch[] | SpilledTableChanges;

/** Changes of the source in the table's columns. */
export function tableChanges(parts: readonly SourceChanges[], columns: TableColumns): TableChanges {
  const batches = parts.filter((part) => 'images' in part);
  if (batches.length < parts.length) return new SpilledTableChanges(parts, columns);
  return batches.map((batch) => toTableChanges(batch, columns));
}

/** Changes of which a part is on disk. */
export class SpilledTableChanges {
  readonly #parts: readonly SourceChanges[];
  readonly #columns: TableColumns;

  constructor(parts: readonly SourceChanges[], columns: TableColumns) {
    this.#parts = parts;
    this.#columns = columns;
  }

  get length(): number {
    return this.#parts.reduce((sum, { length }) => sum + length, 0);
  }

  get byteSize(): number {
    return this.#parts.reduce((sum, { byteSize }) => sum + byteSize, 0);
  }

  /** One batch after the other. May be asked for any number of times. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ChangeBatch, void, undefined> {
    for (const part of this.#parts) {
      if ('images' in part) yield toTableChanges(part, this.#columns);
      else for await (const batch of part.batches()) yield toTableChanges(batch, this.#columns);
    }
  }
}
