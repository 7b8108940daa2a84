import { ChangeBatch, ColumnBatch, DELETE, NO_IMAGE } from '@cdc-demo/cdc-core';
import type { Column, Field, ResyncRange, TableSchema } from '@cdc-demo/cdc-core';
import { keyOrder, sortedRows } from '../key-index/key-order.ts';
import { toTableRows } from '../table-rows/table-rows.ts';
import type { LiveFile, TableRows } from './live-file.ts';

/**
 * The keys of a table's rows at one moment, in their order. What a resync has to delete are some of
 * them: a row that comes or goes afterwards does so because the source says so.
 */
export class StoredKeys {
  readonly #keys: ColumnBatch;
  readonly #order: Uint32Array;

  private constructor(keys: ColumnBatch) {
    this.#keys = keys;
    this.#order = sortedRows(keys.columns, keys.length);
  }

  /** Reads the key's columns of every live row. */
  static async read<F extends LiveFile>(
    rows: TableRows<F>,
    keyFields: readonly Field[],
  ): Promise<StoredKeys> {
    const keys = new ColumnBatch(keyFields);
    const names = keyFields.map(({ name }) => name);
    const reader = rows.openReader();
    for (const file of rows.files) {
      const deleted = await reader.deletedRows(file);
      for await (const batch of reader.rowsExcept(file, deleted, names)) {
        batch.columns.forEach((column, i) => {
          (keys.columns[i] as Column).appendRange(column, 0, batch.length);
        });
        keys.length += batch.length;
      }
    }
    return new StoredKeys(keys);
  }

  /** A DELETE, by key only, of each of the keys that lies in a range. */
  deletesIn(range: ResyncRange, schema: TableSchema): ChangeBatch {
    const start = this.#countUpTo(range.after, 0);
    const end = this.#countUpTo(range.through, this.#order.length);
    const batch = new ChangeBatch(schema, Math.max(1, end - start));
    const { columns } = batch.images;
    for (let i = start; i < end; i++) {
      const row = this.#order[i] ?? 0;
      columns.forEach((column, field) => {
        const at = schema.key.indexOf(field);
        const key = this.#keys.columns[at];
        if (key) column.appendFrom(key, row);
        else column.appendUnchanged();
      });
      const before = batch.images.endRow();
      batch.append(DELETE, { before, after: NO_IMAGE, beforeIsFull: false }, i - start);
    }
    return batch;
  }

  /** How many keys lie before or at a bound; `otherwise` without one. */
  #countUpTo(bound: ColumnBatch | undefined, otherwise: number): number {
    if (!bound) return otherwise;
    const { columns } = toTableRows(bound, this.#keys.fields as Field[]);
    const compare = keyOrder(this.#keys.columns, columns);
    let [from, to] = [0, this.#order.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compare(this.#order[middle] ?? 0, 0) <= 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
