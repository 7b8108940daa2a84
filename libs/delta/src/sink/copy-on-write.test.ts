import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStore, TableSchema } from '@cdc-demo/cdc-core';
import { DeltaTableWriter } from '../delta-table-writer.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { temporaryStore, tickingClock } from '../storage.fixture.ts';
import { LogWriter } from '../write/log-writer.ts';
import { newTableActions } from '../write/new-table.ts';
import type { TableReader } from '../write/table-readers.ts';
import {
  changes,
  feedRows,
  logLines,
  openTable,
  point,
  rowsOf,
  schema,
  tableRows,
} from './sink.fixture.ts';
import type { TestChange } from './sink.fixture.ts';

const line = (id: number, name: string): string => `{"id":${id},"name":"${name}","uid":null}`;
const local: TableSchema = {
  ...schema,
  version: 2,
  fields: [
    ...schema.fields,
    { id: 4, name: 'at', type: { kind: 'timestamp', zone: 'none' }, nullable: true },
  ],
};

describe('tables for readers without deletion vectors', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
  });
  afterEach(() => files[Symbol.asyncDispose]());

  const update = (id: number, name: string): TestChange => ({
    op: 'update',
    row: [BigInt(id), name, null],
  });
  const remove = (id: number): TestChange => ({
    op: 'delete',
    old: [BigInt(id), null, null],
    keyOnly: true,
  });

  it('D10: are written anew where rows go, and ask readers for nothing', async () => {
    const readers: readonly TableReader[] = ['spark', 'basic'];
    const open = () => openTable(store, { readers, targetFileRows: 4 });
    let sink = await open();
    const stage = await sink.stageSnapshot(schema);
    const all = Array.from({ length: 12 }, (_, id) => [BigInt(id), `n${id}`, null]);
    await stage.write(rowsOf(schema.fields, all));
    await sink.publishSnapshot([await stage.finish()], point(10));
    let lsn = 10;
    const commit = async (...list: TestChange[]): Promise<unknown> => {
      lsn += 10;
      await sink.write(changes(schema, [[lsn, list]]));
      return sink.commit(point(lsn));
    };
    expect(await commit(update(1, 'A'), remove(5), remove(8), remove(9))).toMatchObject({
      stats: { updated: 1, deleted: 3, files: 3 },
    });
    expect(await feedRows(store, 1n)).toEqual([
      `delete ${line(5, 'n5')}`,
      `delete ${line(8, 'n8')}`,
      `delete ${line(9, 'n9')}`,
      `update_postimage ${line(1, 'A')}`,
      `update_preimage ${line(1, 'n1')}`,
    ]);
    // Rows that were copied are found where they are now.
    await commit(update(0, 'B'), update(10, 'C'), remove(4));
    await sink.close();
    sink = await open();
    await commit(update(2, 'D'), remove(6), remove(7), { op: 'insert', row: [20n, 'E', null] });
    const expected = [
      line(0, 'B'),
      line(1, 'A'),
      line(10, 'C'),
      line(11, 'n11'),
      line(2, 'D'),
      line(20, 'E'),
      line(3, 'n3'),
    ];
    expect(await tableRows(store)).toEqual(expected);
    const { protocol, metadata } = await openSnapshot(store);
    expect(protocol).toMatchObject({ minReaderVersion: 1, minWriterVersion: 7 });
    expect(metadata.configuration).not.toHaveProperty('delta.enableDeletionVectors');
    for (let version = 1; version <= 3; version++) {
      expect(JSON.stringify(await logLines(store, version))).not.toContain('deletionVector');
    }
    await commit({ op: 'truncate' }, { op: 'insert', row: [0n, 'again', null] });
    expect(await tableRows(store)).toEqual([line(0, 'again')]);
    expect((await feedRows(store, 4n)).length).toBe(8);
  });

  it('D10: are also those whose properties rule deletion vectors out', async () => {
    const [protocol, metaData] = newTableActions(schema.fields.slice(0, 2), {
      name: 't',
      nowMs: 0,
    });
    if (!metaData || !('metaData' in metaData)) throw new Error('no metadata');
    const off = { 'delta.enableDeletionVectors': 'false', 'delta.enableChangeDataFeed': 'true' };
    const plain = { metaData: { ...metaData.metaData, configuration: off } };
    await new LogWriter(store, tickingClock()).commit(undefined, {
      operation: 'CREATE TABLE',
      isBlindAppend: true,
      actions: [protocol!, plain],
    });
    const options = { clock: tickingClock(), key: ['id'] };
    const table = await DeltaTableWriter.open(store, options);
    const fields = schema.fields.slice(0, 2);
    await table.append(
      rowsOf(fields, [
        [1n, 'a'],
        [2n, 'b'],
      ]),
    );
    await table.upsert(rowsOf(fields, [[1n, 'A']]));
    await table.close();
    expect(await tableRows(store)).toEqual(['{"id":1,"name":"A"}', '{"id":2,"name":"b"}']);
    expect((await openSnapshot(store)).metadata.configuration).toEqual(off);
    expect(JSON.stringify(await logLines(store, 2))).not.toContain('deletionVector');
  });

  it('are kept free of what one reader does not know', async () => {
    const polars = await openTable(store, { readers: ['polars'] });
    await polars.create(local, point(10));
    const fewer = { ...local, version: 3, fields: local.fields.slice(0, 3) };
    await polars.write(changes(fewer, [[20, [{ op: 'insert', row: [1n, 'a', null] }]]]));
    expect(await polars.commit(point(20))).toMatchObject({
      outcome: 'conflicted',
      error: { code: 'delta/unreadable', context: { reader: 'polars', feature: 'columnMapping' } },
    });
    const rejected = openTable(store, { readers: ['spark', 'basic'] });
    await expect(rejected).rejects.toMatchObject({
      code: 'delta/unreadable',
      context: { reader: 'basic', feature: 'timestampNtz' },
    });
  });

  it('are not created with what one reader does not know', async () => {
    const sink = await openTable(store, { readers: ['basic'] });
    await expect(sink.create(local, point(10))).rejects.toMatchObject({ code: 'delta/unreadable' });
    await expect(sink.stageSnapshot(local)).rejects.toMatchObject({ code: 'delta/unreadable' });
    const { fields } = local;
    const options = { clock: tickingClock(), readers: ['basic'] } as const;
    await expect(
      DeltaTableWriter.create(store, { name: 't', fields }, options),
    ).rejects.toMatchObject({ code: 'delta/unreadable' });
    const table = await DeltaTableWriter.create(
      store,
      { name: 't', fields: schema.fields, key: ['id'] },
      { clock: tickingClock(), readers: ['delta-rs'] },
    );
    await expect(
      table.widenColumn('id', { kind: 'decimal', precision: 20, scale: 0 }),
    ).rejects.toMatchObject({ context: { reader: 'delta-rs', feature: 'typeWidening' } });
    expect(await table.renameColumn('name', 'title')).toBe(1n);
  });
});
