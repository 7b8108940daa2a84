import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Field, FieldType, ObjectStore, TableSchema } from '@cdc-demo/cdc-core';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { temporaryStore } from '../storage.fixture.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import { changes, feedRows, openTable, point, table, tableRows } from './sink.fixture.ts';
import type { TestChange } from './sink.fixture.ts';

const column = (id: number, name: string, type: FieldType): Field => ({
  id,
  name,
  type,
  nullable: name !== 'id',
});
const INT: FieldType = { kind: 'int', bits: 32 };
const LONG: FieldType = { kind: 'int', bits: 64 };
const first: TableSchema = {
  table,
  version: 1,
  fields: [
    column(1, 'id', INT),
    column(2, 'price', { kind: 'decimal', precision: 6, scale: 2 }),
    column(3, 'day', { kind: 'date' }),
    column(4, 'note', { kind: 'string' }),
  ],
  key: [0],
};
const second: TableSchema = {
  ...first,
  version: 2,
  fields: [
    column(1, 'id', LONG),
    column(2, 'amount', { kind: 'decimal', precision: 20, scale: 4 }),
    column(3, 'day', { kind: 'timestamp', zone: 'none' }),
    column(5, 'note', LONG),
  ],
};

describe('a source whose columns change', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  let sink: TendedTableSink;
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
  });
  afterEach(() => files[Symbol.asyncDispose]());

  const write = (of: TableSchema, end: number, list: readonly TestChange[]): Promise<void> =>
    sink.write(changes(of, [[end, list]]));

  it('is followed in one commit with the rows on both sides of the change', async () => {
    sink = await openTable(store);
    await sink.create(first, point(10));
    await write(first, 20, [
      { op: 'insert', row: [1, 150n, 0, 'a'] },
      { op: 'insert', row: [2, 250n, 1, 'b'] },
      { op: 'insert', row: [3, 350n, 2, 'c'] },
    ]);
    await sink.commit(point(20));
    await write(first, 30, [{ op: 'update', row: [1, 175n, 0, 'A'] }]);
    await write(second, 40, [
      { op: 'insert', row: [2n ** 40n, 12345n, 1n, 7n] },
      { op: 'update', row: [3n, 35000n, 172_800_000_001n, 8n], unchanged: [1] },
      { op: 'delete', old: [2n, null, null, null], keyOnly: true },
    ]);
    expect(await sink.commit(point(40))).toMatchObject({ outcome: 'committed', version: 2n });
    const now = [
      '{"id":1,"amount":"1.7500","day":"1970-01-01T00:00:00.000000","note":null}',
      '{"id":1099511627776,"amount":"1.2345","day":"1970-01-01T00:00:00.000001","note":7}',
      '{"id":3,"amount":"3.5000","day":"1970-01-03T00:00:00.000001","note":8}',
    ];
    expect(await tableRows(store)).toEqual(now);
    expect(await feedRows(store, 2n)).toEqual([
      'delete {"id":2,"amount":"2.5000","day":"1970-01-02T00:00:00.000000","note":null}',
      `insert ${now[1]!}`,
      `update_postimage ${now[0]!}`,
      `update_postimage ${now[2]!}`,
      'update_preimage {"id":1,"amount":"1.5000","day":"1970-01-01T00:00:00.000000","note":null}',
      'update_preimage {"id":3,"amount":"3.5000","day":"1970-01-03T00:00:00.000000","note":null}',
    ]);
    const { protocol, schema } = await openSnapshot(store);
    expect(protocol.readerFeatures).toEqual(['columnMapping', 'timestampNtz', 'typeWidening']);
    expect(schema.fields[1]?.metadata).toMatchObject({
      'delta.columnMapping.id': 2,
      'delta.columnMapping.physicalName': 'price',
      'delta.typeChanges': [{ fromType: 'decimal(6,2)', toType: 'decimal(20,4)' }],
    });
    await sink.close();
    sink = await openTable(store);
    await write(second, 50, [{ op: 'delete', old: [1n, null, null, null], keyOnly: true }]);
    expect(await sink.commit(point(50))).toMatchObject({ stats: { deleted: 1 } });
    expect(await tableRows(store)).toEqual(now.slice(1));
  });

  it('is followed in append mode, each change in the columns of the table', async () => {
    sink = await openTable(store, { mode: 'append' });
    await sink.create(first, point(10));
    await write(first, 20, [{ op: 'insert', row: [1, 150n, 0, 'a'] }]);
    await write(second, 30, [{ op: 'insert', row: [2n, 12345n, 1n, 7n] }]);
    await sink.commit(point(30));
    const rows = await tableRows(store);
    expect(rows.map((line) => line.slice(line.indexOf('"id"')))).toEqual([
      '"id":1,"amount":"1.5000","day":"1970-01-01T00:00:00.000000","note":null}',
      '"id":2,"amount":"1.2345","day":"1970-01-01T00:00:00.000001","note":7}',
    ]);
  });

  it('stops the table when the change cannot be told by metadata', async () => {
    sink = await openTable(store);
    await sink.create(first, point(10));
    const fields = [...first.fields.slice(0, 3), column(4, 'note', INT)];
    await write({ ...first, version: 2, fields }, 20, [{ op: 'insert', row: [1, 1n, 0, 1] }]);
    expect(await sink.commit(point(20))).toMatchObject({
      outcome: 'conflicted',
      error: { code: 'delta/schema-change', message: expect.stringContaining('note') },
    });
    expect((await openSnapshot(store)).version).toBe(0n);
  });

  it('stops the table when it is partitioned by the column', async () => {
    sink = await openTable(store, { partitionBy: () => ['day'] });
    await sink.create(first, point(10));
    const fields = [...first.fields.slice(0, 2), first.fields[3]!];
    await write({ ...first, version: 2, fields }, 20, [{ op: 'insert', row: [1, 1n, 'x'] }]);
    expect(await sink.commit(point(20))).toMatchObject({
      outcome: 'conflicted',
      error: { code: 'delta/schema-change', message: expect.stringContaining('partition column') },
    });
  });
});
