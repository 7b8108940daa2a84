import { expect, test } from '@jest/globals';
import { FieldReader, parseExactJson } from '@cdc-demo/lake-core';
import { readAvro } from '../avro/object-container.ts';
import { TestTable } from '../table.fixture.ts';
import { IcebergTableWriter } from '../iceberg-table-writer.ts';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Clock, Field } from '@cdc-demo/cdc-core';

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: () => Promise.resolve(),
};
const ID: Field = { id: 1, name: 'id', type: { kind: 'int', bits: 64 }, nullable: true };
const JSON_ID = { id: 1, name: 'id', required: false, type: 'long' };

function ids(...values: readonly bigint[]): ColumnBatch {
  const batch = new ColumnBatch([ID]);
  for (const value of values) batch.appendRow([value]);
  return batch;
}

/** A table with one new file, and the bytes of what was written for it. */
async function written(): Promise<{
  table: TestTable;
  list: ReturnType<typeof readAvro>;
  manifest: ReturnType<typeof readAvro>;
}> {
  const table = await TestTable.create([JSON_ID], { location: 'file:///here' });
  await table.store.put('metadata/v1.metadata.json', Buffer.from(table.json()));
  const writer = await IcebergTableWriter.open(table.store, { clock });
  await writer.append(ids(1n, 2n));
  const read = async (location: string): Promise<ReturnType<typeof readAvro>> => {
    const bytes = await table.store.get(location.replace('file:///here/', ''));
    return readAvro(bytes ?? new Uint8Array());
  };
  const list = await read(String(writer.metadata.snapshots[0]?.manifests));
  return { table, list, manifest: await read(list.records[0]?.string(500) ?? '') };
}

test('I9, I10: records have the names that other readers look for, and every field its id', async () => {
  const { table, list, manifest } = await written();
  await using _ = table;
  const schemas = [list, manifest].map(({ metadata }) => metadata.get('avro.schema') ?? '');
  for (const name of ['manifest_file', 'r508']) expect(schemas[0]).toContain(`"name":"${name}"`);
  for (const name of ['manifest_entry', 'r2', 'r102', 'k117_v118', 'k126_v127']) {
    expect(schemas[1]).toContain(`"name":"${name}"`);
  }
  for (const schema of schemas) {
    const named = schema.match(/\{"name":/g) ?? [];
    expect(schema.match(/"field-id":\d+/g)).toHaveLength(named.length);
  }
});

test('I11: a manifest says what it is', async () => {
  const { table, manifest } = await written();
  await using _ = table;
  const { metadata } = manifest;
  expect(Object.fromEntries([...metadata].filter(([key]) => !key.startsWith('avro.')))).toEqual({
    schema: JSON.stringify({ type: 'struct', 'schema-id': 0, fields: [JSON_ID] }),
    'schema-id': '0',
    'partition-spec': '[]',
    'partition-spec-id': '0',
    'format-version': '3',
    content: 'data',
  });
});

test('I13, I14: an added file inherits its sequence numbers, and the list counts it', async () => {
  const { table, list, manifest } = await written();
  await using _ = table;
  const [entry] = manifest.records;
  expect([entry?.number(0), entry?.value(3), entry?.value(4)]).toEqual([1, undefined, undefined]);
  const [record] = list.records;
  const counts = [504, 505, 506, 512, 513, 514].map((id) => record?.number(id));
  expect(counts).toEqual([1, 0, 0, 2, 0, 0]);
  expect([record?.optionalLong(515), record?.optionalLong(516)]).toEqual([1n, 1n]);
  expect(record?.optionalLong(520)).toBe(0n);
});

test.each([
  [
    'the partition field id (zorder) is not known',
    {
      'partition-specs': [
        {
          'spec-id': 0,
          fields: [{ 'source-id': 1, 'field-id': 1000, name: 'id', transform: 'zorder' }],
        },
      ],
    },
  ],
  ['it has the first version of the format', { 'format-version': 1 }],
])('a table is not written when %s', async (why, overrides) => {
  await using table = await TestTable.create([JSON_ID], overrides);
  await table.store.put('metadata/v1.metadata.json', Buffer.from(table.json()));
  await expect(IcebergTableWriter.open(table.store, { clock })).rejects.toMatchObject({
    code: 'iceberg/not-writable',
    message: expect.stringContaining(why),
  });
});

test('a table that a catalog keeps is not written', async () => {
  await using table = await TestTable.create([JSON_ID]);
  await table.store.put('metadata/00003-abc.metadata.json', Buffer.from(table.json()));
  await expect(IcebergTableWriter.open(table.store, { clock })).rejects.toMatchObject({
    code: 'iceberg/not-writable',
  });
});

test('manifests without counts are not carried on', async () => {
  await using table = await TestTable.create([JSON_ID]);
  const { folder } = table;
  await table.commit([await table.parquet([ID], [[1n]])]);
  await table.open();
  const writer = await IcebergTableWriter.open(folder, { clock });
  await expect(writer.append(ids(2n))).rejects.toMatchObject({ code: 'iceberg/not-writable' });
});

test('I20, I21: the vectors of a table stand in one file, each with its own place', async () => {
  await using table = await TestTable.create([JSON_ID], { location: 'file:///here' });
  await table.store.put('metadata/v1.metadata.json', Buffer.from(table.json()));
  const options = { clock, key: ['id'], targetFileRows: 2 };
  const writer = await IcebergTableWriter.open(table.store, options);
  await writer.append(ids(1n, 2n, 3n, 4n));
  await writer.delete(ids(1n, 3n));
  const { metadata } = writer;
  const keys: string[] = [];
  for await (const { key } of table.store.list('data/'))
    if (key.endsWith('.puffin')) keys.push(key);
  expect(keys).toHaveLength(1);
  const bytes = Buffer.from((await table.store.get(keys[0] ?? '')) ?? []);
  const size = bytes.readInt32LE(bytes.length - 12);
  const footer = parseExactJson(
    bytes.toString('utf8', bytes.length - 12 - size, bytes.length - 12),
  );
  const blobs = new FieldReader('footer', footer).list('blobs');
  expect(blobs).toHaveLength(2);
  expect(blobs).toMatchObject(
    [4, 4].map(() => ({
      type: 'deletion-vector-v1',
      fields: [2147483645],
      'snapshot-id': -1,
      'sequence-number': -1,
      properties: { cardinality: '1' },
    })),
  );
  expect(metadata.snapshots.at(-1)?.summary).toMatchObject({
    'added-dvs': '2',
    'added-position-deletes': '2',
    'total-records': '4',
    'total-delete-files': '2',
  });
});
