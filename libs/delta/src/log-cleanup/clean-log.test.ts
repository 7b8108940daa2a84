import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import { checkpointContent } from '../checkpoint-write/checkpoint-content.ts';
import { readTombstones } from '../checkpoint-write/tombstones.ts';
import { writeCheckpoint } from '../checkpoint-write/write-checkpoint.ts';
import { DeltaTable } from '../delta-table.ts';
import { changes, openTable, point, schema, tableRows } from '../sink/sink.fixture.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { temporaryStore } from '../storage.fixture.ts';
import { LogWriter } from '../write/log-writer.ts';
import { cleanLog } from './clean-log.ts';

const DAY = 24 * 3600 * 1000;
const NOON = Date.UTC(2026, 0, 1, 12);
const padded = (version: number): string => `_delta_log/${String(version).padStart(20, '0')}`;

jest.setTimeout(30_000);

describe('clean-up of the log', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  let nowMs: number;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => performance.now(),
    sleep: () => Promise.resolve(),
  };
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
    nowMs = NOON;
  });
  afterEach(() => files[Symbol.asyncDispose]());

  async function put(key: string, atMs: number, text = '{}'): Promise<void> {
    await store.put(key, Buffer.from(text));
    await utimes(join(files.folder, key), new Date(atMs), new Date(atMs));
  }

  /** The lines of commits one after another, as a compaction has them. */
  async function actionsOf(first: number, last: number): Promise<string> {
    const bodies: string[] = [];
    for (let version = first; version <= last; version++) {
      bodies.push(Buffer.from((await store.get(`${padded(version)}.json`))!).toString());
    }
    const lines = bodies.join('\n').split('\n');
    return lines.filter((line) => line !== '' && !line.startsWith('{"commitInfo"')).join('\n');
  }

  async function log(): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of store.list('_delta_log/')) found.push(key);
    return found;
  }

  /** A version every four days at noon: 0 to 12, checkpoints of 1, 3, 9; now is day 48. */
  async function fortyEightDays(): Promise<string[][]> {
    const rows: string[][] = [];
    const sink = await openTable(store, { clock });
    await sink.create(schema, point(10));
    rows.push(await tableRows(store));
    for (let version = 1; version <= 12; version++) {
      nowMs += 4 * DAY;
      const lsn = version * 10 + 10;
      const insert = { op: 'insert', row: [BigInt(version), 'x', null] } as const;
      await sink.write(changes(schema, [[lsn, [insert]]]));
      expect((await sink.commit(point(lsn))).outcome).toBe('committed');
      rows.push(await tableRows(store));
    }
    await sink.close();
    for (const key of await log()) if (key.includes('checkpoint')) await store.delete(key);
    for (const version of [1n, 3n, 9n]) {
      const snapshot = await openSnapshot(store, { version });
      await writeCheckpoint(store, checkpointContent(snapshot), readTombstones(store, version, 0));
    }
    return rows;
  }

  it('D30: keeps the newest checkpoint before the cutoff, its own commit, and all that follows', async () => {
    const rows = await fortyEightDays();
    await put(`${padded(2)}.crc`, nowMs);
    for (const from of [0, 3, 4]) {
      const key = `${padded(from)}.${String(6).padStart(20, '0')}.compacted.json`;
      await put(key, nowMs, await actionsOf(from, 6));
    }
    await put(`${padded(2)}.checkpoint.0000000001.0000000002.parquet`, nowMs);
    await put(`${padded(2)}.checkpoint.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.parquet`, nowMs);
    await put('_delta_log/foreign.txt', nowMs);
    const before = await log();
    const done = await cleanLog(store, { clock });
    // Day 48 less 30 days, at midnight: the newest commit before it is version 4 of day 16.
    expect(done.oldest?.version).toBe(3n);
    const kept = before.filter((key) => {
      const version = /\/(\d{20})\./.exec(key)?.[1];
      if (version === undefined || Number(version) > 3) return true;
      return Number(version) === 3 && !key.includes('compacted');
    });
    expect(await log()).toEqual(kept);
    expect(done.deletedFiles).toBe(before.length - kept.length);
    for (let version = 3; version <= 12; version++) {
      expect(await tableRows(store, BigInt(version))).toEqual(rows[version]);
    }
    await expect(tableRows(store, 2n)).rejects.toMatchObject({ code: 'delta/version-missing' });
    expect((await (await DeltaTable.open(store)).info()).version).toBe(12n);
    expect(await cleanLog(store, { clock })).toMatchObject({ deletedFiles: 0 });
  });

  it('D30: nothing is deleted without a checkpoint that is old enough', async () => {
    await fortyEightDays();
    await store.delete(`${padded(1)}.checkpoint.parquet`);
    await store.delete(`${padded(3)}.checkpoint.parquet`);
    const before = await log();
    expect(await cleanLog(store, { clock })).toMatchObject({
      deletedFiles: 0,
      oldest: { version: 0n },
    });
    expect(await log()).toEqual(before);
  });

  it('D30: the properties of the table say how long, and whether', async () => {
    await fortyEightDays();
    await set({ 'delta.enableExpiredLogCleanup': 'false' });
    expect(await cleanLog(store, { clock })).toMatchObject({ deletedFiles: 0 });
    await set({
      'delta.enableExpiredLogCleanup': 'true',
      'delta.logRetentionDuration': 'interval 5 days',
    });
    expect((await cleanLog(store, { clock })).oldest?.version).toBe(9n);
    expect(await tableRows(store)).toHaveLength(12);
  });

  it('D30: sidecars that a checkpoint names, and new ones, stay', async () => {
    await fortyEightDays();
    const [named, old, fresh] = ['named', 'old', 'fresh'].map((n) => `_sidecars/${n}.parquet`);
    const { protocol, metadata } = await openSnapshot(store);
    const v2 = [
      { checkpointMetadata: { version: 10 } },
      { protocol },
      { metaData: metadata },
      { sidecar: { path: 'named.parquet', sizeInBytes: 2, modificationTime: nowMs } },
    ];
    const key = `${padded(10)}.checkpoint.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.json`;
    const text = v2.map((action) => JSON.stringify(action)).join('\n');
    await store.put(key, Buffer.from(text));
    await put(`_delta_log/${named}`, nowMs - 10 * DAY);
    await put(`_delta_log/${old}`, nowMs - 2 * DAY);
    await put(`_delta_log/${fresh}`, nowMs - DAY / 2);
    await cleanLog(store, { clock });
    const left = (await log()).filter((name) => name.includes('_sidecars'));
    expect(left).toEqual([`_delta_log/${fresh}`, `_delta_log/${named}`]);
  });

  it('a clean-up that is ended half way leaves a table that reads, and the next one ends it', async () => {
    const rows = await fortyEightDays();
    let pauses = 0;
    const pause = (): Promise<void> => {
      if (pauses++ === 0) return Promise.reject(new Error('stop'));
      return Promise.resolve();
    };
    for (let version = 0; version < 3; version++) {
      await put(`${padded(version)}.crc`, nowMs);
      for (let part = 1; part < 6; part++) {
        await put(`${padded(version)}.checkpoint.000000000${part}.0000000009.parquet`, nowMs);
      }
    }
    await expect(cleanLog(store, { clock, pause })).rejects.toThrow('stop');
    for (let version = 3; version <= 12; version++) {
      expect(await tableRows(store, BigInt(version))).toEqual(rows[version]);
    }
    expect((await cleanLog(store, { clock, pause })).deletedFiles).toBeGreaterThan(0);
    expect((await log()).some((key) => key.startsWith('_delta_log/0') && key < padded(3))).toBe(
      false,
    );
  });

  async function set(properties: Readonly<Record<string, string>>): Promise<void> {
    const snapshot = await openSnapshot(store);
    const { metadata } = snapshot;
    const configuration = { ...metadata.configuration, ...properties };
    const actions = [{ metaData: { ...metadata, configuration } }];
    const request = { operation: 'SET', isBlindAppend: false, actions };
    const done = await new LogWriter(store, clock).commit(snapshot, request);
    expect(done.outcome).toBe('committed');
  }
});
