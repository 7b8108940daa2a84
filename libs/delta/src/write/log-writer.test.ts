import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import type { Action, AddFile } from '../log/actions.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { temporaryStore } from '../storage.fixture.ts';
import { LogWriter } from './log-writer.ts';
import { newTableActions } from './new-table.ts';
import { removal } from './removal.ts';

const fields = [{ id: 1, name: 'id', type: { kind: 'int', bits: 32 }, nullable: true }] as const;
const add: AddFile = {
  path: 'a.parquet',
  partitionValues: {},
  size: 1,
  modificationTime: 1,
  dataChange: true,
};

describe('LogWriter', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  let nowMs = 0;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => performance.now(),
    sleep: () => Promise.resolve(),
  };
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
    nowMs = 5_000.75;
  });
  afterEach(() => files[Symbol.asyncDispose]());

  const request = (...actions: Action[]) => ({ operation: 'TEST', isBlindAppend: true, actions });
  const create = () =>
    new LogWriter(store, clock).commit(
      undefined,
      request(...newTableActions(fields, { name: 't', nowMs })),
    );

  it('D24: times of commits rise, even when the clock goes back', async () => {
    await create();
    const snapshot = await openSnapshot(store);
    expect(snapshot.timestampMs).toBe(5000);
    nowMs = 1;
    const log = new LogWriter(store, clock);
    const second = await log.commit(snapshot, request());
    expect(second).toMatchObject({ outcome: 'committed', commit: { timestampMs: 5001 } });
    if (second.outcome === 'committed') snapshot.apply(second.commit);
    expect(await log.commit(snapshot, request())).toMatchObject({ commit: { timestampMs: 5002 } });
    expect((await openSnapshot(store)).timestampMs).toBe(5002);
  });

  it('a file is removed when the commit is made, however long ago that was prepared', async () => {
    await create();
    const snapshot = await openSnapshot(store);
    const log = new LogWriter(store, clock);
    const second = await log.commit(snapshot, request({ add }));
    if (second.outcome === 'committed') snapshot.apply(second.commit);
    const prepared = request(removal(add));
    nowMs = 9_000_000;
    const third = await log.commit(snapshot, prepared);
    const actions = third.outcome === 'committed' ? third.commit.actions : [];
    expect(actions[1]).toMatchObject({ remove: { path: add.path, deletionTimestamp: 9_000_000 } });
  });

  it('D5: somebody else has the version', async () => {
    await create();
    const log = new LogWriter(store, clock);
    const snapshot = await openSnapshot(store);
    await log.commit(snapshot, request());
    expect(await log.commit(snapshot, request())).toEqual({ outcome: 'taken' });
    expect(await create()).toEqual({ outcome: 'taken' });
  });

  it.each<[string, Action[]]>([
    ['add a.parquet', [{ add }, { add }]],
    ['remove a.parquet', [{ remove: add }, { remove: add }]],
    ['cdc c', [{ cdc: { ...add, path: 'c' } }, { cdc: { ...add, path: 'c' } }]],
    ['txn a', [{ txn: { appId: 'a', version: 1n } }, { txn: { appId: 'a', version: 2n } }]],
    ['protocol', [0, 1].map(() => ({ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }))],
    [
      'domainMetadata d',
      [0, 1].map(() => ({ domainMetadata: { domain: 'd', configuration: '', removed: false } })),
    ],
  ])('D3: a commit never has %s twice', async (what, actions) => {
    const log = new LogWriter(store, clock);
    await expect(log.commit(undefined, request(...actions))).rejects.toThrow(`has ${what} twice`);
    await expect(log.commit(undefined, request({ add }, { remove: add }))).resolves.toMatchObject({
      outcome: 'committed',
    });
  });
});
