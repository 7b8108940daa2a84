import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ColumnBatch, canonicalRow } from '@cdc-demo/cdc-core';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { rowObjects } from '@cdc-demo/lake-core';
import { readAvro } from '../avro/object-container.ts';
import { IcebergTable } from '../iceberg-table.ts';
import { IcebergTableWriter } from '../iceberg-table-writer.ts';
import type { NewTable } from '../iceberg-table-writer.ts';
import { TableFolder, clock } from '../sink/table-folder.fixture.ts';

const FIELDS: readonly Field[] = [
  { id: 0, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
  { id: 0, name: 'region', type: { kind: 'string' }, nullable: true },
  { id: 0, name: 'at', type: { kind: 'timestamp', zone: 'utc' }, nullable: true },
  { id: 0, name: 'price', type: { kind: 'decimal', precision: 9, scale: 2 }, nullable: true },
];
const KEY = FIELDS.slice(0, 1);
const HOUR = 3_600_000_000n;
const START = 1_709_251_200_000_000n;

function rowOf(id: number, version = 0): FieldValue[] {
  const region = [`eu ${version}`, 'us', null][id % 3] ?? null;
  return [BigInt(id), region, id % 5 === 0 ? null : START + BigInt(id) * HOUR, BigInt(id * 10)];
}

function batch(rows: readonly FieldValue[][], fields = FIELDS): ColumnBatch {
  const made = new ColumnBatch(fields);
  for (const row of rows) made.appendRow(row);
  return made;
}

const ids = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

let folder: TableFolder;
beforeEach(async () => {
  folder = await TableFolder.create();
});
afterEach(() => folder[Symbol.asyncDispose]());

const create = (table: Partial<NewTable>): Promise<IcebergTableWriter> =>
  IcebergTableWriter.create(folder.path, { fields: FIELDS, key: ['id'], ...table }, { clock });

/** Of each live file its partition as text, ascending. */
async function partitions(content = 'data'): Promise<string[]> {
  const files = await (await IcebergTable.open(folder.path)).files();
  return files
    .filter((file) => file.content === content)
    .map(({ specId, partition }) => [specId, ...partition].map(String).join(' '))
    .toSorted();
}

describe.each([2, 3] as const)('a partitioned table of version %i', (formatVersion) => {
  test('I24: has each row in the files of its partition, wherever it moves', async () => {
    const partitionBy = ['region', 'day(at)', 'bucket(2, id)', 'truncate(1000, price)'];
    const writer = await create({ formatVersion, partitionBy });
    const model = new Map(ids(0, 120).map((id) => [id, rowOf(id)]));
    await writer.append(batch([...model.values()]));
    for (const id of ids(10, 40)) model.set(id, rowOf(id, 1));
    await writer.upsert(batch(ids(10, 40).map((id) => rowOf(id, 1))));
    for (const id of ids(0, 20)) model.delete(id);
    await writer.delete(
      batch(
        ids(0, 20).map((id) => [BigInt(id)]),
        KEY,
      ),
    );
    const expected = [...model.values()].map((row) => canonicalRow(FIELDS, row)).toSorted();
    expect(await folder.rows()).toEqual(expected);
    const table = await IcebergTable.open(folder.path);
    const data = (await table.files()).filter(({ content }) => content === 'data');
    const deletes = await partitions('position-deletes');
    const all = await partitions();
    expect(deletes.length).toBeGreaterThan(0);
    expect(all).toEqual(expect.arrayContaining(deletes));
    expect(data.length).toBeGreaterThan(20);
    expect(new Set(data.map(({ path }) => path.replace(/[^/]*$/, ''))).size).toBeGreaterThan(10);
    const again = await IcebergTableWriter.open(folder.path, { clock });
    await again.delete(
      batch(
        ids(20, 120).map((id) => [BigInt(id)]),
        KEY,
      ),
    );
    expect(await folder.rows()).toEqual([]);
    expect(await partitions()).toEqual([]);
  });

  test('I24: is parted anew from some snapshot on, and read as one', async () => {
    const writer = await create({ formatVersion, partitionBy: ['day(at)'] });
    await writer.append(batch(ids(0, 10).map((id) => rowOf(id))));
    await writer.setPartitioning(['day(at)', 'region']);
    await writer.upsert(batch(ids(5, 15).map((id) => rowOf(id, 1))));
    await writer.setPartitioning(['bucket(2, id)']);
    await writer.upsert(batch(ids(12, 20).map((id) => rowOf(id, 2))));
    await writer.setPartitioning(['day(at)']);
    const model = new Map([
      ...ids(0, 10).map((id) => [id, rowOf(id)] as const),
      ...ids(5, 15).map((id) => [id, rowOf(id, 1)] as const),
      ...ids(12, 20).map((id) => [id, rowOf(id, 2)] as const),
    ]);
    expect(await folder.rows()).toEqual(
      [...model.values()].map((row) => canonicalRow(FIELDS, row)).toSorted(),
    );
    const { metadata } = await IcebergTable.open(folder.path);
    const specs = metadata.specs.map(({ fields }) =>
      fields.map(({ fieldId, name, transform }) => `${fieldId} ${name} ${transform}`),
    );
    expect(specs).toEqual([
      ['1000 at_day day'],
      ['1000 at_day day', '1001 region identity'],
      ['1002 id_bucket_2 bucket[2]'],
    ]);
    expect(metadata).toMatchObject({ defaultSpecId: 0, lastPartitionId: 1002 });
    const types: unknown[] = [];
    const table = await IcebergTable.open(folder.path);
    const from = { snapshotId: table.metadata.snapshots[0]?.id };
    for await (const row of rowObjects(table.changes({ from }))) types.push(row['_change_type']);
    expect(types.filter((type) => type === 'INSERT')).toHaveLength(10);
    // Without row ids, a row that is written again as it was may be a copy.
    const updated = types.filter((type) => type === 'UPDATE_AFTER');
    expect(updated).toHaveLength(formatVersion === 3 ? 8 : 3);
  });
});

test('I14: a manifest list says which partitions its manifests have', async () => {
  const writer = await create({ partitionBy: ['region', 'hour(at)'] });
  await writer.append(batch(ids(0, 7).map((id) => rowOf(id))));
  const list = (await folder.keys()).find((key) => key.includes('snap-')) ?? '';
  const { records } = readAvro((await folder.store.get(list)) ?? new Uint8Array());
  expect(records[0]?.value(507)).toEqual([
    {
      contains_null: true,
      contains_nan: false,
      lower_bound: Buffer.from('eu 0'),
      upper_bound: Buffer.from('us'),
    },
    {
      contains_null: true,
      contains_nan: false,
      lower_bound: int(474793),
      upper_bound: int(474798),
    },
  ]);
});

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

test.each([
  ['nothing', /no column nothing/],
  ['day(region)', /does not go with day/],
  ['hours(at)', /cannot be partitioned by hours\(at\): write a column, bucket/],
  ['bucket(0, id)', /cannot be partitioned/],
  ['void(id)', /cannot be partitioned/],
])('%s is no partitioning', async (text, message) => {
  await expect(create({ partitionBy: [text] })).rejects.toMatchObject({
    code: 'iceberg/partition-column',
    message: expect.stringMatching(message) as unknown,
  });
  await expect(create({ partitionBy: ['id', 'id'] })).rejects.toMatchObject({
    message: 'The table would be partitioned twice by id',
  });
});
