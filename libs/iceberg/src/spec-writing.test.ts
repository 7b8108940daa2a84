import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { readAvro } from './avro/object-container.ts';
import { IcebergTable } from './iceberg-table.ts';
import { IcebergTableWriter } from './iceberg-table-writer.ts';
import { TableFolder, clock, inserts, point, schema } from './sink/table-folder.fixture.ts';
import { POSITION_PROPERTY } from './sink/table-position.ts';

const FIELDS: readonly Field[] = [
  { id: 0, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
  { id: 0, name: 'name', type: { kind: 'string' }, nullable: true },
];

function batch(...rows: readonly FieldValue[][]): ColumnBatch {
  const made = new ColumnBatch(FIELDS.slice(0, rows[0]?.length ?? 0));
  for (const row of rows) made.appendRow(row);
  return made;
}

let files: TableFolder;
beforeEach(async () => {
  files = await TableFolder.create();
});
afterEach(() => files[Symbol.asyncDispose]());

const create = (formatVersion: 2 | 3 = 3): Promise<IcebergTableWriter> =>
  IcebergTableWriter.create(files.store, { fields: FIELDS, key: ['id'], formatVersion }, { clock });

async function json(version: number): Promise<Record<string, unknown>> {
  const text = await readFile(join(files.path, `metadata/v${version}.metadata.json`), 'utf8');
  return JSON.parse(text) as Record<string, unknown>;
}

const REQUIRED = [
  'format-version',
  'table-uuid',
  'location',
  'last-sequence-number',
  'last-updated-ms',
  'last-column-id',
  'schemas',
  'current-schema-id',
  'partition-specs',
  'default-spec-id',
  'last-partition-id',
  'sort-orders',
  'default-sort-order-id',
];

test.each([
  [2, REQUIRED],
  [3, [...REQUIRED, 'next-row-id']],
] as const)('I1: version %i has all fields that it requires', async (version, required) => {
  const writer = await create(version);
  const empty = await json(1);
  expect(Object.keys(empty)).toEqual(expect.arrayContaining([...required]));
  expect(empty['current-snapshot-id'] ?? null).toBeNull();
  expect(empty).toMatchObject({ 'last-sequence-number': 0, 'last-partition-id': 999, refs: {} });
  expect('next-row-id' in empty).toBe(version === 3);
  const id = await writer.append(batch([1n, 'a']));
  expect(writer.metadata.refs).toMatchObject([{ name: 'main', snapshotId: id }]);
  expect(writer.metadata.currentSnapshotId).toBe(id);
});

test('I2: ids of snapshots are positive, of up to 63 bits, and exact from end to end', async () => {
  const writer = await create();
  const ids: bigint[] = [];
  for (let id = 0n; id < 12n; id++) ids.push((await writer.append(batch([id, 'a']))) ?? 0n);
  expect(new Set(ids).size).toBe(12);
  expect(ids.every((id) => id > 0n && id < 2n ** 63n)).toBe(true);
  expect(ids.some((id) => id > BigInt(Number.MAX_SAFE_INTEGER))).toBe(true);
  const table = await IcebergTable.open(files.path);
  expect(table.snapshots.map(({ id }) => id)).toEqual(ids);
  expect(table.snapshots.map(({ parentId }) => parentId)).toEqual([undefined, ...ids.slice(0, -1)]);
  expect(table.snapshots.map(({ sequenceNumber }) => sequenceNumber)).toEqual(
    ids.map((_, i) => BigInt(i + 1)),
  );
});

test('I6: of two that create a table one wins; a hint that is stale or gone does no harm', async () => {
  const made = await Promise.allSettled([create(), create(), create()]);
  const writers = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  expect(writers).toHaveLength(1);
  await writers[0]?.append(batch([1n, 'a']));
  await files.store.put('metadata/version-hint.text', Buffer.from('1'));
  expect(await files.rows()).toEqual(['{"id":1,"name":"a"}']);
  await rm(join(files.path, 'metadata/version-hint.text'));
  expect(await files.rows()).toEqual(['{"id":1,"name":"a"}']);
  await (await IcebergTableWriter.open(files.path, { clock })).upsert(batch([1n, 'b']));
  expect(await files.rows()).toEqual(['{"id":1,"name":"b"}']);
});

describe('what a commit leaves that does not succeed', () => {
  test('I8: nothing, when another writer has the version', async () => {
    const writer = await create();
    const other = await IcebergTableWriter.open(files.path, { clock });
    await other.append(batch([1n, 'a']));
    await writer.append(batch([2n, 'b']));
    const table = await IcebergTable.open(files.path);
    const named = new Set(
      [...(await table.referencedFiles())].map((path) => path.replace(`file://${files.path}/`, '')),
    );
    const others = (await files.keys()).filter((key) => !named.has(key));
    expect(others.filter((key) => !/metadata\.json$|version-hint/.test(key))).toEqual([]);
  });

  test('I8: all of its files, when nobody knows whether it was made', async () => {
    const writer = await create();
    await writer.append(batch([1n, 'a']));
    const before = await files.keys();
    const { store } = files;
    const connected = new LocalObjectStore(files.path);
    let isCut = false;
    store.putIfAbsent = async (key, body) => {
      const done = await connected.putIfAbsent(key, body);
      if (!key.endsWith('v3.metadata.json')) return done;
      isCut = true;
      throw new Error('the connection is gone');
    };
    store.get = (key) => (isCut ? Promise.reject(new Error('no connection')) : connected.get(key));
    await expect(writer.upsert(batch([2n, 'b']))).rejects.toThrow('no connection');
    isCut = false;
    // It was made: everything that it needs has to be there.
    expect(await files.keys()).toEqual(expect.arrayContaining(before));
    expect(await files.rows()).toEqual(['{"id":1,"name":"a"}', '{"id":2,"name":"b"}']);
    await (await IcebergTableWriter.open(connected, { clock })).upsert(batch([2n, 'c']));
    expect(await files.rows()).toEqual(['{"id":1,"name":"a"}', '{"id":2,"name":"c"}']);
  });
});

test('I12: manifests have a codec that everyone knows, and NULL is the first of two', async () => {
  const writer = await create();
  await writer.append(batch([1n, 'a'], [2n, 'b']));
  await writer.delete(batch([1n]));
  const keys = (await files.keys()).filter((key) => key.endsWith('.avro'));
  expect(keys.length).toBeGreaterThan(3);
  for (const key of keys) {
    const { metadata } = readAvro((await files.store.get(key)) ?? new Uint8Array());
    expect(['null', 'deflate']).toContain(metadata.get('avro.codec') ?? 'null');
    for (const field of optionalFields(JSON.parse(metadata.get('avro.schema') ?? 'null'))) {
      expect(field).toMatchObject({ type: ['null', expect.anything()], default: null });
      expect(field.type).toHaveLength(2);
    }
  }
});

interface AvroField {
  readonly type: readonly unknown[];
}

/** The fields at any depth whose type is a union. */
function optionalFields(node: unknown): AvroField[] {
  if (typeof node !== 'object' || node === null) return [];
  const { type } = node as { readonly type?: unknown };
  const below = Object.values(node).flatMap(optionalFields);
  return 'name' in node && Array.isArray(type) ? [{ ...node, type }, ...below] : below;
}

test.each([2, 3] as const)(
  'I17: version %i names every file by its whole URI, and deletes name it in the same bytes',
  async (version) => {
    const writer = await create(version);
    await writer.append(batch([1n, 'a'], [2n, 'b'], [3n, 'c']));
    await writer.delete(batch([2n]));
    const table = await IcebergTable.open(files.path);
    const paths = [...(await table.referencedFiles())];
    expect(paths.length).toBeGreaterThan(4);
    for (const path of paths) expect(path).toMatch(/^file:\/\/\/.+\.(avro|parquet|puffin)$/);
    const [data, deletes] = await table.files();
    expect(data?.content).toBe('data');
    expect(deletes?.content).toBe('position-deletes');
    const bytes = await files.store.get(deletes?.path.replace(`file://${files.path}/`, '') ?? '');
    expect(Buffer.from(bytes ?? []).includes(data?.path ?? '?')).toBe(true);
    if (version === 3) expect(deletes?.referencedDataFile).toBe(data?.path);
  },
);

test('I20: a file has one deletion vector, and none when it is gone', async () => {
  const writer = await create();
  await writer.append(batch([1n, 'a'], [2n, 'b'], [3n, 'c']));
  const vectors = async (): Promise<number[]> => {
    const all = await (await IcebergTable.open(files.path)).files();
    return all.flatMap(({ content, recordCount }) => (content === 'data' ? [] : [recordCount]));
  };
  await writer.delete(batch([1n]));
  expect(await vectors()).toEqual([1]);
  await writer.delete(batch([2n]));
  expect(await vectors()).toEqual([2]);
  await writer.delete(batch([3n]));
  expect(await vectors()).toEqual([]);
  expect(await canonicalRows((await IcebergTable.open(files.path)).rows())).toEqual([]);
});

test('I28: the position in the source rides in the commit of the rows', async () => {
  const sink = await files.created({ upkeep: 'off' });
  for (const lsn of [110, 120]) {
    await sink.write(inserts(schema, lsn, [[lsn, 'a', 1n]]));
    await sink.commit(point(lsn));
  }
  await sink.close();
  const { snapshots, metadata } = await IcebergTable.open(files.path);
  const positions = snapshots.map(({ summary }) => summary[POSITION_PROPERTY] ?? '');
  expect(new Set(positions).size).toBe(snapshots.length);
  expect(metadata.properties[POSITION_PROPERTY]).toBe(positions.at(-1));
  // The same batch again: nothing is written.
  const again = files.sink({ upkeep: 'off' });
  await again.open({ pipeline: 'p', incarnation: 2 });
  await again.write(inserts(schema, 120, [[120, 'twice', 1n]]));
  expect(await again.commit(point(120))).toMatchObject({ outcome: 'unchanged' });
  await again.close();
});
