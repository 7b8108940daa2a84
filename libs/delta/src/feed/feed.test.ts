import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ColumnBatch, canonicalRow } from '@cdc-demo/cdc-core';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { DeltaTableWriter } from '../delta-table-writer.ts';
import { DeltaTable } from '../delta-table.ts';
import { openTable, point, schema } from '../sink/sink.fixture.ts';
import { temporaryStore, tickingClock } from '../storage.fixture.ts';
import { fields, line, makeTable, upsert } from './feed.fixture.ts';
import type { Rows, Step } from './feed.fixture.ts';
import { summarizeFeed } from './feed-summary.ts';
import { tablePositions, versionAtPosition } from '../sink/table-positions.ts';
import { verifyFeed } from './verify-feed.ts';
import { VersionTracker } from '../changes/version-tracker.ts';
import { diffVersions } from './version-diff.ts';

const steps: readonly Step[] = [
  upsert([1, 'a'], [2, 'b'], [3, 'c']),
  upsert([2, 'B'], [4, 'd']),
  { kind: 'delete', ids: [1] },
  upsert([2, 'b']),
  { kind: 'truncate' },
  upsert([7, 'g']),
];

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function diffLines(
  table: DeltaTable,
  options: Parameters<typeof diffVersions>[1],
): Promise<string[]> {
  const lines: string[] = [];
  for await (const rows of diffVersions(table, options)) {
    for (let row = 0; row < rows.length; row++) {
      const values = rows.row(row);
      const changeType = values.pop() as string;
      lines.push(`${changeType} ${canonicalRow(rows.fields.slice(0, -1), values)}`);
    }
  }
  return lines.sort();
}

/** What two sets of rows differ in, straight from their meaning. */
function modelDiff(before: Rows, after: Rows): string[] {
  const lines: string[] = [];
  for (const [id, name] of before) {
    const now = after.get(id);
    if (now === name) continue;
    lines.push(`${now === undefined ? 'delete' : 'update_preimage'} ${line(id, name)}`);
  }
  for (const [id, name] of after) {
    const was = before.get(id);
    if (was === name) continue;
    lines.push(`${was === undefined ? 'insert' : 'update_postimage'} ${line(id, name)}`);
  }
  return lines.sort();
}

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .array(fc.tuple(fc.nat(9), fc.constantFrom('x', 'y', 'z')), { minLength: 1 })
      .map((rows) => upsert(...rows)),
  },
  {
    weight: 2,
    arbitrary: fc
      .uniqueArray(fc.nat(9), { minLength: 1 })
      .map((ids): Step => ({ kind: 'delete', ids })),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'truncate' }) },
);

describe('a change feed', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
  });
  afterEach(() => files[Symbol.asyncDispose]());

  const key = (version: number): string => `_delta_log/${String(version).padStart(20, '0')}.json`;

  it('of random writes is true, and two versions differ in what their rows differ in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { minLength: 1, maxLength: 8 }),
        fc.nat(),
        fc.nat(),
        async (random, some, other) => {
          await using made = await temporaryStore();
          const versions = await makeTable(made.store, random);
          const table = await DeltaTable.open(made.store);
          const last = versions.length - 1;
          const verified = await verifyFeed(table, { everyVersion: true });
          expect(verified).toMatchObject({
            from: null,
            to: BigInt(last),
            rows: versions[last]!.size,
            result: 'equal',
          });
          const [from, to] = [some % versions.length, other % versions.length];
          const range = { from: BigInt(from), to: BigInt(to) };
          const expected = modelDiff(versions[from]!, versions[to]!);
          expect(await diffLines(table, range)).toEqual(expected);
          const plain = expected.map((text) =>
            text.replace('update_preimage', 'delete').replace('update_postimage', 'insert'),
          );
          expect(await diffLines(table, { ...range, key: [] })).toEqual(plain.sort());
        },
      ),
      { numRuns: 15 },
    );
  });

  it('can be verified from a version on, and says what it has', async () => {
    await makeTable(store, steps);
    const table = await DeltaTable.open(store);
    const seen: bigint[] = [];
    const found = await verifyFeed(table, { from: 2n, to: 5n, onVersion: (v) => seen.push(v) });
    expect(found).toEqual({
      from: 2n,
      to: 5n,
      changes: { insert: 0, update_preimage: 1, update_postimage: 1, delete: 4 },
      rows: 0,
      result: 'equal',
    });
    expect(seen).toEqual([3n, 4n, 5n]);
    await expect(verifyFeed(table, { from: 5n, to: 5n })).rejects.toMatchObject({
      code: 'delta/version-missing',
    });
    const summary = await all(summarizeFeed(table, { from: { version: 2 }, to: { version: 3 } }));
    expect(summary.map(({ version, changes }) => [version, changes])).toEqual([
      [2n, { insert: 1, update_preimage: 1, update_postimage: 1, delete: 0 }],
      [3n, { insert: 0, update_preimage: 0, update_postimage: 0, delete: 1 }],
    ]);
    expect(summary[1]!.timestampMs).toBeGreaterThan(summary[0]!.timestampMs);
  });

  it('that is not true is found out, with the version and the rows', async () => {
    await makeTable(store, steps);
    const text = async (version: number): Promise<string> =>
      Buffer.from((await store.get(key(version)))!).toString();
    const cdcOf = (body: string): string => /"cdc":\{"path":"([^"]+)"/.exec(body)![1]!;
    const other = cdcOf(await text(3));
    const wrong = (await text(2)).replace(cdcOf(await text(2)), other);
    await store.put(key(2), Buffer.from(wrong));
    const table = await DeltaTable.open(store);
    for (const everyVersion of [false, true]) {
      const { result } = await verifyFeed(table, { to: 4n, everyVersion });
      if (result === 'equal') throw new Error('found nothing');
      expect(result.version).toBe(2n);
      expect(result.onlyInTable.toSorted()).toEqual([line(1, 'a'), line(2, 'B'), line(4, 'd')]);
      expect(result.onlyInFeed).toEqual([line(2, 'b')]);
    }
  });

  it('whose wrong is set right later is found out when every version is looked at', async () => {
    await makeTable(store, [upsert([1, 'a']), upsert([1, 'b']), upsert([1, 'c'])]);
    const bodies = await Promise.all(
      [2, 3].map(async (version) => Buffer.from((await store.get(key(version)))!).toString()),
    );
    const [second, third] = bodies.map((body) => /"cdc":\{"path":"([^"]+)"/.exec(body)![1]!);
    await store.put(key(2), Buffer.from(bodies[0]!.replace(second!, third!)));
    await store.put(key(3), Buffer.from(bodies[1]!.replace(third!, second!)));
    const table = await DeltaTable.open(store);
    expect(await verifyFeed(table)).toMatchObject({ result: 'equal' });
    expect(await verifyFeed(table, { everyVersion: true })).toMatchObject({
      result: { version: 2n },
    });
  });

  it('begins at the oldest version when the log was cleaned up', async () => {
    await makeTable(store, [...steps, ...Array.from({ length: 8 }, (_, i) => upsert([i, 'n']))]);
    for (const version of [0, 1, 2, 3]) await store.delete(key(version));
    const table = await DeltaTable.open(store);
    const kept = await table.versions();
    expect(kept).toEqual({ first: 4n, last: 14n });
    await expect(verifyFeed(table, { from: 10n })).resolves.toMatchObject({ result: 'equal' });
  });

  it('is read once by a reader who keeps his place', async () => {
    await makeTable(store, steps.slice(0, 2));
    const table = await DeltaTable.open(store);
    await using place = await temporaryStore();
    const file = { store: place.store, key: 'reader.json' };
    const tracker = new VersionTracker(table, file);
    expect(await tracker.unread()).toEqual({ first: 0n, last: 2n });
    await tracker.read(2n);
    expect(await tracker.unread()).toBeUndefined();
    const writer = await DeltaTableWriter.open(store, { clock: tickingClock() });
    const rows = new ColumnBatch(fields);
    rows.appendRow([9, 'i']);
    await writer.upsert(rows);
    await writer.truncate();
    expect(await new VersionTracker(table, file).unread()).toEqual({ first: 3n, last: 4n });
    for (let i = 0; i < 8; i++) await writer.upsert(rows).then(() => writer.truncate());
    await writer.close();
    for (let version = 0; version < 10; version++) await store.delete(key(version));
    await expect(tracker.unread()).rejects.toMatchObject({ code: 'delta/version-missing' });
    await using second = await temporaryStore();
    await makeTable(second.store, steps);
    const elsewhere = new VersionTracker(await DeltaTable.open(second.store), file);
    await expect(elsewhere.unread()).rejects.toMatchObject({ code: 'delta/table-replaced' });
    for (const body of ['nonsense', '{}', '{"tableId":"x","version":"y"}']) {
      await place.store.put('reader.json', Buffer.from(body));
      await expect(tracker.unread()).rejects.toMatchObject({ code: 'delta/tracker-corrupt' });
    }
  });

  it('of a pipeline tells which version holds the source as of a position', async () => {
    const sink = await openTable(store);
    await sink.create(schema, point(10));
    const table = await DeltaTable.open(store);
    const [first] = await all(tablePositions(table));
    expect(first).toMatchObject({ version: 0n, position: point(10).position });
    expect(await versionAtPosition(table, point(9).position)).toBeUndefined();
    expect(await versionAtPosition(table, point(11).position)).toEqual(first);
    await sink.close();
  });
});
