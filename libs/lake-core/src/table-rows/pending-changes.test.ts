import { describe, expect, it } from '@jest/globals';
import { ChangeBatch, INSERT, postgresPosition } from '@cdc-demo/cdc-core';
import { changesAfter } from './pending-changes.ts';

function batchOf(ends: readonly bigint[]): ChangeBatch {
  const batch = new ChangeBatch({
    table: { namespace: 'public', name: 't' },
    version: 1,
    fields: [{ id: 1, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false }],
    key: [0],
  });
  for (const end of ends) {
    for (let i = 0; i < 2; i++) {
      const after = batch.images.appendRow([end * 10n + BigInt(i)]);
      batch.append(INSERT, { before: -1, after, beforeIsFull: false }, i);
    }
    const commit = postgresPosition(end - 1n);
    batch.transactions.push({ commit, end: postgresPosition(end), committedAtUs: 0n, id: end });
  }
  return batch;
}

const ids = (batch: ChangeBatch | undefined): unknown[] =>
  Array.from({ length: batch?.length ?? 0 }, (_, row) =>
    batch?.images.columns[0]?.value(batch.after[row]!),
  );

describe('changesAfter', () => {
  const batch = batchOf([100n, 200n, 300n]);

  it('leaves out transactions that end at or before the position, whole', () => {
    expect(ids(changesAfter(batch, postgresPosition(200n)))).toEqual([3000n, 3001n]);
    expect(ids(changesAfter(batch, postgresPosition(199n)))).toEqual([2000n, 2001n, 3000n, 3001n]);
  });

  it('gives the batch itself when nothing is contained, and nothing when all is', () => {
    expect(changesAfter(batch, postgresPosition(0n))).toBe(batch);
    expect(changesAfter(batch, postgresPosition(300n))).toBeUndefined();
  });
});
