import { ChangeBatch, NO_IMAGE, TRUNCATE, UNCHANGED, UPDATE } from '@cdc-demo/cdc-core';
import type { TransactionSnapshot } from './transaction-snapshot.ts';

/**
 * The changes of a batch whose transactions a snapshot did not see; undefined when it saw all.
 * Shares the images of `batch`.
 */
export function unseenChanges(
  batch: ChangeBatch,
  snapshot: TransactionSnapshot,
): ChangeBatch | undefined {
  const isUnseen = batch.transactions.map(({ id }) => !snapshot.saw(id));
  if (isUnseen.every(Boolean)) return batch;
  if (!isUnseen.includes(true)) return undefined;
  const rows: number[] = [];
  for (let row = 0; row < batch.length; row++) {
    if (isUnseen[batch.transaction[row] ?? 0]) rows.push(row);
  }
  const unseen = Object.assign(new ChangeBatch(batch.schema, 0), {
    images: batch.images,
    length: rows.length,
    ops: Uint8Array.from(rows, (row) => batch.ops[row] ?? 0),
    before: Int32Array.from(rows, (row) => batch.before[row] ?? NO_IMAGE),
    after: Int32Array.from(rows, (row) => batch.after[row] ?? NO_IMAGE),
    beforeIsFull: Uint8Array.from(rows, (row) => batch.beforeIsFull[row] ?? 0),
    transaction: Uint32Array.from(rows, (row) => batch.transaction[row] ?? 0),
    ordinal: Uint32Array.from(rows, (row) => batch.ordinal[row] ?? 0),
  });
  unseen.transactions.push(...batch.transactions);
  return unseen;
}

/**
 * Do the rows of a range not say, together with these changes, what the range holds afterwards?
 * True for a TRUNCATE, and for a row that changed its key and is not sent whole: it may have come
 * from outside of the range.
 */
export function reachesOutside(batch: ChangeBatch): boolean {
  const { columns } = batch.images;
  for (let row = 0; row < batch.length; row++) {
    if (batch.ops[row] === TRUNCATE) return true;
    if (batch.ops[row] !== UPDATE || batch.before[row] === NO_IMAGE) continue;
    if (batch.beforeIsFull[row] === 1) continue;
    const after = batch.after[row] ?? NO_IMAGE;
    if (columns.some(({ presence }) => presence[after] === UNCHANGED)) return true;
  }
  return false;
}
