import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Clock, Field, FieldValue } from '@cdc-demo/cdc-core';
import { rowObjects } from '@cdc-demo/lake-core';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { readAvro } from './avro/object-container.ts';
import { IcebergTableWriter } from './iceberg-table-writer.ts';
import { IcebergTable } from './iceberg-table.ts';

const FIELDS: readonly Field[] = [
  { id: 0, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
  { id: 0, name: 'name', type: { kind: 'string' }, nullable: true },
];

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: () => Promise.resolve(),
};

function batch(rows: readonly FieldValue[][], fields = FIELDS): ColumnBatch {
  const made = new ColumnBatch(fields);
  for (const row of rows) made.appendRow(row);
  return made;
}

async function rowsOf(location: string, snapshotId?: bigint): Promise<unknown[]> {
  const table = await IcebergTable.open(location);
  const rows: unknown[] = [];
  for await (const row of rowObjects(table.rows({ snapshotId }))) rows.push(Object.values(row));
  return rows.sort((a, b) => (JSON.stringify(String(a)) < JSON.stringify(String(b)) ? -1 : 1));
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iceberg-writer-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe.each([2, 3] as const)('a table of version %i', (formatVersion) => {
  const create = (): Promise<IcebergTableWriter> =>
    IcebergTableWriter.create(folder, { fields: FIELDS, key: ['id'], formatVersion }, { clock });

  test('has every snapshot as it was committed', async () => {
    const writer = await create();
    const appended = await writer.append(
      batch([
        [1n, 'a'],
        [2n, null],
        [3n, 'c'],
      ]),
    );
    const upserted = await writer.upsert(
      batch([
        [2n, 'B'],
        [4n, 'd'],
      ]),
    );
    const deleted = await writer.delete(batch([[1n], [9n]], FIELDS.slice(0, 1)));
    expect(await rowsOf(folder, appended)).toEqual([
      [1n, 'a'],
      [2n, null],
      [3n, 'c'],
    ]);
    expect(await rowsOf(folder, upserted)).toEqual([
      [1n, 'a'],
      [2n, 'B'],
      [3n, 'c'],
      [4n, 'd'],
    ]);
    expect(await rowsOf(folder, deleted)).toEqual([
      [2n, 'B'],
      [3n, 'c'],
      [4n, 'd'],
    ]);
    const { snapshots, refs, history } = await IcebergTable.open(folder);
    expect(snapshots.map(({ operation }) => operation)).toEqual(['append', 'overwrite', 'delete']);
    expect(refs).toMatchObject([{ name: 'main', snapshotId: deleted }]);
    expect(history.map(({ snapshotId }) => snapshotId)).toEqual([appended, upserted, deleted]);
  });

  test('changes nothing when there is nothing to change', async () => {
    const writer = await create();
    expect(await writer.append(batch([]))).toBeUndefined();
    const id = await writer.append(batch([[1n, 'a']]));
    expect(await writer.delete(batch([[7n]], FIELDS.slice(0, 1)))).toBe(id);
    expect(writer.metadata.snapshots).toHaveLength(1);
  });

  test('goes on after a restart, and deletes all rows of a file', async () => {
    await (
      await create()
    ).append(
      batch([
        [1n, 'a'],
        [2n, 'b'],
      ]),
    );
    const writer = await IcebergTableWriter.open(folder, { clock });
    await writer.upsert(batch([[1n, 'x']]));
    await writer.delete(batch([[2n]], FIELDS.slice(0, 1)));
    expect(await rowsOf(folder)).toEqual([[1n, 'x']]);
    const files = await (await IcebergTable.open(folder)).files();
    expect(files.map(({ content }) => content)).toEqual(['data']);
  });

  test('I5: two writers take turns', async () => {
    const [one, other] = [await create(), await IcebergTableWriter.open(folder, { clock })];
    await one.upsert(
      batch([
        [1n, 'one'],
        [2n, 'one'],
      ]),
    );
    await other.upsert(
      batch([
        [2n, 'other'],
        [3n, 'other'],
      ]),
    );
    await one.upsert(batch([[3n, 'one']]));
    await Promise.all([one.upsert(batch([[4n, 'one']])), other.upsert(batch([[5n, 'other']]))]);
    expect(await rowsOf(folder)).toEqual([
      [1n, 'one'],
      [2n, 'other'],
      [3n, 'one'],
      [4n, 'one'],
      [5n, 'other'],
    ]);
  });

  test('tells its changes', async () => {
    const writer = await create();
    const from = await writer.append(
      batch([
        [1n, 'a'],
        [2n, 'b'],
      ]),
    );
    await writer.upsert(
      batch([
        [2n, 'B'],
        [3n, 'c'],
      ]),
    );
    await writer.delete(batch([[1n]], FIELDS.slice(0, 1)));
    const table = await IcebergTable.open(folder);
    const changes: unknown[] = [];
    for await (const row of rowObjects(table.changes({ from: { snapshotId: from } }))) {
      changes.push([row['_change_type'], row['id'], row['name']]);
    }
    expect(changes).toEqual([
      ['UPDATE_BEFORE', 2n, 'b'],
      ['UPDATE_AFTER', 2n, 'B'],
      ['INSERT', 3n, 'c'],
      ['DELETE', 1n, 'a'],
    ]);
  });
});

test('I6: numbers its versions, and the hint says the newest', async () => {
  const writer = await IcebergTableWriter.create(folder, { fields: FIELDS }, { clock });
  await writer.append(batch([[1n, 'a']]));
  expect(await readFile(join(folder, 'metadata/version-hint.text'), 'utf8')).toBe('2');
  const json = await readFile(join(folder, 'metadata/v2.metadata.json'), 'utf8');
  expect(json).toContain('"metadata-log":[{');
  expect(json).toContain('/metadata/v1.metadata.json');
});

test('I26: row ids are given in order', async () => {
  const writer = await IcebergTableWriter.create(folder, { fields: FIELDS }, { clock });
  await writer.append(
    batch([
      [1n, 'a'],
      [2n, 'b'],
    ]),
  );
  await writer.append(batch([[3n, 'c']]));
  const table = await IcebergTable.open(folder);
  expect(table.metadata.nextRowId).toBe(3n);
  const ids: unknown[] = [];
  for await (const row of rowObjects(table.rows({ lineage: true }))) {
    ids.push([row['id'], row['_row_id'], row['_last_updated_sequence_number']]);
  }
  expect(ids).toEqual([
    [3n, 2n, 2n],
    [1n, 0n, 1n],
    [2n, 1n, 1n],
  ]);
});

test('I6: a lost answer is looked up', async () => {
  const store = new LocalObjectStore(folder);
  const writer = await IcebergTableWriter.create(store, { fields: FIELDS }, { clock });
  const putIfAbsent = store.putIfAbsent.bind(store);
  store.putIfAbsent = async (key, body) => {
    await putIfAbsent(key, body);
    throw new Error('the connection is gone');
  };
  await writer.append(batch([[1n, 'a']]));
  expect(await rowsOf(folder)).toEqual([[1n, 'a']]);
});

test.each([
  ['iceberg/table-exists', () => IcebergTableWriter.create(folder, { fields: FIELDS }, { clock })],
  [
    'iceberg/no-key',
    async () => {
      const writer = await IcebergTableWriter.open(folder, { clock });
      await writer.upsert(batch([[1n, 'a']]));
    },
  ],
  ['iceberg/not-a-table', () => IcebergTableWriter.open(join(folder, 'none'), { clock })],
  [
    'iceberg/column-missing',
    () => {
      return IcebergTableWriter.create(
        join(folder, 'x'),
        { fields: FIELDS, key: ['y'] },
        { clock },
      );
    },
  ],
])('%s', async (code, act) => {
  await IcebergTableWriter.create(folder, { fields: FIELDS }, { clock });
  await expect(act()).rejects.toMatchObject({ code });
});

test('many commits leave few manifests, and rows keep their ids', async () => {
  const writer = await IcebergTableWriter.create(
    folder,
    { fields: FIELDS, key: ['id'] },
    { clock },
  );
  const lineage = new Map<unknown, unknown>();
  for (let id = 0n; id < 23n; id++) {
    await writer.append(batch([[id, 'a']]));
    const table = await IcebergTable.open(folder);
    for await (const row of rowObjects(table.rows({ lineage: true }))) {
      const found = [row['_row_id'], row['_last_updated_sequence_number']];
      expect(lineage.get(row['id']) ?? found).toEqual(found);
      lineage.set(row['id'], found);
    }
    expect(lineage.size).toBe(Number(id) + 1);
  }
  expect(new Set(Array.from(lineage.values(), String)).size).toBe(23);
  await writer.upsert(batch([[3n, 'b']]));
  const list = String(writer.metadata.snapshots.at(-1)?.manifests).replace('file://', '');
  expect(readAvro(await readFile(list)).records.length).toBeLessThan(12);
  expect(await rowsOf(folder)).toHaveLength(23);
});
