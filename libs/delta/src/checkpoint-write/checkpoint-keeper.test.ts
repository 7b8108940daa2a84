import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@cdc-demo/cdc-core';
import type { Logger } from '@cdc-demo/cdc-core';
import { FaultyStore } from '@cdc-demo/cdc-testing';
import type { Action, AddFile, DeletionVectorDescriptor, RemoveFile } from '../log/actions.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { temporaryStore, tickingClock } from '../storage.fixture.ts';
import { LogWriter } from '../write/log-writer.ts';
import { newTableActions } from '../write/new-table.ts';
import { CheckpointKeeper } from './checkpoint-keeper.ts';
import { readTombstones } from './tombstones.ts';

const fields = [{ id: 1, name: 'id', type: { kind: 'int', bits: 32 }, nullable: true }] as const;

const vector: DeletionVectorDescriptor = {
  storageType: 'u',
  pathOrInlineDv: 'ab^-aqEH.-t@S}K{vb[*k^',
  offset: 4,
  sizeInBytes: 40,
  cardinality: 6,
};

const add = (path: string): Action => ({
  add: {
    path,
    partitionValues: {},
    size: 10,
    modificationTime: 1,
    dataChange: true,
    stats: '{"numRecords":1}',
    tags: { a: 'b' },
    deletionVector: vector,
  },
});

describe('CheckpointKeeper', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: FaultyStore;
  let snapshot: Snapshot;
  let warnings: string[];
  let logger: Logger;
  const clock = tickingClock();

  beforeEach(async () => {
    files = await temporaryStore();
    store = new FaultyStore(files.store);
    warnings = [];
    logger = { ...silentLogger, warn: (message) => warnings.push(message) };
    await commit(undefined, ...newTableActions(fields, { name: 't', nowMs: 1 }));
    snapshot = await openSnapshot(store);
  });
  afterEach(() => files[Symbol.asyncDispose]());

  async function commit(to: Snapshot | undefined, ...actions: Action[]) {
    const request = { operation: 'TEST', isBlindAppend: true, actions };
    const done = await new LogWriter(store, clock).commit(to, request);
    if (done.outcome !== 'committed') throw new Error(done.outcome);
    return done.commit;
  }

  async function commits(keeper: CheckpointKeeper, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const done = await commit(snapshot, add(`f${snapshot.version}`));
      snapshot.apply(done);
      keeper.committed(snapshot, done);
      await keeper.settle();
    }
  }

  async function tombstones(version: bigint, sinceMs = 0): Promise<RemoveFile[]> {
    const found: RemoveFile[] = [];
    for await (const remove of readTombstones(store, version, sinceMs)) found.push(remove);
    return found;
  }

  async function checkpoints(): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of store.list('_delta_log/')) {
      if (key.includes('checkpoint')) found.push(key.slice('_delta_log/'.length));
    }
    return found;
  }

  it('D27: writes every tenth version, from which the table opens the same', async () => {
    const keeper = new CheckpointKeeper(store, clock, logger);
    const done = await commit(
      snapshot,
      { txn: { appId: 'a', version: 2n ** 60n, lastUpdated: 5 } },
      { domainMetadata: { domain: 'd', configuration: 'x', removed: false } },
      add('gone'),
    );
    snapshot.apply(done);
    keeper.committed(snapshot, done);
    const removal: Action = {
      remove: {
        path: 'gone',
        dataChange: true,
        deletionTimestamp: clock.nowMs(),
        size: 10,
        deletionVector: vector,
      },
    };
    snapshot.apply(await commit(snapshot, removal));
    await commits(keeper, 10);
    expect(await checkpoints()).toEqual([
      '00000000000000000010.checkpoint.parquet',
      '_last_checkpoint',
    ]);
    const whole = await openSnapshot(store);
    for (let version = 0; version < 10; version++) {
      await store.delete(`_delta_log/${String(version).padStart(20, '0')}.json`);
    }
    const opened = await openSnapshot(store);
    expect(opened.version).toBe(whole.version);
    expect(opened.protocol).toEqual(whole.protocol);
    expect(opened.metadata).toEqual(whole.metadata);
    expect(opened.transactions.get('a')).toEqual({
      appId: 'a',
      version: 2n ** 60n,
      lastUpdated: 5,
    });
    expect(opened.domains).toEqual(whole.domains);
    const byPath = (a: { path: string }, b: { path: string }) => a.path.localeCompare(b.path);
    const adds = [...whole.files()].sort(byPath).map((file) => ({ ...file, dataChange: false }));
    expect(
      [...opened.files()].sort(byPath).map((file) => ({ ...file, dataChange: false })),
    ).toEqual(adds);
    expect((await tombstones(opened.version)).map(({ path }) => path)).toEqual(['gone']);
    await keeper.settle();
    expect(warnings).toEqual([]);
  });

  it('D27: tombstones go over from one checkpoint to the next, until they expire or come back', async () => {
    const keeper = new CheckpointKeeper(store, clock, logger);
    const remove = (path: string, deletionTimestamp: number): Action => ({
      remove: { path, dataChange: true, deletionTimestamp, stats: '{}', tags: { t: '' } },
    });
    const nowMs = clock.nowMs();
    const old = nowMs - 8 * 24 * 3600 * 1000;
    snapshot.apply(
      await commit(snapshot, remove('a', nowMs), remove('b', nowMs), remove('old', old)),
    );
    await commits(keeper, 10);
    expect(await tombstones(snapshot.version)).toEqual([
      { path: 'a', dataChange: false, deletionTimestamp: nowMs },
      { path: 'b', dataChange: false, deletionTimestamp: nowMs },
    ]);
    const { deletionVector: _, ...plain } = (add('a') as { add: AddFile }).add;
    snapshot.apply(await commit(snapshot, { add: plain }, remove('c', nowMs + 5)));
    await commits(keeper, 11);
    expect((await checkpoints()).length).toBe(3);
    for (let version = 0; version < 20; version++) {
      await store.delete(`_delta_log/${String(version).padStart(20, '0')}.json`);
    }
    const paths = async (sinceMs: number): Promise<string[]> =>
      (await tombstones(snapshot.version, sinceMs)).map(({ path }) => path);
    expect(await paths(0)).toEqual(['c', 'b']);
    expect(await paths(nowMs + 5)).toEqual(['c']);
    expect(warnings).toEqual([]);
  });

  it('goes on from the checkpoint that is there', async () => {
    await commits(new CheckpointKeeper(store, clock, logger), 11);
    const next = new CheckpointKeeper(store, clock, logger);
    await commits(next, 5);
    expect((await checkpoints()).length).toBe(2);
    await commits(next, 6);
    expect((await checkpoints()).length).toBe(3);
  });

  it('fails without harm, and tries again', async () => {
    const keeper = new CheckpointKeeper(store, clock, logger);
    store.plan = (_, key) => (key.includes('checkpoint') ? 'fail-before' : 'none');
    await commits(keeper, 12);
    expect(warnings.length).toBeGreaterThan(1);
    expect(await checkpoints()).toEqual([]);
    store.plan = () => 'none';
    await commits(keeper, 1);
    expect((await checkpoints()).length).toBe(2);
  });

  it('D28: survives a hint that is damaged', async () => {
    await store.put('_delta_log/_last_checkpoint', Buffer.from('{"version":'));
    const keeper = new CheckpointKeeper(store, clock, logger);
    await commits(keeper, 11);
    expect(await checkpoints()).toContain('00000000000000000010.checkpoint.parquet');
  });
});
