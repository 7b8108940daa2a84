import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import { gatherColumn } from '../row-plan/gather-column.ts';

/**
 * The rows of a batch whose byte in `dropped` is 0, of its first `columns` columns; sharing memory
 * with the batch when that is all of them.
 */
export function keepRows(
  batch: ColumnBatch,
  dropped: Uint8Array,
  columns: number = batch.fields.length,
): ColumnBatch {
  const kept = new Uint32Array(batch.length);
  let length = 0;
  for (let row = 0; row < batch.length; row++) if (dropped[row] === 0) kept[length++] = row;
  const wanted = firstColumns(batch, columns);
  if (length === batch.length) return wanted;
  const refs = { length, row: kept.subarray(0, length), source: new Uint32Array(length) };
  const gathered = wanted.columns.map(
    (column): Column => gatherColumn(column.type, [column], refs),
  );
  return ColumnBatch.of(wanted.fields, gathered, length);
}

/** The batch without the columns from `count` on. */
export function firstColumns(batch: ColumnBatch, count: number): ColumnBatch {
  const { fields, columns, length } = batch;
  if (count === fields.length) return batch;
  return ColumnBatch.of(fields.slice(0, count), columns.slice(0, count), length);
}
