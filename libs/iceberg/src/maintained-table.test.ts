import { readFile, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Clock, Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { IcebergTable } from './iceberg-table.ts';
import { IcebergTableWriter } from './iceberg-table-writer.ts';
import { TableFolder, deletes, inserts, point, schema } from './sink/table-folder.fixture.ts';

const DAY_MS = 24 * 3600 * 1000;

const field = (name: string, type: FieldType, nullable = true): Field => {
  return { id: 0, name, type, nullable };
};
const INT: FieldType = { kind: 'int', bits: 32 };
const LONG: FieldType = { kind: 'int', bits: 64 };
const STRING: FieldType = { kind: 'string' };
const FIELDS = [
  field('id', LONG, false),
  field('name', STRING),
  field('tags', { kind: 'list', element: field('element', STRING) }),
];

let nowMs = Date.now();
const clock: Clock = {
  nowMs: () => nowMs++,
  monotonicMs: () => performance.now(),
  sleep: () => Promise.resolve(),
};

function batch(fields: readonly Field[], ...rows: readonly FieldValue[][]): ColumnBatch {
  const made = new ColumnBatch(fields);
  for (const row of rows) made.appendRow(row);
  return made;
}

const named = (...rows: readonly FieldValue[][]): ColumnBatch => batch(FIELDS.slice(0, 2), ...rows);

let files: TableFolder;
let writer: IcebergTableWriter;
beforeEach(async () => {
  nowMs = Date.now();
  files = await TableFolder.create();
  writer = await IcebergTableWriter.create(files.path, { fields: FIELDS, key: ['id'] }, { clock });
});
afterEach(() => files[Symbol.asyncDispose]());

const table = (): Promise<IcebergTable> => IcebergTable.open(files.path);

async function metadataJson(): Promise<Record<string, unknown>> {
  const version = await readFile(join(files.path, 'metadata/version-hint.text'), 'utf8');
  const text = await readFile(join(files.path, `metadata/v${version}.metadata.json`), 'utf8');
  return JSON.parse(text) as Record<string, unknown>;
}

async function idsByName(): Promise<Record<string, number>> {
  const { schemas, currentSchemaId } = (await table()).metadata;
  const columns = schemas.find(({ id }) => id === currentSchemaId)?.columns ?? [];
  return Object.fromEntries(columns.map(({ name, id }) => [name, id]));
}

describe('I23: columns change in metadata alone', () => {
  test('I23: the id of a dropped column is not used again, at any depth', async () => {
    expect(await idsByName()).toEqual({ id: 1, name: 2, tags: 3 });
    await writer.append(batch(FIELDS, [1n, 'a', ['x']]));
    await writer.dropColumn('tags');
    await writer.addColumn(FIELDS[2]!);
    expect(await idsByName()).toEqual({ id: 1, name: 2, tags: 5 });
    const { 'last-column-id': last } = await metadataJson();
    expect(last).toBe(6);
    expect(await canonicalRows((await table()).rows())).toEqual([
      '{"id":1,"name":"a","tags":null}',
    ]);
  });

  test('I23: rows of before have each column as it is now, and snapshots as it was', async () => {
    const first = await writer.append(batch(FIELDS, [1n, 'a', null]));
    expect(await writer.addColumn(field('n', INT))).toBe(1);
    expect(await writer.renameColumn('name', 'title')).toBe(2);
    expect(await writer.widenColumn('n', LONG)).toBe(3);
    await writer.append(
      batch([FIELDS[0]!, field('title', STRING), field('n', LONG)], [2n, 'b', 2n ** 40n]),
    );
    const rows = await canonicalRows((await table()).rows());
    expect(rows.toSorted()).toEqual([
      '{"id":1,"title":"a","tags":null,"n":null}',
      '{"id":2,"title":"b","tags":null,"n":1099511627776}',
    ]);
    expect(await canonicalRows((await table()).rows({ snapshotId: first }))).toEqual([
      '{"id":1,"name":"a","tags":null}',
    ]);
  });

  test('I23: values of before are read in the wider type', async () => {
    const wide = [
      field('i', INT),
      field('f', { kind: 'float', bits: 32 }),
      field('d', { kind: 'decimal', precision: 5, scale: 2 }),
    ];
    for (const added of wide) await writer.addColumn(added);
    await writer.append(batch([FIELDS[0]!, ...wide], [1n, -7, 0.5, -12345n]));
    await writer.widenColumn('i', LONG);
    await writer.widenColumn('f', { kind: 'float', bits: 64 });
    await writer.widenColumn('d', { kind: 'decimal', precision: 30, scale: 2 });
    await writer.upsert(
      batch(
        [
          FIELDS[0]!,
          field('i', LONG),
          field('f', { kind: 'float', bits: 64 }),
          field('d', { kind: 'decimal', precision: 30, scale: 2 }),
        ],
        [2n, 2n ** 50n, 0.1, 10n ** 25n],
      ),
    );
    expect((await canonicalRows((await table()).rows())).toSorted()).toEqual([
      '{"id":1,"name":null,"tags":null,"i":-7,"f":0.5,"d":"-123.45"}',
      '{"id":2,"name":null,"tags":null,"i":1125899906842624,"f":0.1,"d":"100000000000000000000000.00"}',
    ]);
  });

  test('I23: what others said of a column stays, and so do the identifier fields', async () => {
    const { schemas } = await metadataJson();
    expect(schemas).toMatchObject([{ 'identifier-field-ids': [1] }]);
    await writer.renameColumn('id', 'pk');
    await writer.upsert(batch([field('pk', LONG, false)], [1n], [1n], [2n]));
    await writer.upsert(batch([field('pk', LONG, false), FIELDS[1]!], [2n, 'again']));
    expect(await canonicalRows((await table()).rows())).toHaveLength(2);
    expect(await metadataJson()).toMatchObject({
      'current-schema-id': 1,
      schemas: [
        {},
        { 'schema-id': 1, 'identifier-field-ids': [1], fields: [{ name: 'pk' }, {}, {}] },
      ],
    });
  });

  test('I23: identifier fields are never NULL and no floats', async () => {
    await writer.setIdentifierFields([]);
    expect((await table()).metadata.schemas.at(-1)?.identifierFieldIds).toEqual([]);
    await expect(writer.upsert(named([1n, 'a']))).rejects.toMatchObject({ code: 'iceberg/no-key' });
    await writer.setIdentifierFields(['id']);
    await writer.upsert(named([1n, 'a'], [1n, 'b']));
    expect(await canonicalRows((await table()).rows())).toHaveLength(1);
    await expect(writer.setIdentifierFields(['name'])).rejects.toMatchObject({
      code: 'iceberg/schema-change',
    });
  });

  test.each<[string, string, () => Promise<unknown>]>([
    ['a name that is taken', 'schema-change', () => writer.addColumn(field('NAME', STRING))],
    ['a name that is empty', 'schema-change', () => writer.addColumn(field('', STRING))],
    ['a column without NULL', 'schema-change', () => writer.addColumn(field('x', INT, false))],
    ['a renamed column that is not there', 'column-missing', () => writer.renameColumn('x', 'y')],
    ['a new name that is taken', 'schema-change', () => writer.renameColumn('name', 'tags')],
    ['a dropped column that is not there', 'column-missing', () => writer.dropColumn('x')],
    ['a dropped column of the key', 'schema-change', () => writer.dropColumn('id')],
    ['a shorter type', 'schema-change', () => writer.widenColumn('id', INT)],
    ['another type', 'schema-change', () => writer.widenColumn('name', LONG)],
    ['identifiers that are not there', 'column-missing', () => writer.setIdentifierFields(['x'])],
  ])('I23: %s is refused, and nothing is committed', async (_, code, act) => {
    const before = await metadataJson();
    await expect(act()).rejects.toMatchObject({ code: `iceberg/${code}` });
    expect(await metadataJson()).toEqual(before);
  });

  test('I23: a writer that has not seen new columns is told before it writes', async () => {
    const other = await IcebergTableWriter.open(files.path, { clock });
    await writer.addColumn(field('n', INT));
    await expect(other.append(named([1n, 'a']))).rejects.toMatchObject({
      code: 'iceberg/schema-change',
    });
    await other.append(named([1n, 'a']));
    expect(await canonicalRows((await table()).rows())).toEqual([
      '{"id":1,"name":"a","tags":null,"n":null}',
    ]);
  });
});

describe('branches and tags', () => {
  let first: bigint;
  let second: bigint;
  beforeEach(async () => {
    first = (await writer.append(named([1n, 'a']))) ?? 0n;
    second = (await writer.append(named([2n, 'b']))) ?? 0n;
  });

  test('I31: name snapshots, with what is kept of them', async () => {
    await writer.createTag('release', { snapshotId: first, maxRefAgeMs: 5 * DAY_MS });
    await writer.createBranch('audit', { minSnapshotsToKeep: 3, maxSnapshotAgeMs: DAY_MS });
    const { refs } = await metadataJson();
    expect(refs).toEqual({
      main: { type: 'branch', 'snapshot-id': expect.anything() },
      release: {
        type: 'tag',
        'snapshot-id': expect.anything(),
        'max-ref-age-ms': 5 * DAY_MS,
      },
      audit: {
        type: 'branch',
        'snapshot-id': expect.anything(),
        'min-snapshots-to-keep': 3,
        'max-snapshot-age-ms': DAY_MS,
      },
    });
    const read = await table();
    expect(await canonicalRows(read.rows({ ref: 'release' }))).toHaveLength(1);
    expect(await canonicalRows(read.rows({ ref: 'audit' }))).toHaveLength(2);
    await writer.replaceTag('release', { maxRefAgeMs: DAY_MS });
    expect((await table()).refs).toMatchObject([
      {},
      { snapshotId: first, maxRefAgeMs: DAY_MS },
      {},
    ]);
    await writer.replaceTag('release', { snapshotId: second });
    await writer.replaceBranch('audit', { minSnapshotsToKeep: 4 });
    expect((await table()).refs).toMatchObject([
      { name: 'main' },
      { name: 'release', snapshotId: second, maxRefAgeMs: DAY_MS },
      { name: 'audit', snapshotId: second, minSnapshotsToKeep: 4, maxSnapshotAgeMs: DAY_MS },
    ]);
    await writer.dropTag('release');
    await writer.dropBranch('audit');
    expect((await table()).refs).toMatchObject([{ name: 'main', snapshotId: second }]);
  });

  test('what is kept of the main branch stays when rows are committed', async () => {
    await writer.replaceBranch('main', { minSnapshotsToKeep: 9 });
    await writer.append(named([3n, 'c']));
    expect((await table()).refs).toMatchObject([{ name: 'main', minSnapshotsToKeep: 9 }]);
  });

  test.each<[string, string, () => Promise<unknown>]>([
    ['a name that is taken', 'ref-exists', () => writer.createTag('main')],
    ['a name that is empty', 'ref-invalid', () => writer.createTag(' ')],
    ['a retention of nothing', 'ref-invalid', () => writer.createTag('t', { maxRefAgeMs: 0 })],
    [
      'a snapshot that is not there',
      'snapshot-missing',
      () => writer.createBranch('b', { snapshotId: 5n }),
    ],
    ['the end of main', 'ref-invalid', () => writer.dropBranch('main')],
    ['a branch taken for a tag', 'ref-missing', () => writer.dropTag('main')],
    ['a tag that is not there', 'ref-missing', () => writer.replaceTag('t', {})],
    ['a rollback to nowhere', 'snapshot-missing', () => writer.rollbackTo(5n)],
  ])('%s is refused', async (_, code, act) => {
    await expect(act()).rejects.toMatchObject({ code: `iceberg/${code}` });
  });

  test('a table without snapshot has none to name', async () => {
    const empty = await IcebergTableWriter.create(
      join(files.path, 'other'),
      { fields: FIELDS },
      { clock },
    );
    await expect(empty.createTag('t')).rejects.toMatchObject({ code: 'iceberg/snapshot-missing' });
  });

  test('I3: a rollback is in the log with its own time, and rows go on after it', async () => {
    await writer.upsert(named([1n, 'x']));
    await writer.rollbackTo(first);
    const then = await table();
    expect(await canonicalRows(then.rows())).toEqual(['{"id":1,"name":"a","tags":null}']);
    expect(then.history.map(({ snapshotId }) => snapshotId).at(-1)).toBe(first);
    expect(then.history.at(-1)?.timestampMs).toBeGreaterThan(then.history.at(-2)!.timestampMs);
    await expect(writer.rollbackTo(second)).rejects.toMatchObject({
      code: 'iceberg/not-an-ancestor',
    });
    await writer.upsert(named([1n, 'y'], [2n, 'z']));
    expect(await canonicalRows((await table()).rows())).toHaveLength(2);
    await writer.setCurrentSnapshot(second);
    await writer.setCurrentSnapshot(second);
    const now = await table();
    expect(now.history).toHaveLength(6);
    expect((await canonicalRows(now.rows())).toSorted()).toEqual([
      '{"id":1,"name":"a","tags":null}',
      '{"id":2,"name":"b","tags":null}',
    ]);
  });

  test('a table that a pipeline keeps is not rolled back', async () => {
    await using other = await TableFolder.create();
    await (await other.created()).close();
    const kept = await IcebergTableWriter.open(other.path, { clock });
    const [snapshot] = kept.metadata.snapshots;
    const snapshotId = snapshot?.id ?? 0n;
    const code = 'iceberg/not-writable';
    await expect(kept.rollbackTo(snapshotId)).rejects.toMatchObject({ code });
    await expect(kept.replaceBranch('main', { snapshotId })).rejects.toMatchObject({ code });
  });
});

describe.each([2, 3] as const)('upkeep by hand, version %i', (formatVersion) => {
  let place: TableFolder;
  beforeEach(async () => {
    place = await TableFolder.create();
    writer = await IcebergTableWriter.create(
      place.path,
      { fields: FIELDS, key: ['id'], formatVersion },
      { clock },
    );
  });
  afterEach(() => place[Symbol.asyncDispose]());
  const read = (): Promise<IcebergTable> => IcebergTable.open(place.path);
  const missing = async (): Promise<string[]> => {
    const keys = new Set(await place.keys());
    const named = await (await read()).referencedFiles();
    const root = `file://${place.path}/`;
    return [...named].filter((path) => !keys.has(path.replace(root, '')));
  };

  test('I30: small files become one, deleted rows stay deleted, and the next call goes on', async () => {
    for (let id = 0n; id < 6n; id++) await writer.append(named([id, `n${id}`], [id + 10n, 'm']));
    await writer.delete(batch(FIELDS.slice(0, 1), [3n], [13n], [4n]));
    const before = (await canonicalRows((await read()).rows())).toSorted();
    const progress: number[][] = [];
    const done = await writer.optimize({ onProgress: (...of) => progress.push(of) });
    expect(done).toMatchObject({ addedFiles: 1, snapshotId: writer.metadata.currentSnapshotId });
    expect(progress).toEqual([[1, 1]]);
    expect((await canonicalRows((await read()).rows())).toSorted()).toEqual(before);
    expect((await read()).snapshots.at(-1)).toMatchObject({ operation: 'replace' });
    expect(await (await read()).files()).toHaveLength(1);
    expect(await writer.optimize()).toMatchObject({
      removedFiles: 0,
      addedFiles: 0,
      addedBytes: 0,
    });
    await writer.upsert(named([3n, 'back'], [5n, 'x']));
    expect(await canonicalRows((await read()).rows())).toHaveLength(before.length + 1);
  });

  test('I31: expiry keeps what branches and tags name, and deletes what no snapshot needs', async () => {
    const ids: bigint[] = [];
    for (let id = 0n; id < 8n; id++)
      ids.push((await writer.upsert(named([id % 3n, `n${id}`]))) ?? 0n);
    await writer.createTag('kept', { snapshotId: ids[1] });
    await writer.createTag('gone', { snapshotId: ids[2], maxRefAgeMs: DAY_MS });
    await writer.createBranch('side', { snapshotId: ids[4], minSnapshotsToKeep: 2 });
    const tagged = await canonicalRows((await read()).rows({ ref: 'kept' }));
    nowMs += 2 * DAY_MS;
    const keys = await place.keys();
    const options = { maxSnapshots: 1, olderThanMs: 1 };
    const planned = await writer.expire({ ...options, dryRun: true });
    expect(await place.keys()).toEqual(keys);
    const deleted: string[] = [];
    const done = await writer.expire({ ...options, onFile: ({ key }) => deleted.push(key) });
    expect(done).toEqual(planned);
    expect(done).toMatchObject({ expiredSnapshots: 4, droppedRefs: ['gone'] });
    expect(deleted).toHaveLength(done.deletedFiles);
    expect(done.deletedFiles).toBeGreaterThanOrEqual(4);
    const now = await read();
    expect(now.snapshots.map(({ id }) => id)).toEqual([ids[1], ids[3], ids[4], ids[7]]);
    expect(await canonicalRows(now.rows({ ref: 'kept' }))).toEqual(tagged);
    expect(await missing()).toEqual([]);
    expect(await writer.expire()).toMatchObject({ expiredSnapshots: 0, deletedFiles: 0 });
  });

  test('I31: nothing is expired that is younger than the table says', async () => {
    for (let id = 0n; id < 3n; id++) await writer.append(named([id, 'a']));
    expect(await writer.expire()).toMatchObject({ expiredSnapshots: 0, droppedRefs: [] });
    expect(await writer.expire({ maxSnapshots: 2 })).toMatchObject({ expiredSnapshots: 1 });
  });

  test('I31: an orphan goes once it is older than three days, and nothing else does', async () => {
    await writer.append(named([1n, 'a']));
    const keys = ['data/orphan.parquet', 'metadata/orphan.avro', 'data/young.parquet'];
    for (const key of keys) await place.store.put(key, Buffer.from('x'));
    const ofCatalog = 'metadata/00001-7c5ca8c4.metadata.json';
    await place.store.put(ofCatalog, Buffer.from('{}'));
    const old = new Date(nowMs - 4 * DAY_MS);
    for (const key of await place.keys()) {
      if (key !== 'data/young.parquet') await utimes(join(place.path, key), old, old);
    }
    expect(await writer.removeOrphans({ dryRun: true })).toEqual({
      deletedFiles: 2,
      deletedBytes: 2,
    });
    expect(await writer.removeOrphans()).toEqual({ deletedFiles: 2, deletedBytes: 2 });
    expect(await writer.removeOrphans()).toEqual({ deletedFiles: 0, deletedBytes: 0 });
    expect(await place.keys()).toContain(ofCatalog);
    expect(await missing()).toEqual([]);
    await expect(writer.removeOrphans({ olderThanMs: DAY_MS })).rejects.toMatchObject({
      code: 'iceberg/retention-too-short',
    });
    await rm(join(place.path, ofCatalog));
    nowMs += DAY_MS;
    expect(await writer.removeOrphans({ olderThanMs: 0, force: true })).toMatchObject({
      deletedFiles: 1,
    });
    expect(await canonicalRows((await read()).rows())).toHaveLength(1);
  });
});

test('I31: a writer whose snapshot was cleaned away meanwhile goes on from the newest one', async () => {
  await writer.append(named([1n, 'a']));
  await writer.append(named([2n, 'b']));
  await writer.upsert(named([2n, 'c']));
  const other = await IcebergTableWriter.open(files.path, { clock });
  await other.optimize();
  await other.expire({ maxSnapshots: 1 });
  await writer.upsert(named([1n, 'x'], [2n, 'y']));
  expect((await canonicalRows((await table()).rows())).toSorted()).toEqual([
    '{"id":1,"name":"x","tags":null}',
    '{"id":2,"name":"y","tags":null}',
  ]);
});

test('properties are set and removed, but those of a pipeline', async () => {
  await writer.setProperties({ a: '1', b: '2' });
  await writer.removeProperties(['a', 'none']);
  expect((await table()).metadata.properties).toEqual({ b: '2' });
  const code = 'iceberg/property-kept';
  await expect(writer.setProperties({ 'cdc-demo.position': '' })).rejects.toMatchObject({ code });
  await expect(writer.removeProperties(['cdc-demo.schema'])).rejects.toMatchObject({ code });
});

test('I31: a table whose files others may have is not cleaned', async () => {
  await using place = await TableFolder.create();
  const properties = { 'gc.enabled': 'false' };
  const kept = await IcebergTableWriter.create(
    place.path,
    { fields: FIELDS, properties },
    { clock },
  );
  await kept.append(named([1n, 'a']));
  const code = 'iceberg/cleanup-forbidden';
  await expect(kept.expire({ maxSnapshots: 1 })).rejects.toMatchObject({ code });
  await expect(kept.removeOrphans()).rejects.toMatchObject({ code });
});

test('I30: a pipeline and upkeep by hand take turns: the position stays, and no row is lost', async () => {
  await using place = await TableFolder.create();
  const sink = await place.created({ upkeep: 'off' });
  for (let i = 1; i <= 4; i++) {
    await sink.write(
      inserts(schema, 100 + 10 * i, [
        [i, 'a', 1n],
        [10 + i, 'b', 2n],
      ]),
    );
    await sink.commit(point(100 + 10 * i));
  }
  const byHand = await IcebergTableWriter.open(place.path, { clock });
  expect(await byHand.optimize()).toMatchObject({ removedFiles: 4, addedFiles: 1 });
  await byHand.expire({ maxSnapshots: 1 });
  await sink.write(deletes(200, [1, 12]));
  expect(await sink.commit(point(200))).toMatchObject({ outcome: 'committed' });
  await byHand.optimize();
  await sink.close();
  expect(await place.rows()).toHaveLength(6);
  const again = place.sink();
  expect(await again.open({ pipeline: 'p', incarnation: 2 })).toMatchObject({ outcome: 'opened' });
  await again.close();
});
