import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Action } from '../log/actions.ts';
import { formatCommit } from '../log/format-action.ts';
import { jsonChecksum } from '../log/json-checksum.ts';
import { MemoryStore, PROTOCOL, add, metadata, remove } from './memory-store.fixture.ts';
import { openSnapshot } from './open-snapshot.ts';
import { readDefinition } from './read-definition.ts';
import type { Snapshot } from './snapshot.ts';

const name = (version: number): string => String(version).padStart(20, '0');
const commit = (version: number): string => `_delta_log/${name(version)}.json`;
const paths = (snapshot: Snapshot): string[] =>
  [...snapshot.files()].map(({ path }) => path).sort();

let store: MemoryStore;

/** Versions 0 to 5: each adds a file, version 3 removes that of version 1. */
beforeEach(async () => {
  store = new MemoryStore();
  await store.commit(0, [PROTOCOL, metadata(), add('f0')]);
  for (const version of [1, 2]) await store.commit(version, [add(`f${version}`)]);
  await store.commit(3, [add('f3'), remove('f1')]);
  for (const version of [4, 5]) await store.commit(version, [add(`f${version}`)]);
});

const NEWEST = ['f0', 'f2', 'f3', 'f4', 'f5'];

async function compaction(first: number, last: number, actions: Action[]): Promise<void> {
  const body = formatCommit(actions);
  await store.put(`_delta_log/${name(first)}.${name(last)}.compacted.json`, body);
}

async function checkpoint(id: string, version: number, actions: Action[]): Promise<void> {
  await store.put(`_delta_log/${name(version)}.checkpoint.${id}.json`, formatCommit(actions));
}

describe('D30: log compaction files', () => {
  beforeEach(async () => {
    await compaction(1, 3, [add('f2'), add('f3'), remove('f1')]);
    await compaction(1, 2, [add('f1'), add('f2')]);
    store.reads.length = 0;
  });

  it('stand for the commits that they cover, the longest of them', async () => {
    const snapshot = await openSnapshot(store);
    expect(paths(snapshot)).toEqual(NEWEST);
    const commits = store.reads.filter((key) => /\d\.json$/.test(key));
    expect(commits).toEqual([commit(0), commit(4), commit(5)]);
    expect((await readDefinition(store)).version).toBe(5n);
  });

  it('do not count where they reach past the wanted version, or begin before the checkpoint', async () => {
    expect(paths(await openSnapshot(store, { version: 2n }))).toEqual(['f0', 'f1', 'f2']);
    await checkpoint('a', 2, [PROTOCOL, metadata(), add('from-checkpoint')]);
    expect(paths(await openSnapshot(store))).toEqual(['f3', 'f4', 'f5', 'from-checkpoint']);
  });

  it('leave the time of a version what it is, and every commit needed for the feed', async () => {
    const timeOf = async (): Promise<number> => (await openSnapshot(store)).timestampMs;
    const withCompaction = await timeOf();
    await store.delete(`_delta_log/${name(1)}.${name(3)}.compacted.json`);
    await store.delete(`_delta_log/${name(1)}.${name(2)}.compacted.json`);
    expect(withCompaction).toBe(await timeOf());
  });
});

describe('a checkpoint that cannot be read', () => {
  const definition = [PROTOCOL, metadata(), add('from-checkpoint')];
  const header = Buffer.from(formatCommit([PROTOCOL, metadata()])).toString();

  it.each([
    ['is damaged', 'checkpoint.parquet', 'PAR1 not at all'],
    ['is no JSON', 'checkpoint.b.json', '{"add":'],
    [
      'lacks a sidecar',
      'checkpoint.b.json',
      `${header}\n{"sidecar":{"path":"gone.parquet","sizeInBytes":1,"modificationTime":1}}`,
    ],
  ])(
    'D28: because it %s is passed over for an older one, or for the commits',
    async (_, kind, body) => {
      await store.put(`_delta_log/${name(4)}.${kind}`, body);
      expect(paths(await openSnapshot(store))).toEqual(NEWEST);
      expect((await readDefinition(store)).metadata.id).toBe('table');
      await checkpoint('a', 2, definition);
      await store.put('_delta_log/_last_checkpoint', '{"version":4,"size":1}');
      expect(paths(await openSnapshot(store))).toEqual(['f3', 'f4', 'f5', 'from-checkpoint']);
      await checkpoint('0', 4, definition);
      expect(paths(await openSnapshot(store))).toEqual(['f5', 'from-checkpoint']);
    },
  );

  it('is the error where the log is not whole without it, whatever older versions there are', async () => {
    await store.put(`_delta_log/${name(4)}.checkpoint.parquet`, 'not at all');
    await store.delete(commit(2));
    await expect(openSnapshot(store)).rejects.toMatchObject({ code: 'lake/parquet-corrupt' });
    await store.delete(commit(4));
    await store.delete(commit(5));
    await store.commit(2, [add('f2')]);
    await expect(openSnapshot(store)).rejects.toMatchObject({ code: 'lake/parquet-corrupt' });
    expect(paths(await openSnapshot(store, { version: 3n }))).toEqual(['f0', 'f2', 'f3']);
  });
});

describe('D28: the checksum of the hint', () => {
  it('is the MD5 of its canonical form, with its own member left out', () => {
    const text =
      '{"k0":"\'v 0\'", "checksum": "adsaskfljadfkjadfkj", "k1":{"k2": 2, ' +
      '"k3": ["v3", [1, 2], {"k4": "v4", "k5": ["v5", "v6", "v7"]}]}}';
    expect(jsonChecksum(text)).toBe('6a92d155a59bf2eecbd4b4ec7fd1f875');
    expect(jsonChecksum('{"b":1.50,"a":null}')).toBe(jsonChecksum('{ "a": null, "b": 1.50 }'));
    expect(jsonChecksum('{"k":"é😀"}')).not.toBe(jsonChecksum('{"k":"é"}'));
    expect(jsonChecksum('{"b":1.5}')).not.toBe(jsonChecksum('{"b":1.50}'));
  });

  it.each<[string, (right: string) => string, string]>([
    ['right, has the log listed from there', (right) => right, name(2)],
    ['wrong, has all of the log listed', () => '0'.repeat(32), name(0)],
  ])('%s', async (_, sum, from) => {
    await checkpoint('a', 2, [PROTOCOL, metadata(), add('from-checkpoint')]);
    const hint = { version: 2, size: 4, checkpointSchema: { type: 'struct', fields: [] } };
    const checksum = sum(jsonChecksum(JSON.stringify(hint)));
    await store.put('_delta_log/_last_checkpoint', JSON.stringify({ ...hint, checksum }));
    const listed: (string | undefined)[] = [];
    const list = store.list.bind(store);
    store.list = (prefix, options) => {
      listed.push(options?.after);
      return list(prefix, options);
    };
    expect(paths(await openSnapshot(store))).toEqual(['f3', 'f4', 'f5', 'from-checkpoint']);
    expect(listed).toEqual([`_delta_log/${from}`]);
  });
});
