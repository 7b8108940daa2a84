import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { FaultyStore, InjectedFault } from '@cdc-demo/cdc-testing';
import type { Fault } from '@cdc-demo/cdc-testing';
import type { Action } from '../log/actions.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { temporaryStore, tickingClock } from '../storage.fixture.ts';
import { LogWriter } from '../write/log-writer.ts';
import {
  changes,
  logLines,
  openTable,
  point,
  schema,
  tableRows,
  feedRows,
} from './sink.fixture.ts';
import type { TestChange } from './sink.fixture.ts';

const insert = (id: number, name: string): TestChange => ({
  op: 'insert',
  row: [BigInt(id), name, null],
});
const update = (id: number, name: string): TestChange => ({
  op: 'update',
  row: [BigInt(id), name, null],
});
const line = (id: number, name: string): string => `{"id":${id},"name":"${name}","uid":null}`;

describe('two writers of one table', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
    const sink = await openTable(store);
    await sink.create(schema, point(10));
    await sink.write(changes(schema, [[20, [insert(1, 'a'), insert(2, 'b')]]]));
    await sink.commit(point(20));
    await sink.close();
  });
  afterEach(() => files[Symbol.asyncDispose]());

  /** A commit of somebody else. */
  async function foreign(actions: readonly Action[]): Promise<void> {
    const snapshot = await openSnapshot(store);
    const request = { operation: 'OPTIMIZE', isBlindAppend: false, actions };
    const done = await new LogWriter(store, tickingClock()).commit(snapshot, request);
    expect(done.outcome).toBe('committed');
  }

  /** The live file of the table once more under another name, as a compaction leaves it. */
  async function compact(): Promise<void> {
    const snapshot = await openSnapshot(store);
    const [add] = [...snapshot.files()];
    const path = 'compacted.parquet';
    await store.put(path, (await store.get(add!.path))!);
    const { partitionValues, size, deletionVector } = add!;
    await foreign([
      {
        remove: {
          path: add!.path,
          dataChange: false,
          partitionValues,
          size,
          ...(deletionVector ? { deletionVector } : {}),
        },
      },
      { add: { ...add!, path, dataChange: false } },
    ]);
  }

  it('D5: a compaction in between is followed, and the rows are found where they are now', async () => {
    const sink = await openTable(store);
    await sink.write(changes(schema, [[30, [update(1, 'A')]]]));
    await sink.commit(point(30));
    await compact();
    await sink.write(changes(schema, [[40, [update(1, 'AA'), update(2, 'B')]]]));
    expect(await sink.commit(point(40))).toMatchObject({ outcome: 'committed', version: 4n });
    expect(await tableRows(store)).toEqual([line(1, 'AA'), line(2, 'B')]);
    expect(await feedRows(store, 4n)).toEqual([
      `update_postimage ${line(1, 'AA')}`,
      `update_postimage ${line(2, 'B')}`,
      `update_preimage ${line(1, 'A')}`,
      `update_preimage ${line(2, 'b')}`,
    ]);
  });

  it('an earlier run of the same pipeline that is still alive: what it did is not done twice', async () => {
    const old = await openTable(store);
    const next = await openTable(store, {}, { pipeline: 'p', incarnation: 2 });
    await old.write(changes(schema, [[30, [insert(3, 'c')]]]));
    expect(await old.commit(point(30))).toMatchObject({ outcome: 'committed', version: 2n });
    const both = changes(schema, [
      [30, [insert(3, 'c')]],
      [40, [insert(4, 'd')]],
    ]);
    await next.write(both);
    expect(await next.commit(point(40, { incarnation: 2 }))).toMatchObject({
      outcome: 'committed',
      version: 3n,
      stats: { inserted: 1, updated: 0 },
    });
    await old.write(changes(schema, [[40, [insert(4, 'd')]]]));
    expect(await old.commit(point(40))).toEqual({ outcome: 'fenced', incarnation: 2 });
    expect(await tableRows(store)).toHaveLength(4);
  });

  it('D2: a commit whose answer is lost is found in the log', async () => {
    const faulty = new FaultyStore(store);
    const sink = await openTable(faulty);
    faulty.plan = (operation) => (operation === 'putIfAbsent' ? 'fail-after' : 'none');
    await sink.write(changes(schema, [[30, [update(1, 'A')]]]));
    expect(await sink.commit(point(30))).toMatchObject({ outcome: 'committed', version: 2n });
    expect(await tableRows(store)).toEqual([line(1, 'A'), line(2, 'b')]);
  });

  it('D6: no log entry without its files, and no files without a log entry', async () => {
    const names = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const { key } of store.list('')) found.push(key);
      return found;
    };
    const before = await names();
    const faulty = new FaultyStore(store);
    const sink = await openTable(faulty);
    for (const failing of ['openWriter', 'write', 'close']) {
      faulty.plan = (operation) => (operation === failing ? 'fail-before' : 'none');
      await sink.write(changes(schema, [[30, [update(1, 'A')]]]));
      await expect(sink.commit(point(30))).rejects.toBeInstanceOf(InjectedFault);
      expect(await names()).toEqual(before);
    }
    // The entry may still appear: its files have to stay.
    faulty.plan = (operation) => (operation === 'putIfAbsent' ? 'fail-before' : 'none');
    await expect(sink.commit(point(30))).rejects.toBeInstanceOf(InjectedFault);
    // A data file, a file of the change feed, and one with the deletion vector.
    expect((await names()).length).toBe(before.length + 3);
  });

  it('a table that becomes somebody else’s, or is never free, is given up', async () => {
    const sink = await openTable(store);
    await foreign([
      { domainMetadata: { domain: 'cdc-demo.position', configuration: '', removed: true } },
    ]);
    await sink.write(changes(schema, [[30, [update(1, 'A')]]]));
    expect(await sink.commit(point(30))).toMatchObject({
      outcome: 'conflicted',
      error: { code: 'delta/not-ours' },
    });
  });

  it('after so many attempts says who is in the way', async () => {
    const faulty = new FaultyStore(store);
    const sink = await openTable(faulty, { maxAttempts: 3 });
    faulty.plan = async (operation): Promise<Fault> => {
      if (operation === 'putIfAbsent') await foreign([]);
      return 'none';
    };
    await sink.write(changes(schema, [[30, [update(1, 'A')]]]));
    expect(await sink.commit(point(30))).toMatchObject({
      outcome: 'conflicted',
      error: { code: 'delta/conflict', context: { attempts: 3 } },
    });
    faulty.plan = () => 'none';
    expect((await logLines(store, 4)).length).toBe(1);
  });
});
