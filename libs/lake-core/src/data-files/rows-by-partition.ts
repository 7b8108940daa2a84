import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import { gatherColumn } from '../row-plan/gather-column.ts';

export interface PartitionRows<P> {
  readonly partition: P;
  readonly rows: ColumnBatch;
}

/** The rows of each partition, in their order; `partitions` is for rows [start, …) of the batch. */
export function rowsByPartition<P>(
  rows: ColumnBatch,
  partitions: readonly P[],
  start: number,
): PartitionRows<P>[] {
  const places = new Map<P, number[]>();
  partitions.forEach((partition, i) => {
    const known = places.get(partition);
    if (known) known.push(start + i);
    else places.set(partition, [start + i]);
  });
  return Array.from(places, ([partition, at]) => ({ partition, rows: takeRows(rows, at) }));
}

function takeRows(batch: ColumnBatch, at: readonly number[]): ColumnBatch {
  const { length } = at;
  if (length === batch.length) return batch;
  const refs = { length, row: Uint32Array.from(at), source: new Uint32Array(length) };
  const columns = batch.columns.map((column): Column => gatherColumn(column.type, [column], refs));
  return ColumnBatch.of(batch.fields, columns, length);
}
