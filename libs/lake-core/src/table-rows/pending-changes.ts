import { ChangeBatch, comparePositions } from '@cdc-demo/cdc-core';
import type { Position } from '@cdc-demo/cdc-core';
import type { SourceChanges } from './table-changes.ts';

/**
 * The changes of transactions that end after `position`: what a table at `position` lacks.
 * Transactions come in the order of their ends, so these are a batch's last changes. Shares memory
 * with `batch`; undefined when nothing is left.
 */
export function changesAfter(batch: ChangeBatch, position: Position): ChangeBatch | undefined {
  const { transactions, length } = batch;
  const isContained = (index: number): boolean => {
    const transaction = transactions[index];
    return transaction !== undefined && comparePositions(transaction.end, position) <= 0;
  };
  let first = 0;
  let end = length;
  while (first < end) {
    const middle = (first + end) >>> 1;
    if (isContained(batch.transaction[middle] ?? 0)) first = middle + 1;
    else end = middle;
  }
  return first === length ? undefined : changesFrom(batch, first, length);
}

/** Changes [start, end) of a batch, sharing memory with it. */
export function changesFrom(batch: ChangeBatch, start: number, end: number): ChangeBatch {
  if (start === 0 && end === batch.length) return batch;
  const part = Object.assign(new ChangeBatch(batch.schema, 0), {
    images: batch.images,
    length: end - start,
    ops: batch.ops.subarray(start, end),
    before: batch.before.subarray(start, end),
    after: batch.after.subarray(start, end),
    beforeIsFull: batch.beforeIsFull.subarray(start, end),
    transaction: batch.transaction.subarray(start, end),
    ordinal: batch.ordinal.subarray(start, end),
  });
  for (const transaction of batch.transactions) part.transactions.push(transaction);
  return part;
}

/** The same for the changes of many transactions, of which some may be on disk. */
export function partsAfter(parts: readonly SourceChanges[], position: Position): SourceChanges[] {
  return parts.flatMap((part) => {
    if ('images' in part) return changesAfter(part, position) ?? [];
    return comparePositions(part.transaction.end, position) > 0 ? part : [];
  });
}
