import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import type { Action } from '../log/actions.ts';
import { changes, feedRows, openTable, point, schema, tableRows } from '../sink/sink.fixture.ts';
import type { TestChange } from '../sink/sink.fixture.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { temporaryStore } from '../storage.fixture.ts';
import { LogWriter } from '../write/log-writer.ts';
import { vacuum } from './vacuum.ts';
import type { VacuumOptions, VacuumResult } from './vacuum.ts';

const DAY = 24 * 3600 * 1000;
const START = Date.UTC(2026, 0, 1);
const row = (id: number, name: string): TestChange => ({
  op: 'update',
  row: [BigInt(id), name, null],
});

jest.setTimeout(30_000);

describe('vacuum', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  let nowMs: number;
  let dated: Set<string>;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => performance.now(),
    sleep: () => Promise.resolve(),
  };
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
    nowMs = START;
    dated = new Set();
  });
  afterEach(() => files[Symbol.asyncDispose]());

  /** Gives the files that are new the time of the test's clock. */
  async function date(): Promise<void> {
    for (const key of await keys()) {
      if (dated.has(key)) continue;
      dated.add(key);
      await utimes(join(files.folder, key), new Date(nowMs), new Date(nowMs));
    }
  }

  async function keys(): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of store.list('')) found.push(key);
    return found;
  }

  const run = (options: Partial<VacuumOptions> = {}): Promise<VacuumResult> =>
    vacuum(store, { clock, ...options });

  /** One version a day: 0 to 12, each with updates of rows of one file of 200. */
  async function thirteenDays(): Promise<void> {
    const sink = await openTable(store, { clock });
    await sink.create(schema, point(10));
    await date();
    for (let day = 1; day <= 12; day++) {
      nowMs += DAY;
      const list =
        day === 1
          ? Array.from({ length: 200 }, (_, i) => row(i, `first ${i}`))
          : Array.from({ length: 13 }, (_, i) => row(i * 15 + day, `day ${day}`));
      await sink.write(changes(schema, [[day * 10 + 10, list]]));
      expect((await sink.commit(point(day * 10 + 10))).outcome).toBe('committed');
      await date();
    }
    await sink.close();
    await date();
  }

  it('D31: keeps rows and feed of every version within the retention, and nothing older', async () => {
    await thirteenDays();
    const versions = Array.from({ length: 13 }, (_, v) => BigInt(v));
    const before = await Promise.all(versions.map((version) => tableRows(store, version)));
    const feeds = await Promise.all(versions.map((version) => feedRows(store, version)));
    const listed = await keys();
    const dry: string[] = [];
    const told = await run({ dryRun: true, onFile: ({ key }) => dry.push(key) });
    expect(await keys()).toEqual(listed);
    expect(await run()).toEqual(told);
    const gone = listed.filter((key) => dry.includes(key));
    expect(await keys()).toEqual(listed.filter((key) => !gone.includes(key)));
    // Day 12 less a week is day 5: version 5 was the newest then.
    for (let version = 5; version <= 12; version++) {
      expect(await tableRows(store, BigInt(version))).toEqual(before[version]);
      expect(await feedRows(store, BigInt(version))).toEqual(feeds[version]);
    }
    await expect(tableRows(store, 3n)).rejects.toMatchObject({ code: 'delta/file-missing' });
    expect(gone.some((key) => key.startsWith('deletion_vector_'))).toBe(true);
    expect(gone.some((key) => key.startsWith('_change_data/'))).toBe(true);
    expect(told.deletedFiles).toBe(gone.length);
    expect((await run()).deletedFiles).toBe(0);
  });

  it('D31: files of a commit that is being made outlive it; hidden folders are not touched', async () => {
    await thirteenDays();
    const bytes = Buffer.from('x');
    const hidden = ['_other/old.parquet', '.hidden', '_delta_log/old.tmp', 'a/_b/old.parquet'];
    for (const key of [...hidden, 'old.parquet', 'a/b/old.parquet']) await store.put(key, bytes);
    nowMs -= 8 * DAY;
    await date();
    nowMs += 8 * DAY;
    await store.put('in-flight.parquet', bytes);
    nowMs -= 6 * DAY;
    await date();
    nowMs += 6 * DAY;
    await run();
    const left = await keys();
    expect(left).toEqual(expect.arrayContaining([...hidden, 'in-flight.parquet']));
    expect(left).not.toContain('old.parquet');
    expect(left).not.toContain('a/b/old.parquet');
  });

  it('D31: a shorter retention than the table’s has to be forced', async () => {
    await thirteenDays();
    await expect(run({ retentionMs: DAY })).rejects.toMatchObject({
      code: 'delta/retention-too-short',
    });
    const newest = await tableRows(store);
    expect((await run({ retentionMs: 0, force: true })).deletedFiles).toBeGreaterThan(0);
    expect(await tableRows(store)).toEqual(newest);
    await expect(run({ retentionMs: -1, force: true })).rejects.toMatchObject({
      code: 'delta/retention-too-short',
    });
  });

  it('D31: keeps what the property of the table says, longer or shorter', async () => {
    await thirteenDays();
    await set({ 'delta.deletedFileRetentionDuration': 'interval 12 days' });
    expect((await run()).deletedFiles).toBe(0);
    await set({ 'delta.deletedFileRetentionDuration': 'interval 1 day' });
    expect((await run()).deletedFiles).toBeGreaterThan(0);
  });

  it('D31: checks what the table asks of writers before it deletes', async () => {
    await thirteenDays();
    const { protocol } = await openSnapshot(store);
    const writerFeatures = [...(protocol.writerFeatures ?? []), 'filesHaveSecretFriends'];
    await commit([{ protocol: { ...protocol, writerFeatures } }]);
    const before = await keys();
    await expect(run()).rejects.toMatchObject({ code: 'delta/not-writable' });
    expect(await keys()).toEqual(before);
  });

  it('partition folders whose column begins with "_" are not hidden', async () => {
    await thirteenDays();
    const { metadata } = await openSnapshot(store);
    await commit([{ metaData: { ...metadata, partitionColumns: ['_day'] } }]);
    await store.put('_day=1/old.parquet', Buffer.from('x'));
    await store.put('_night=1/old.parquet', Buffer.from('x'));
    nowMs -= 8 * DAY;
    await date();
    nowMs += 8 * DAY;
    await run();
    expect(await keys()).toContain('_night=1/old.parquet');
    expect(await keys()).not.toContain('_day=1/old.parquet');
  });

  it('ends where it is asked to, and goes on at the next call', async () => {
    await thirteenDays();
    const pause = (): Promise<void> => Promise.reject(new Error('stop'));
    const { deletedFiles } = await run({ dryRun: true });
    await expect(run({ pause })).rejects.toThrow('stop');
    const rest = await run();
    expect(rest.deletedFiles).toBeLessThan(deletedFiles);
    expect(await tableRows(store)).toHaveLength(200);
  });

  async function set(properties: Readonly<Record<string, string>>): Promise<void> {
    const { metadata } = await openSnapshot(store);
    const configuration = { ...metadata.configuration, ...properties };
    await commit([{ metaData: { ...metadata, configuration } }]);
  }

  async function commit(actions: readonly Action[]): Promise<void> {
    const request = { operation: 'SET', isBlindAppend: false, actions };
    const done = await new LogWriter(store, clock).commit(await openSnapshot(store), request);
    expect(done.outcome).toBe('committed');
  }
});
