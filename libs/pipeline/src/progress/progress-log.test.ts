import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { postgresPosition } from '@cdc-demo/cdc-core';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { FaultyStore, InjectedFault, InterceptedStore } from '@cdc-demo/cdc-testing';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { ProgressLog } from './progress-log.ts';
import type { Progress } from './progress-log.ts';
import type { ProgressStage } from './progress-record.ts';

let ids = 0;
const newId = (): string => `id-${String(ids++)}`;
const at = (lsn: bigint): { kind: 'streaming'; position: ReturnType<typeof postgresPosition> } => ({
  kind: 'streaming',
  position: postgresPosition(lsn),
});

const progress = (stage: ProgressStage, batch: number): Progress => ({
  batch,
  history: 'system 1, line 1',
  stage,
  tables: [],
  resyncs: [],
});

describe('ProgressLog', () => {
  let root: string;
  let store: ObjectStore;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'progress-'));
    store = new LocalObjectStore(root);
  });
  afterEach(() => rm(root, { recursive: true }));

  it('gives each run the next incarnation and the stage before', async () => {
    const first = new ProgressLog(store, newId);
    expect(await first.peek()).toBeUndefined();
    expect(await first.claim()).toMatchObject({ incarnation: 1, stage: { kind: 'new' } });
    await first.append(progress(at(7n), 3));
    const second = new ProgressLog(store, newId);
    expect(await second.claim()).toMatchObject({ incarnation: 2, batch: 3, stage: at(7n) });
  });

  it('tells the first of two runs that it was replaced', async () => {
    const first = new ProgressLog(store, newId);
    await first.claim();
    expect(await first.isOwner()).toBe(true);
    await new ProgressLog(store, newId).claim();
    expect(await first.isOwner()).toBe(false);
    expect(await first.append(progress(at(1n), 1))).toEqual({ outcome: 'fenced', incarnation: 2 });
  });

  it('tells a run that slept through so many records that its next number is free again', async () => {
    const sleeper = new ProgressLog(store, newId);
    await sleeper.claim();
    const owner = new ProgressLog(store, newId);
    await owner.claim();
    for (let i = 0; i < 40; i++) await owner.append(progress(at(BigInt(i)), i));
    expect(await sleeper.isOwner()).toBe(false);
    expect(await sleeper.append(progress(at(0n), 1))).toEqual({
      outcome: 'fenced',
      incarnation: 2,
    });
    expect((await new ProgressLog(store, newId).peek())?.stage).toEqual(at(39n));
  });

  it('recognises its own record behind an answer that was lost', async () => {
    let lose = false;
    const unclear: ObjectStore = Object.assign(Object.create(store) as ObjectStore, {
      list: store.list.bind(store),
      get: store.get.bind(store),
      delete: store.delete.bind(store),
      putIfAbsent: async (key: string, body: Uint8Array) => {
        const result = await store.putIfAbsent(key, body);
        return lose ? store.putIfAbsent(key, body) : result;
      },
    });
    const log = new ProgressLog(unclear, newId);
    await log.claim();
    lose = true;
    expect(await log.append(progress(at(5n), 1))).toEqual({ outcome: 'appended' });
    expect(log.record.stage).toEqual(at(5n));
  });

  it('is not fenced by a record of its own whose answer was an error', async () => {
    const faulty = new FaultyStore(store);
    const log = new ProgressLog(faulty, newId);
    await log.claim();
    faulty.plan = () => 'fail-after';
    await expect(log.append(progress(at(5n), 1))).rejects.toThrow('putIfAbsent was done');
    faulty.plan = () => 'none';
    expect(await log.isOwner()).toBe(true);
    expect(log.record.stage).toEqual(at(5n));
    expect(await log.append(progress(at(6n), 2))).toEqual({ outcome: 'appended' });
    expect((await log.peek())?.stage).toEqual(at(6n));
  });

  it('goes on after a record of its own that came to be after the call had failed', async () => {
    let late: () => Promise<unknown> = () => Promise.resolve();
    let isHung = false;
    const slow = new InterceptedStore(store, (call, proceed) => {
      if (!isHung || call.operation !== 'putIfAbsent') return proceed();
      late = proceed;
      return Promise.reject(new InjectedFault('it timed out'));
    });
    const log = new ProgressLog(slow, newId);
    await log.claim();
    isHung = true;
    await expect(log.append(progress(at(5n), 1))).rejects.toThrow('timed out');
    isHung = false;
    expect(await log.isOwner()).toBe(true);
    await late();
    expect(await log.append(progress(at(6n), 1))).toEqual({ outcome: 'appended' });
    expect((await log.peek())?.stage).toEqual(at(6n));
  });

  it('keeps a bounded number of records', async () => {
    const log = new ProgressLog(store, newId);
    await log.claim();
    for (let i = 0; i < 60; i++) await log.append(progress(at(BigInt(i)), i));
    const keys: string[] = [];
    for await (const { key } of store.list('progress/')) keys.push(key);
    expect(keys).toHaveLength(16);
  });

  it('keeps staged tables as they are', async () => {
    const log = new ProgressLog(store, newId);
    await log.claim();
    const stage = {
      kind: 'staged',
      position: postgresPosition(2n ** 64n - 1n),
      tables: [
        {
          table: { namespace: 'a', name: 'b' },
          staged: [{ rows: 1, bytes: 2, adds: [{ path: 'x' }] }],
        },
      ],
    } as const;
    await log.append(progress(stage, 0));
    expect((await log.peek())?.stage).toEqual(stage);
  });

  it('refuses a record that it cannot read, and says which', async () => {
    await store.put(`progress/${'0'.repeat(20)}.json`, Buffer.from('{"half":'));
    await expect(new ProgressLog(store, newId).claim()).rejects.toMatchObject({
      code: 'pipeline/progress-unreadable',
    });
  });

  it('is claimed before it is used', () => {
    expect(() => new ProgressLog(store, newId).record).toThrow('claim');
  });
});
