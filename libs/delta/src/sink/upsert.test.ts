import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { temporaryStore } from '../storage.fixture.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import {
  feedRows,
  logLines,
  openTable,
  point,
  schema,
  tableRows,
  changes,
} from './sink.fixture.ts';
import type { TestChange } from './sink.fixture.ts';

const text = (id: number, name: string | null): string =>
  `{"id":${id},"name":${JSON.stringify(name)},"uid":null}`;
const insert = (id: number, name: string): TestChange => ({
  op: 'insert',
  row: [BigInt(id), name, null],
});
const update = (id: number, name: string): TestChange => ({
  op: 'update',
  row: [BigInt(id), name, null],
});
const remove = (id: number): TestChange => ({ op: 'delete', old: [BigInt(id)], keyOnly: true });

describe('upsert', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  let sink: TendedTableSink;
  let lsn = 10;
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
    sink = await openTable(store);
    lsn = 10;
    await sink.create(schema, point(lsn));
  });
  afterEach(async () => {
    await sink.close();
    await files[Symbol.asyncDispose]();
  });

  async function commit(...list: TestChange[]) {
    lsn += 10;
    await sink.write(changes(schema, [[lsn, list]]));
    return sink.commit(point(lsn));
  }

  it('D13: an insert needs no change file', async () => {
    expect(await commit(insert(1, 'a'), insert(2, 'b'))).toMatchObject({
      outcome: 'committed',
      version: 1n,
      stats: { inserted: 2, updated: 0, deleted: 0, files: 1 },
    });
    expect((await logLines(store, 1)).flatMap(Object.keys)).toEqual([
      'commitInfo',
      'txn',
      'domainMetadata',
      'add',
    ]);
    expect(await feedRows(store, 1n)).toEqual([`insert ${text(1, 'a')}`, `insert ${text(2, 'b')}`]);
  });

  it('D13, D18, D21: a mixed commit tells all in one change file, and hides old rows', async () => {
    await commit(insert(1, 'a'), insert(2, 'b'), insert(3, 'c'));
    expect(await commit(update(1, 'A'), remove(2), insert(4, 'd'))).toMatchObject({
      outcome: 'committed',
      stats: { inserted: 1, updated: 1, deleted: 1 },
    });
    expect(await tableRows(store)).toEqual([text(1, 'A'), text(3, 'c'), text(4, 'd')]);
    expect(await feedRows(store, 2n)).toEqual([
      `delete ${text(2, 'b')}`,
      `insert ${text(4, 'd')}`,
      `update_postimage ${text(1, 'A')}`,
      `update_preimage ${text(1, 'a')}`,
    ]);
    const lines = await logLines(store, 2);
    const protocol = lines.find((line) => 'protocol' in line);
    expect(protocol).toMatchObject({
      protocol: { minReaderVersion: 3, readerFeatures: ['deletionVectors'] },
    });
    const adds = lines.flatMap((line) =>
      'add' in line ? [line['add'] as Record<string, unknown>] : [],
    );
    const marked = adds.find((add) => 'deletionVector' in add);
    expect(marked).toMatchObject({ deletionVector: { cardinality: 2 }, dataChange: true });
    expect(JSON.parse(marked!['stats'] as string)).toMatchObject({
      numRecords: 3,
      tightBounds: false,
    });
    expect(lines.filter((line) => 'cdc' in line)).toHaveLength(1);
    expect(lines.find((line) => 'cdc' in line)).toMatchObject({ cdc: { dataChange: false } });
  });

  it('a file without live rows is removed, and vectors grow', async () => {
    await commit(insert(1, 'a'), insert(2, 'b'));
    await commit(remove(1));
    await commit(remove(2));
    const lines = await logLines(store, 3);
    expect(lines.filter((line) => 'add' in line)).toHaveLength(0);
    expect(lines.find((line) => 'remove' in line)).toMatchObject({
      remove: { deletionVector: { cardinality: 1 }, dataChange: true, extendedFileMetadata: true },
    });
    expect(await tableRows(store)).toEqual([]);
    expect(await feedRows(store, 3n)).toEqual([`delete ${text(2, 'b')}`]);
  });

  it('net changes only: insert and delete vanish, and make no version', async () => {
    expect(await commit(insert(1, 'a'), remove(1))).toEqual({ outcome: 'unchanged' });
    await commit(insert(1, 'a'));
    await commit(remove(1), insert(1, 'b'));
    expect(await feedRows(store, 2n)).toEqual([
      `update_postimage ${text(1, 'b')}`,
      `update_preimage ${text(1, 'a')}`,
    ]);
  });

  it('an unchanged TOAST value is that of the stored row', async () => {
    await commit(insert(1, 'long'));
    await commit({
      op: 'update',
      row: [1n, null, '0188f3a2-00ff-4abc-8def-0123456789ab'],
      unchanged: [1],
    });
    expect(await tableRows(store)).toEqual([
      '{"id":1,"name":"long","uid":"0188f3a2-00ff-4abc-8def-0123456789ab"}',
    ]);
  });

  it('a changed key is a delete and an insert', async () => {
    await commit(insert(1, 'a'));
    await commit({ op: 'update', row: [9n, 'a', null], old: [1n, 'a', null] });
    expect(await feedRows(store, 2n)).toEqual([`delete ${text(1, 'a')}`, `insert ${text(9, 'a')}`]);
  });

  it('truncate of whole files needs no change file; otherwise every row is told', async () => {
    await commit(insert(1, 'a'), insert(2, 'b'));
    expect(await commit({ op: 'truncate' })).toMatchObject({ stats: { deleted: 2 } });
    expect((await logLines(store, 2)).some((line) => 'cdc' in line)).toBe(false);
    expect(await feedRows(store, 2n)).toEqual([`delete ${text(1, 'a')}`, `delete ${text(2, 'b')}`]);
    await commit(insert(1, 'a'), insert(2, 'b'), insert(3, 'c'));
    await commit(remove(2));
    await commit({ op: 'truncate' }, insert(3, 'C'));
    expect(await feedRows(store, 5n)).toEqual([
      `delete ${text(1, 'a')}`,
      `update_postimage ${text(3, 'C')}`,
      `update_preimage ${text(3, 'c')}`,
    ]);
    expect(await tableRows(store)).toEqual([text(3, 'C')]);
    expect(await commit({ op: 'truncate' })).toMatchObject({ outcome: 'committed' });
    expect(await commit({ op: 'truncate' })).toEqual({ outcome: 'unchanged' });
  });

  it('a column that is added comes with the first change that has it', async () => {
    await commit(insert(1, 'a'));
    const added = {
      id: 4,
      name: 'at',
      type: { kind: 'timestamp', zone: 'none' },
      nullable: true,
    } as const;
    const wider = { ...schema, version: 2, fields: [...schema.fields, added] };
    await sink.write(changes(schema, [[30, [update(1, 'b')]]]));
    await sink.write(changes(wider, [[40, [{ op: 'insert', row: [2n, 'c', null, 1n] }]]]));
    expect(await sink.commit(point(40))).toMatchObject({ outcome: 'committed' });
    expect(await tableRows(store)).toEqual([
      '{"id":1,"name":"b","uid":null,"at":null}',
      '{"id":2,"name":"c","uid":null,"at":"1970-01-01T00:00:00.000001"}',
    ]);
    expect(await logLines(store, 2)).toContainEqual({
      protocol: expect.objectContaining({ readerFeatures: ['timestampNtz'] }),
    });
  });

  it('D7: after a restart the same changes change nothing, the next ones go on', async () => {
    await commit(insert(1, 'a'), insert(2, 'b'));
    await commit(update(1, 'A'));
    const again = await openTable(store);
    await again.write(changes(schema, [[30, [update(1, 'A')]]]));
    expect(await again.commit(point(30))).toEqual({ outcome: 'unchanged' });
    await again.write(
      changes(schema, [
        [30, [update(1, 'A')]],
        [40, [remove(2)]],
      ]),
    );
    expect(await again.commit(point(40))).toMatchObject({ stats: { updated: 0, deleted: 1 } });
    await again.close();
    expect(await tableRows(store)).toEqual([text(1, 'A')]);
  });

  it('D27, D28: checkpoints come beside the commits, and the table opens from them', async () => {
    for (let i = 0; i < 14; i++) await commit(insert(i, `n${i}`), update(0, `u${i}`));
    await sink.close();
    const hint = JSON.parse(
      Buffer.from((await store.get('_delta_log/_last_checkpoint'))!).toString(),
    ) as {
      version: number;
    };
    expect(hint.version).toBeGreaterThan(8);
    const rows = await tableRows(store);
    for (let version = 0; version < hint.version; version++) {
      await store.delete(`_delta_log/${String(version).padStart(20, '0')}.json`);
    }
    expect(await tableRows(store)).toEqual(rows);
    const again = await openTable(store);
    await again.write(changes(schema, [[lsn + 10, [remove(0)]]]));
    expect(await again.commit(point(lsn + 10))).toMatchObject({ stats: { deleted: 1 } });
    await again.close();
  });
});
