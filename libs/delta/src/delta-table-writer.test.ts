import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldValue, ObjectStore } from '@cdc-demo/cdc-core';
import { DeltaTableWriter } from './delta-table-writer.ts';
import { feedRows, openTable, point, schema, tableRows } from './sink/sink.fixture.ts';
import { openSnapshot } from './snapshot/open-snapshot.ts';
import { temporaryStore, tickingClock } from './storage.fixture.ts';
import { LogWriter } from './write/log-writer.ts';
import { newTableActions } from './write/new-table.ts';

const fields: readonly Field[] = [
  { id: 0, name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
  { id: 0, name: 'name', type: { kind: 'string' }, nullable: true },
];

function rows(...values: (readonly FieldValue[])[]): ColumnBatch {
  const batch = new ColumnBatch(fields);
  for (const row of values) batch.appendRow(row);
  return batch;
}

function keys(...ids: number[]): ColumnBatch {
  const batch = new ColumnBatch(fields.slice(0, 1));
  for (const id of ids) batch.appendRow([id]);
  return batch;
}

const line = (id: number, name: string): string => `{"id":${id},"name":"${name}"}`;

describe('DeltaTableWriter', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  const options = { clock: tickingClock() };
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
  });
  afterEach(() => files[Symbol.asyncDispose]());

  it('creates, appends, upserts, deletes and truncates, each in one version', async () => {
    const table = await DeltaTableWriter.create(
      files.folder,
      { name: 't', fields, key: ['id'] },
      options,
    );
    expect(await table.append(rows([1, 'a'], [2, 'b']))).toBe(1n);
    expect(await table.upsert(rows([2, 'B'], [3, 'c']))).toBe(2n);
    expect(await feedRows(store, 2n)).toEqual([
      `insert ${line(3, 'c')}`,
      `update_postimage ${line(2, 'B')}`,
      `update_preimage ${line(2, 'b')}`,
    ]);
    expect(await table.delete(keys(1, 9))).toBe(3n);
    expect(await tableRows(store)).toEqual([line(2, 'B'), line(3, 'c')]);
    expect(await table.delete(keys(9))).toBe(3n);
    expect(await table.append(rows())).toBe(3n);
    expect(await table.truncate()).toBe(4n);
    expect(await feedRows(store, 4n)).toEqual([`delete ${line(2, 'B')}`, `delete ${line(3, 'c')}`]);
    expect(await table.truncate()).toBe(4n);
    expect(await table.upsert(rows([1, 'x']))).toBe(5n);
    await table.close();
    const again = await DeltaTableWriter.open(store, options);
    expect(await again.delete(keys(1))).toBe(6n);
    expect(await tableRows(store)).toEqual([]);
  });

  it('D5: works out anew what meets another writer', async () => {
    const one = await DeltaTableWriter.create(store, { name: 't', fields, key: ['id'] }, options);
    const two = await DeltaTableWriter.open(store, options);
    await one.upsert(rows([1, 'a']));
    expect(await two.upsert(rows([1, 'b']))).toBe(2n);
    expect(await one.append(rows([5, 'e']))).toBe(3n);
    expect(await tableRows(store)).toEqual([line(1, 'b'), line(5, 'e')]);
    expect(await feedRows(store, 2n)).toEqual([
      `update_postimage ${line(1, 'b')}`,
      `update_preimage ${line(1, 'a')}`,
    ]);
  });

  it('writes no change files into a table without a feed', async () => {
    const [protocol, metaData] = newTableActions(fields, { name: 't', nowMs: 0 });
    if (!metaData || !('metaData' in metaData)) throw new Error('no metadata');
    const plain = { metaData: { ...metaData.metaData, configuration: {} } };
    await new LogWriter(store, tickingClock()).commit(undefined, {
      operation: 'CREATE TABLE',
      isBlindAppend: true,
      actions: [protocol!, plain],
    });
    const table = await DeltaTableWriter.open(store, { ...options, key: ['id'] });
    await table.append(rows([1, 'a'], [2, 'b']));
    await table.upsert(rows([1, 'A']));
    expect(await tableRows(store)).toEqual([line(1, 'A'), line(2, 'b')]);
    const found: string[] = [];
    for await (const { key } of store.list('_change_data/')) found.push(key);
    expect(found).toEqual([]);
    expect((await openSnapshot(store)).version).toBe(2n);
  });

  it('refuses what is not its to write', async () => {
    await (await openTable(store)).create(schema, point(10));
    await expect(DeltaTableWriter.open(store, options)).rejects.toMatchObject({
      code: 'delta/not-ours',
    });
    await expect(
      DeltaTableWriter.create(store, { name: 't', fields }, options),
    ).rejects.toMatchObject({ code: 'delta/not-ours' });
    await expect(
      DeltaTableWriter.create(store, { name: 't', fields, key: ['nope'] }, options),
    ).rejects.toMatchObject({ code: 'delta/column-missing' });
  });

  it('needs a key for upserts only', async () => {
    const table = await DeltaTableWriter.create(store, { name: 't', fields }, options);
    await table.append(rows([1, 'a']));
    await expect(async () => table.upsert(rows([1, 'b']))).rejects.toMatchObject({
      code: 'delta/no-key',
    });
    expect(await table.truncate()).toBe(2n);
  });

  it('D1: of two that are made at the same time one is the table', async () => {
    const create = (): Promise<DeltaTableWriter> =>
      DeltaTableWriter.create(store, { name: 't', fields, key: ['id'] }, options);
    const outcomes = await Promise.allSettled([create(), create(), create()]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toMatchObject({ code: 'delta/not-ours' });
    }
  });

  it('refuses to guess which of two rows of one key is meant', async () => {
    const table = await DeltaTableWriter.create(store, { name: 't', fields, key: ['id'] }, options);
    await table.append(rows([1, 'a'], [1, 'b']));
    await expect(table.upsert(rows([1, 'c']))).rejects.toMatchObject({
      code: 'lake/key-not-unique',
      context: { row: 1, knownRow: 0 },
    });
  });

  it('D5: stops when somebody else changes the columns', async () => {
    const table = await DeltaTableWriter.create(store, { name: 't', fields }, options);
    const snapshot = await openSnapshot(store);
    const wider = [...fields, { ...fields[1]!, name: 'more' }];
    const [, metaData] = newTableActions(wider, { name: 't', nowMs: 0 });
    await new LogWriter(store, tickingClock()).commit(snapshot, {
      operation: 'ADD COLUMNS',
      isBlindAppend: false,
      actions: [metaData!],
    });
    await expect(table.append(rows([1, 'a']))).rejects.toMatchObject({
      code: 'delta/schema-change',
    });
  });

  it('D13: tells a truncate row by row where a file has a deletion vector', async () => {
    const table = await DeltaTableWriter.create(store, { name: 't', fields, key: ['id'] }, options);
    await table.append(rows([1, 'a'], [2, 'b'], [3, 'c']));
    await table.delete(keys(2));
    await table.truncate();
    expect(await feedRows(store, 3n)).toEqual([`delete ${line(1, 'a')}`, `delete ${line(3, 'c')}`]);
    const found: string[] = [];
    for await (const { key } of store.list('_change_data/')) found.push(key);
    expect(found).toHaveLength(2);
  });
});
