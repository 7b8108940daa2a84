import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DeletionVectorDescriptor } from '../log/actions.ts';
import { logicalFileKey } from '../log/logical-file-key.ts';
import { PROTOCOL, MemoryStore, add, metadata, remove } from './memory-store.fixture.ts';
import { openSnapshot } from './open-snapshot.ts';
import { readDefinition } from './read-definition.ts';
import type { Snapshot } from './snapshot.ts';

const paths = (snapshot: Snapshot): string[] =>
  [...snapshot.files()].map(({ path }) => path).sort();

/** A V2 checkpoint in JSON of the actions of the version. */
async function checkpoint(
  store: MemoryStore,
  version: number,
  lines: readonly object[],
): Promise<void> {
  const name = `${String(version).padStart(20, '0')}.checkpoint.some-uuid.json`;
  const actions = [{ checkpointMetadata: { version } }, ...lines];
  await store.put(`_delta_log/${name}`, actions.map((action) => JSON.stringify(action)).join('\n'));
}

const hint = (store: MemoryStore, text: string): Promise<void> =>
  store.put('_delta_log/_last_checkpoint', text);

let store: MemoryStore;

beforeEach(async () => {
  store = new MemoryStore();
  await store.commit(0, [PROTOCOL, metadata(), add('a', 10)]);
  await store.commit(1, [add('b', 20)]);
  await store.commit(2, [remove('a'), add('c', 30)]);
});

describe('a snapshot', () => {
  it('holds what is live at its version', async () => {
    const snapshot = await openSnapshot(store);
    expect(snapshot).toMatchObject({ version: 2n, fileCount: 2, sizeInBytes: 50 });
    expect(paths(snapshot)).toEqual(['b', 'c']);
    expect(snapshot.file('b')?.size).toBe(20);
    expect(snapshot.file('a')).toBeUndefined();
    expect(paths(await openSnapshot(store, { version: 0n }))).toEqual(['a']);
    expect(paths(await openSnapshot(store, { version: 1n }))).toEqual(['a', 'b']);
  });

  it('D3: tells a path with another deletion vector from the one before', async () => {
    const vector = (pathOrInlineDv: string): DeletionVectorDescriptor => ({
      storageType: 'i',
      pathOrInlineDv,
      sizeInBytes: 1,
      cardinality: 1,
    });
    const file = {
      path: 'b',
      partitionValues: {},
      size: 20,
      modificationTime: 1,
      dataChange: true,
    };
    await store.commit(3, [
      { add: { ...file, deletionVector: vector('one') } },
      { remove: { path: 'b', dataChange: true } },
    ]);
    await store.commit(4, [
      { remove: { path: 'b', dataChange: true, deletionVector: vector('one') } },
      { add: { ...file, deletionVector: vector('two') } },
    ]);
    const snapshot = await openSnapshot(store);
    expect(paths(snapshot)).toEqual(['b', 'c']);
    const key = logicalFileKey({ path: 'b', deletionVector: vector('two') });
    expect(snapshot.file(key)?.deletionVector?.pathOrInlineDv).toBe('two');
    expect(snapshot.sizeInBytes).toBe(50);
  });

  it('D7, D9: has the last word of each application and domain', async () => {
    const domain = (name: string, configuration: string, removed = false): object => ({
      domainMetadata: { domain: name, configuration, removed },
    });
    await store.commit(3, [
      { txn: { appId: 'x', version: 9223372036854775807n } },
      { txn: { appId: 'y', version: 1n } },
      domain('p', '1'),
      domain('q', '1'),
    ] as never);
    await store.commit(4, [
      { txn: { appId: 'x', version: 5n, lastUpdated: 7 } },
      domain('p', '2'),
      domain('q', '1', true),
    ] as never);
    const snapshot = await openSnapshot(store);
    expect(Object.fromEntries(snapshot.transactions)).toEqual({
      x: { appId: 'x', version: 5n, lastUpdated: 7 },
      y: { appId: 'y', version: 1n },
    });
    expect([...snapshot.domains.values()]).toEqual([
      { domain: 'p', configuration: '2', removed: false },
    ]);
  });
});

describe('moving a snapshot', () => {
  it('reads new commits only, and tells them', async () => {
    const snapshot = await openSnapshot(store);
    store.reads.length = 0;
    expect(await snapshot.update()).toEqual([]);
    await store.commit(3, [remove('b')], 5000);
    await store.commit(4, [add('d'), { txn: { appId: 'x', version: 1n } }], 5000);
    const commits = await snapshot.update();
    expect(commits.map(({ version, timestampMs }) => [version, timestampMs])).toEqual([
      [3n, 5000],
      [4n, 5001],
    ]);
    expect(commits[1]?.actions).toHaveLength(2);
    expect(paths(snapshot)).toEqual(['c', 'd']);
    expect(snapshot).toMatchObject({ version: 4n, timestampMs: 5001, fileCount: 2 });
    expect(store.reads.filter((key) => /0[0-2]\.json$/.test(key))).toEqual([]);
  });

  it('takes a commit that is known already', async () => {
    const snapshot = await openSnapshot(store);
    snapshot.apply({ version: 3n, timestampMs: 77, actions: [add('d')] });
    expect(snapshot).toMatchObject({ version: 3n, timestampMs: 77, fileCount: 3 });
    expect(() => snapshot.apply({ version: 3n, timestampMs: 78, actions: [] })).toThrow(RangeError);
  });

  it('stops before a version that cannot be read', async () => {
    const snapshot = await openSnapshot(store);
    await store.commit(3, [add('d')]);
    await store.commit(4, [
      { protocol: { minReaderVersion: 9, minWriterVersion: 9 } },
      remove('b'),
    ]);
    await expect(snapshot.update()).rejects.toMatchObject({ code: 'delta/unsupported-feature' });
    expect(snapshot.version).toBe(3n);
    expect(paths(snapshot)).toEqual(['b', 'c', 'd']);
  });

  it('takes a new definition over', async () => {
    const snapshot = await openSnapshot(store);
    await store.commit(3, [
      { protocol: { minReaderVersion: 2, minWriterVersion: 5 } },
      metadata({ 'delta.columnMapping.mode': 'name' }),
    ]);
    expect(snapshot.columnMapping).toBe('none');
    await snapshot.update();
    expect(snapshot.columnMapping).toBe('name');
    expect(snapshot.schema.fields).toHaveLength(1);
  });

  it('does not take a log that was cleaned up for one that has not grown', async () => {
    const snapshot = await openSnapshot(store);
    for (const version of [3, 4]) await store.commit(version, [add(String(version))]);
    await checkpoint(store, 4, [PROTOCOL, metadata()]);
    for (const version of [0, 1, 2, 3])
      await store.delete(`_delta_log/${'0'.repeat(19)}${version}.json`);
    await expect(snapshot.update()).rejects.toMatchObject({
      code: 'delta/snapshot-expired',
      retry: 'backoff',
    });
    expect(await (await openSnapshot(store)).update()).toEqual([]);
  });
});

describe('checkpoints', () => {
  beforeEach(async () => {
    await checkpoint(store, 1, [PROTOCOL, metadata(), add('a'), add('from-checkpoint')]);
  });

  it('stand for the commits before them', async () => {
    await store.delete(`_delta_log/${'0'.repeat(20)}.json`);
    expect(paths(await openSnapshot(store))).toEqual(['c', 'from-checkpoint']);
    expect(paths(await openSnapshot(store, { version: 1n }))).toEqual(['a', 'from-checkpoint']);
    expect(await readDefinition(store)).toMatchObject({ version: 2n, columnMapping: 'none' });
  });

  it('newer than the wanted version do not count', async () => {
    expect(paths(await openSnapshot(store, { version: 0n }))).toEqual(['a']);
  });

  it.each([
    ['true', '{"version":1,"size":4}'],
    ['stale', '{"version":0,"size":4}'],
    ['of a checkpoint that is not there', '{"version":2,"size":4}'],
    ['beyond the log', '{"version":99,"size":4}'],
    ['damaged', '{"version":'],
    ['without version', '{}'],
    ['no object', '7'],
    ['with a version that is none', '{"version":"1"}'],
    ['empty', ''],
  ])('D28: are found when the hint is %s', async (_name, text) => {
    await hint(store, text);
    const snapshot = await openSnapshot(store);
    expect(snapshot.version).toBe(2n);
    expect(paths(snapshot)).toEqual(['c', 'from-checkpoint']);
  });

  it('D28: are listed from the hint on', async () => {
    await hint(store, '{"version":1,"size":4}');
    await store.delete('_delta_log/00000000000000000000.json');
    await store.commit(3, [add('d')]);
    expect(paths(await openSnapshot(store))).toEqual(['c', 'd', 'from-checkpoint']);
  });

  it('in parts count when all of them are there', async () => {
    const part = (of: number): string =>
      `_delta_log/${'2'.padStart(20, '0')}.checkpoint.${String(of).padStart(10, '0')}.0000000002.parquet`;
    await store.put(part(1), 'not read');
    expect(paths(await openSnapshot(store))).toEqual(['c', 'from-checkpoint']);
  });

  it('alone make up a version', async () => {
    for (const version of [0, 1, 2])
      await store.delete(`_delta_log/${'0'.repeat(19)}${version}.json`);
    const snapshot = await openSnapshot(store);
    expect(snapshot.version).toBe(1n);
    expect(snapshot.timestampMs).toBe(1003);
  });
});

describe('a log that is not whole', () => {
  const code = (expected: string): object => expect.objectContaining({ code: expected });

  it('is no table without commit and checkpoint', async () => {
    await expect(openSnapshot(new MemoryStore())).rejects.toEqual(code('delta/not-a-table'));
    const other = new MemoryStore();
    await other.put('_delta_log/readme.txt', '');
    await other.put('_delta_log/_staged_commits/00000000000000000000.x.json', '');
    await expect(openSnapshot(other)).rejects.toEqual(code('delta/not-a-table'));
  });

  it('has a gap', async () => {
    await store.commit(4, [add('e')]);
    await expect(openSnapshot(store)).rejects.toMatchObject({
      code: 'delta/log-gap',
      message: expect.stringContaining('version 3 is missing'),
    });
    expect(paths(await openSnapshot(store, { version: 2n }))).toEqual(['b', 'c']);
    await expect(openSnapshot(store, { version: 3n })).rejects.toEqual(code('delta/log-gap'));
  });

  it('is cleaned up while it is read', async () => {
    class Vanishing extends MemoryStore {
      gone = '';
      override async get(key: string): Promise<Uint8Array | undefined> {
        return key.includes(this.gone) ? undefined : super.get(key);
      }
    }
    const vanishing = new Vanishing();
    for (const [key, object] of store.objects) vanishing.objects.set(key, object);
    vanishing.gone = '0001.json';
    await expect(openSnapshot(vanishing)).rejects.toEqual(code('delta/snapshot-expired'));
    await checkpoint(vanishing, 1, [PROTOCOL, metadata()]);
    vanishing.gone = 'checkpoint.some-uuid';
    await expect(openSnapshot(vanishing)).rejects.toMatchObject({
      code: 'delta/snapshot-expired',
      retry: 'backoff',
    });
  });

  it('has no such version', async () => {
    await expect(openSnapshot(store, { version: 3n })).rejects.toMatchObject({
      code: 'delta/version-missing',
      message: 'There is no version 3: the newest is 2',
    });
    await checkpoint(store, 1, [PROTOCOL, metadata()]);
    await store.delete('_delta_log/00000000000000000000.json');
    await expect(openSnapshot(store, { version: 0n })).rejects.toEqual(
      code('delta/version-missing'),
    );
  });

  it('lacks its first version', async () => {
    await store.delete('_delta_log/00000000000000000000.json');
    await expect(openSnapshot(store)).rejects.toMatchObject({
      code: 'delta/log-gap',
      message: expect.stringContaining('version 0 is missing'),
    });
  });

  it.each([
    ['protocol', [metadata()]],
    ['metaData', [PROTOCOL]],
  ])('D4: lacks %s', async (name, actions) => {
    const other = new MemoryStore();
    await other.commit(0, actions);
    await expect(openSnapshot(other)).rejects.toMatchObject({
      code: 'delta/log-incomplete',
      message: expect.stringContaining(`no ${name} action`),
    });
  });
});

describe('protocols', () => {
  const open = async (protocol: object, format = 'parquet'): Promise<Snapshot> => {
    const other = new MemoryStore();
    const { metaData } = metadata() as { metaData: object };
    await other.commit(0, [
      { protocol: { minWriterVersion: 7, ...protocol } },
      { metaData: { ...metaData, format: { provider: format, options: {} } } },
    ] as never);
    return openSnapshot(other);
  };

  it('with features that are known are read', async () => {
    const readerFeatures = ['deletionVectors', 'columnMapping', 'timestampNtz', 'v2Checkpoint'];
    expect((await open({ minReaderVersion: 3, readerFeatures })).version).toBe(0n);
  });

  it('with features that are not are refused by name', async () => {
    const readerFeatures = ['deletionVectors', 'catalogManaged', 'futureFeature'];
    await expect(open({ minReaderVersion: 3, readerFeatures })).rejects.toMatchObject({
      code: 'delta/unsupported-feature',
      message: expect.stringContaining('catalogManaged, futureFeature'),
    });
  });

  it('of versions that are not known are refused', async () => {
    for (const minReaderVersion of [0, 4, 99, 1.5]) {
      await expect(open({ minReaderVersion })).rejects.toMatchObject({
        code: 'delta/unsupported-feature',
      });
    }
    await expect(open({ minReaderVersion: 3 })).rejects.toMatchObject({
      code: 'delta/log-incomplete',
    });
    await expect(open({ minReaderVersion: 1 }, 'orc')).rejects.toMatchObject({
      code: 'delta/unsupported-feature',
    });
  });
});

describe('the time of a version', () => {
  it('is that of its file, raised above the one before', async () => {
    await store.commit(3, [], 500.9);
    await store.commit(4, [], 9000.9);
    expect((await openSnapshot(store, { version: 2n })).timestampMs).toBe(1002);
    expect((await openSnapshot(store, { version: 3n })).timestampMs).toBe(1003);
    expect((await openSnapshot(store)).timestampMs).toBe(9000);
  });

  it('D24: is its in-commit timestamp where it has one', async () => {
    await store.commit(3, [{ commitInfo: { inCommitTimestamp: 123456789 } }]);
    const snapshot = await openSnapshot(store);
    expect(snapshot.timestampMs).toBe(123456789);
    await checkpoint(store, 3, [PROTOCOL, metadata()]);
    expect((await openSnapshot(store)).timestampMs).toBe(123456789);
    await store.commit(4, [{ commitInfo: { inCommitTimestamp: 123456790 } }]);
    await snapshot.update();
    expect(snapshot.timestampMs).toBe(123456790);
  });
});
