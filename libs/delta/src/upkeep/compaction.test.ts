import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStore, UpkeepEvent } from '@cdc-demo/cdc-core';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import type { DeltaSinkOptions } from '../sink/sink-options.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import {
  changes,
  feedRows,
  logLines,
  openTable,
  point,
  schema,
  tableRows,
} from '../sink/sink.fixture.ts';
import type { TestChange } from '../sink/sink.fixture.ts';
import { temporaryStore } from '../storage.fixture.ts';

const put = (id: number, name: string): TestChange => ({
  op: 'update',
  row: [BigInt(id), name, null],
});
const insert = (id: number, name: string): TestChange => ({
  op: 'insert',
  row: [BigInt(id), name, null],
});
const remove = (id: number): TestChange => ({
  op: 'delete',
  old: [BigInt(id), null, null],
  keyOnly: true,
});
const line = (id: number, name: string): string => `{"id":${id},"name":"${name}","uid":null}`;

/** Vacuum and the log are left alone: clocks of tests run fast. */
const compactOnly = { minFiles: 3, vacuum: false, cleanLog: false, workShare: 1 };

describe('a table that is compacted beside its commits', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  let lsn: number;
  let events: UpkeepEvent[];
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
    lsn = 10;
    events = [];
    await (await openTable(store)).create(schema, point(10));
  });
  afterEach(() => files[Symbol.asyncDispose]());

  const open = (options: Partial<DeltaSinkOptions> = {}): Promise<TendedTableSink> =>
    openTable(store, { upkeep: compactOnly, onUpkeep: (event) => events.push(event), ...options });

  async function commit(sink: TendedTableSink, list: readonly TestChange[]): Promise<void> {
    lsn += 10;
    await sink.write(changes(schema, [[lsn, list]]));
    expect((await sink.commit(point(lsn))).outcome).toBe('committed');
  }

  it('D16: small files become one, the feed shows nothing, and rows and order stay', async () => {
    const sink = await open();
    await commit(sink, [insert(3, 'c'), insert(1, 'a')]);
    await commit(sink, [insert(5, 'e'), insert(4, 'd')]);
    const before = await tableRows(store);
    await commit(sink, [insert(2, 'b')]);
    await sink.idle();
    const snapshot = await openSnapshot(store);
    expect(snapshot.version).toBe(4n);
    expect(snapshot.fileCount).toBe(1);
    expect(await tableRows(store)).toEqual([...before, line(2, 'b')].sort());
    expect(await feedRows(store, 4n)).toEqual([]);
    const actions = (await logLines(store, 4)).slice(1);
    expect(actions.map((action) => Object.keys(action)[0])).toEqual([
      'remove',
      'remove',
      'remove',
      'add',
    ]);
    for (const action of actions) {
      expect(Object.values(action)[0]).toMatchObject({ dataChange: false });
    }
    expect(events.filter(({ kind }) => kind === 'table-tended')).toMatchObject([
      { task: 'compact', outcome: 'done', filesBefore: 3, filesAfter: 1 },
    ]);
    await sink.close();
  });

  it('the writer finds each row where it is now: by the index, and by a new one', async () => {
    const sink = await open();
    for (const id of [1, 2, 3]) await commit(sink, [insert(id, 'old'), insert(id + 10, 'old')]);
    await sink.idle();
    await commit(sink, [put(2, 'new'), remove(11)]);
    const version = (await openSnapshot(store)).version;
    expect(await feedRows(store, version)).toEqual([
      `delete ${line(11, 'old')}`,
      `update_postimage ${line(2, 'new')}`,
      `update_preimage ${line(2, 'old')}`,
    ]);
    await sink.close();
    const again = await open();
    await commit(again, [put(3, 'new'), put(13, 'new')]);
    expect(await tableRows(store)).toEqual(
      [line(1, 'old'), line(2, 'new'), line(3, 'new'), line(12, 'old'), line(13, 'new')].sort(),
    );
    await again.close();
  });

  it('a file of which many rows are deleted is rewritten without them, without its vector', async () => {
    const sink = await open({ targetFileRows: 10 });
    await commit(
      sink,
      Array.from({ length: 10 }, (_, i) => insert(i, `row ${i}`)),
    );
    await commit(sink, [remove(2), remove(5)]);
    expect([...(await openSnapshot(store)).files()][0]!.deletionVector?.cardinality).toBe(2);
    await commit(sink, [remove(7)]);
    await sink.idle();
    const [file, ...others] = [...(await openSnapshot(store)).files()];
    expect(others).toEqual([]);
    expect(file!.deletionVector).toBeUndefined();
    expect(JSON.parse(file!.stats!)).toMatchObject({ numRecords: 7, tightBounds: true });
    expect(await tableRows(store)).toEqual(
      [0, 1, 3, 4, 6, 8, 9].map((id) => line(id, `row ${id}`)).sort(),
    );
    await sink.close();
  });

  it('append mode: every change stays a row, once', async () => {
    await files[Symbol.asyncDispose]();
    files = await temporaryStore();
    store = files.store;
    const sink = await open({ mode: 'append' });
    await sink.create(schema, point(10));
    for (const id of [1, 2, 3]) await commit(sink, [insert(id, 'x')]);
    const before = await tableRows(store, 3n);
    await sink.idle();
    expect((await openSnapshot(store)).fileCount).toBe(1);
    expect((await openSnapshot(store)).version).toBe(4n);
    expect(await tableRows(store)).toEqual(before);
    await sink.close();
  });

  it('a table that nothing changes gets no commit, however many small files it has', async () => {
    const sink = await openTable(store);
    for (const id of [1, 2, 3, 4]) await commit(sink, [insert(id, 'x')]);
    await sink.close();
    const idle = await open();
    expect((await idle.commit(point(lsn))).outcome).toBe('unchanged');
    await idle.idle();
    await idle.close();
    expect((await openSnapshot(store)).version).toBe(4n);
  });
});
