import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, ObjectStore } from '@cdc-demo/cdc-core';
import { InterceptedStore } from '@cdc-demo/cdc-testing';
import { DeltaTable } from '../delta-table.ts';
import { DeltaTableWriter } from '../delta-table-writer.ts';
import { temporaryStore, tickingClock } from '../storage.fixture.ts';

const FIELDS: readonly Field[] = [
  { id: 0, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
  { id: 0, name: 'day', type: { kind: 'date' }, nullable: false },
];

function rows(...values: readonly (readonly [bigint, number | null])[]): ColumnBatch {
  const batch = new ColumnBatch(FIELDS.map((field) => ({ ...field, nullable: true })));
  for (const row of values) batch.appendRow([...row]);
  return batch;
}

describe('before a version names a file', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  beforeEach(async () => {
    files = await temporaryStore();
  });
  afterEach(() => files[Symbol.asyncDispose]());

  const create = (store: ObjectStore): Promise<DeltaTableWriter> =>
    DeltaTableWriter.create(
      store,
      { name: 't', fields: FIELDS, key: ['id', 'day'], partitionBy: ['day'] },
      { clock: tickingClock() },
    );

  it.each([
    ['is empty', () => new Uint8Array(0)],
    ['is cut off', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1)],
    ['has other bytes', (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1)],
  ])('D33: it is read back: one that %s stops the commit', async (_, damage) => {
    const store = new InterceptedStore(files.store, async ({ operation, key }, proceed) => {
      const done = await proceed();
      if (operation !== 'close' || !key.includes('part-')) return done;
      const bytes = (await files.store.get(key)) ?? new Uint8Array(0);
      await files.store.put(key, damage(bytes));
      return done;
    });
    const table = await create(store);
    await expect(table.append(rows([1n, 20_000]))).rejects.toMatchObject({
      code: 'lake/parquet-corrupt',
    });
    const snapshot = await (await DeltaTable.open(files.store)).snapshot();
    expect([...snapshot.files()]).toEqual([]);
    expect(snapshot.version).toBe(0n);
  });

  it('D33: no NULL gets into a partition column that is not nullable', async () => {
    const table = await create(files.store);
    await expect(table.append(rows([1n, null]))).rejects.toMatchObject({
      code: 'lake/null-in-required-column',
    });
  });
});
