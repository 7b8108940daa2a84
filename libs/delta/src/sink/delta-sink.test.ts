import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStore, StagedSnapshot } from '@cdc-demo/cdc-core';
import { readStaged } from './staged-files.ts';
import {
  UUID,
  changes,
  logLines,
  openTable,
  point,
  rowsOf,
  schema,
  tableRows,
  writer,
} from './sink.fixture.ts';
import { temporaryStore } from '../storage.fixture.ts';

const row = (id: bigint, name: string): string => `{"id":${id},"name":"${name}","uid":"${UUID}"}`;

describe('first snapshot', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
  });
  afterEach(() => files[Symbol.asyncDispose]());

  async function stage(): Promise<StagedSnapshot> {
    const sink = await openTable(store, { targetFileRows: 2 });
    const staging = await sink.stageSnapshot(schema);
    await staging.write(
      rowsOf(schema.fields, [
        [1n, 'a', UUID],
        [2n, 'b', UUID],
      ]),
    );
    await staging.write(rowsOf(schema.fields, [[3n, 'c', UUID]]));
    // What the engine keeps of it between two processes.
    return JSON.parse(JSON.stringify(await staging.finish())) as StagedSnapshot;
  }

  it('is invisible until it is published, then version 0', async () => {
    const staged = await stage();
    expect(staged).toMatchObject({ rows: 3 });
    const later = await openTable(store);
    const published = await later.publishSnapshot([staged], point(100));
    expect(published).toMatchObject({
      outcome: 'committed',
      version: 0n,
      stats: { inserted: 3, files: 2 },
    });
    expect(await tableRows(store)).toEqual([row(1n, 'a'), row(2n, 'b'), row(3n, 'c')]);
  });

  it('D4, D9, D10, D15, D24: version 0 says everything that readers and writers need', async () => {
    await (await openTable(store)).publishSnapshot([await stage()], point(100));
    const lines = await logLines(store, 0);
    expect(Object.keys(lines[0]!)).toEqual(['commitInfo']);
    expect(lines[0]).toMatchObject({
      commitInfo: { inCommitTimestamp: expect.any(Number), txnId: expect.any(String) },
    });
    expect(lines).toContainEqual({
      protocol: {
        minReaderVersion: 1,
        minWriterVersion: 7,
        writerFeatures: ['changeDataFeed', 'domainMetadata', 'inCommitTimestamp', 'invariants'],
      },
    });
    expect(lines).toContainEqual({
      metaData: expect.objectContaining({
        format: { provider: 'parquet', options: {} },
        configuration: {
          'delta.enableChangeDataFeed': 'true',
          'delta.enableInCommitTimestamps': 'true',
        },
      }),
    });
    expect(lines).toContainEqual({
      txn: { appId: 'cdc-demo/p/public.t', version: 100, lastUpdated: expect.any(Number) },
    });
    expect(lines).toContainEqual({
      domainMetadata: {
        domain: 'cdc-demo.position',
        configuration:
          '{"position":"postgres:0/64","incarnation":1,"batch":100,"pipeline":"p","source":"public.t"}',
        removed: false,
      },
    });
  });

  it('is published once, however often it is asked for', async () => {
    const staged = await stage();
    await (await openTable(store)).publishSnapshot([staged], point(100));
    const again = await (await openTable(store)).publishSnapshot([staged], point(100));
    expect(again).toMatchObject({ outcome: 'committed', version: 0n, stats: { inserted: 3 } });
    expect(await tableRows(store)).toHaveLength(3);
  });

  it('whose files are gone is not published', async () => {
    const staged = await stage();
    for await (const { key } of store.list('part-')) await store.delete(key);
    const outcome = await (await openTable(store)).publishSnapshot([staged], point(100));
    expect(outcome).toMatchObject({
      outcome: 'conflicted',
      error: { code: 'delta/staged-rows-gone' },
    });
  });

  it('sweeps what a killed one left except what is kept, and leaves nothing when given up', async () => {
    const [kept, killed] = [await stage(), await stage()];
    const sink = await openTable(store);
    const staging = await sink.stageSnapshot(schema);
    await staging.write(rowsOf(schema.fields, [[1n, 'a', UUID]]));
    await staging.abort();
    await sink.sweepStaged([kept]);
    expect(await filesIn(store)).toEqual(stagedFiles(kept));
    expect(stagedFiles(killed)).toHaveLength(2);
    await sink.sweepStaged([]);
    expect(await filesIn(store)).toEqual([]);
  });

  it('refuses a folder that has anything else in it, and a table without a key', async () => {
    const sink = await openTable(store);
    await expect(sink.stageSnapshot({ ...schema, key: [] })).rejects.toMatchObject({
      code: 'delta/no-key',
    });
    const staged = await stage();
    for (const name of ['precious.parquet', `part-${UUID}.snappy.parquet`]) {
      await store.put(name, Buffer.from('x'));
      await expect(sink.sweepStaged([])).rejects.toMatchObject({ code: 'delta/not-ours' });
      expect(await filesIn(store)).toEqual([...stagedFiles(staged), name].toSorted());
      await store.delete(name);
    }
  });
});

function stagedFiles(staged: StagedSnapshot): string[] {
  return readStaged(staged)
    .files.map(({ path }) => path)
    .toSorted();
}

async function filesIn(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

describe('open', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
  });
  afterEach(() => files[Symbol.asyncDispose]());

  it('tells a table that is missing from one that is ours', async () => {
    const sink = await openTable(store);
    expect(await sink.open(writer)).toEqual({ outcome: 'missing' });
    await sink.create(schema, point(7));
    expect(await (await openTable(store)).open(writer)).toMatchObject({
      outcome: 'opened',
      position: { lsn: 7n },
      batch: 7,
    });
  });

  it('D12: refuses tables of others and tables that it must not write', async () => {
    const sink = await openTable(store);
    await sink.create(schema, point(7));
    expect(await sink.open({ pipeline: 'other', incarnation: 1 })).toMatchObject({
      outcome: 'refused',
      error: { code: 'delta/not-ours' },
    });
    expect(await sink.open({ pipeline: 'p', incarnation: 0 })).toEqual({
      outcome: 'fenced',
      incarnation: 1,
    });
    await expect(openTable(store, { mode: 'append' })).rejects.toMatchObject({
      code: 'delta/not-ours',
    });
  });
});

describe('append mode', () => {
  it('marks the rows of the first snapshot as read', async () => {
    await using files = await temporaryStore();
    const { store } = files;
    const sink = await openTable(store, { mode: 'append' });
    const stage = await sink.stageSnapshot({ ...schema, key: [] });
    await stage.write(rowsOf(schema.fields, [[1n, 'a', null]]));
    await sink.publishSnapshot([await stage.finish()], point(10));
    expect(await tableRows(store)).toEqual([
      expect.stringMatching(/^{"_cdc_operation":"read","_cdc_timestamp":"2026.*"name":"a"/),
    ]);
  });

  it('keeps every change as a row, once', async () => {
    await using files = await temporaryStore();
    const { store } = files;
    const sink = await openTable(store, { mode: 'append' });
    await sink.create(schema, point(10));
    const batch = () =>
      changes(schema, [
        [20, [{ op: 'insert', row: [1n, 'a', UUID] }]],
        [25, [{ op: 'update', row: [1n, null, null], unchanged: [1] }]],
        [30, [{ op: 'delete', old: [1n, null, null], keyOnly: true }, { op: 'truncate' }]],
      ]);
    await sink.write(batch());
    expect(await sink.commit(point(30))).toMatchObject({ outcome: 'committed', version: 1n });
    await sink.write(batch());
    expect(await sink.commit(point(30))).toEqual({ outcome: 'unchanged' });
    expect(await tableRows(store)).toEqual([
      '{"_cdc_operation":"delete","_cdc_timestamp":"1970-01-01T00:00:30.000000Z","_cdc_source_lsn":"0/1D","_cdc_unchanged":["name","uid"],"id":1,"name":null,"uid":null}',
      `{"_cdc_operation":"insert","_cdc_timestamp":"1970-01-01T00:00:20.000000Z","_cdc_source_lsn":"0/13","_cdc_unchanged":null,"id":1,"name":"a","uid":"${UUID}"}`,
      '{"_cdc_operation":"truncate","_cdc_timestamp":"1970-01-01T00:00:30.000000Z","_cdc_source_lsn":"0/1D","_cdc_unchanged":null,"id":null,"name":null,"uid":null}',
      '{"_cdc_operation":"update","_cdc_timestamp":"1970-01-01T00:00:25.000000Z","_cdc_source_lsn":"0/18","_cdc_unchanged":["name"],"id":1,"name":null,"uid":null}',
    ]);
  });
});
