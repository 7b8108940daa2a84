import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue, ObjectStore } from '@cdc-demo/cdc-core';
import { DeltaTable } from '../delta-table.ts';
import { DeltaTableWriter } from '../delta-table-writer.ts';
import type { StructType } from '../schema/delta-type.ts';
import { SCHEMA_DOMAIN } from '../sink/columns-domain.ts';
import { feedRows, tableRows } from '../sink/sink.fixture.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { temporaryStore, tickingClock } from '../storage.fixture.ts';

const INT: FieldType = { kind: 'int', bits: 32 };
const LONG: FieldType = { kind: 'int', bits: 64 };
const TEXT: FieldType = { kind: 'string' };
const field = (name: string, type: FieldType, nullable = true): Field => ({
  id: 0,
  name,
  type,
  nullable,
});
const list = (type: FieldType): FieldType => ({ kind: 'list', element: field('element', type) });

const fields: readonly Field[] = [
  field('id', INT, false),
  field('name', TEXT),
  field('n', { kind: 'struct', fields: [field('a', INT), field('b', list(INT))] }),
];

function rows(of: readonly Field[], ...values: (readonly FieldValue[])[]): ColumnBatch {
  const batch = new ColumnBatch(of);
  for (const row of values) batch.appendRow(row);
  return batch;
}

describe('columns change as metadata only', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  let table: DeltaTableWriter;
  const options = { clock: tickingClock() };
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
    table = await DeltaTableWriter.create(store, { name: 't', fields, key: ['id'] }, options);
    await table.append(
      rows(fields, [1, 'a', { a: 1, b: [1, 2] }], [2, 'b', null], [3, 'c', { a: null, b: [] }]),
    );
  });
  afterEach(() => files[Symbol.asyncDispose]());

  const dataFiles = async (): Promise<string[]> => {
    return [...(await openSnapshot(store)).files()].map(({ path }) => path).sort();
  };

  it('D22: renames switch column mapping on, and files, ids and names in them stay', async () => {
    const before = await dataFiles();
    expect(await table.renameColumn('name', 'title')).toBe(2n);
    expect(await dataFiles()).toEqual(before);
    const { protocol, metadata, schema } = await openSnapshot(store);
    expect(protocol).toMatchObject({ minReaderVersion: 2, minWriterVersion: 7 });
    expect(protocol.readerFeatures).toBeUndefined();
    expect(protocol.writerFeatures).toContain('columnMapping');
    expect(metadata.configuration).toMatchObject({
      'delta.columnMapping.mode': 'name',
      'delta.columnMapping.maxColumnId': '6',
    });
    expect(schema.fields[1]).toMatchObject({
      name: 'title',
      metadata: {
        'delta.columnMapping.id': 2,
        'delta.columnMapping.physicalName': 'name',
      },
    });
    expect(JSON.stringify(schema.fields[2])).toContain('"delta.columnMapping.id":5');
    const now = (await DeltaTable.open(store)).snapshot();
    expect((await now).columnMapping).toBe('name');
    expect(await tableRows(store)).toEqual([
      '{"id":1,"title":"a","n":{"a":1,"b":[1,2]}}',
      '{"id":2,"title":"b","n":null}',
      '{"id":3,"title":"c","n":{"a":null,"b":[]}}',
    ]);
    expect(await table.upsert(rows([fields[0]!, field('title', TEXT)], [1, 'A']))).toBe(3n);
    expect(await feedRows(store, 3n)).toEqual([
      'update_postimage {"id":1,"title":"A","n":null}',
      'update_preimage {"id":1,"title":"a","n":{"a":1,"b":[1,2]}}',
    ]);
    const [, added] = [...(await openSnapshot(store)).files()];
    expect(added?.stats).toContain('"maxValues":{"id":1,"name":"A"}');
  });

  it('D22: a dropped column and a new one of its name have nothing in common', async () => {
    await table.dropColumn('name');
    await table.addColumn(field('name', LONG));
    const { schema, metadata, domains } = await openSnapshot(store);
    const again = schema.fields.at(-1);
    expect(again?.metadata).toMatchObject({
      'delta.columnMapping.id': 7,
      'delta.columnMapping.physicalName': expect.stringMatching(/^col-[0-9a-f-]{36}$/),
    });
    expect(metadata.configuration['delta.columnMapping.maxColumnId']).toBe('7');
    expect(domains.get(SCHEMA_DOMAIN)?.configuration).toContain('"name":{"id":7');
    await table.upsert(rows([fields[0]!, field('name', LONG)], [4, 44n], [1, 11n]));
    await table.close();
    const opened = await DeltaTableWriter.open(store, options);
    await opened.delete(rows([fields[0]!], [2]));
    expect(await tableRows(store)).toEqual([
      '{"id":1,"n":null,"name":11}',
      '{"id":3,"n":{"a":null,"b":[]},"name":null}',
      '{"id":4,"n":null,"name":44}',
    ]);
    const feed = await DeltaTable.open(store);
    const across = feed.changes({ from: { version: 1 } })[Symbol.asyncIterator]();
    await expect(across.next()).rejects.toMatchObject({ code: 'delta/feed-schema-change' });
  });

  it('D23: wider types are recorded in the nearest field, at any depth', async () => {
    await table.widenColumn('id', LONG);
    const wide: FieldType = {
      kind: 'struct',
      fields: [field('a', { kind: 'decimal', precision: 12, scale: 2 }), field('b', list(LONG))],
    };
    await table.widenColumn('n', wide);
    const { protocol, metadata, schema } = await openSnapshot(store);
    expect(protocol.readerFeatures).toEqual(['typeWidening']);
    expect(metadata.configuration['delta.enableTypeWidening']).toBe('true');
    expect(schema.fields[0]?.metadata).toEqual({
      'delta.typeChanges': [{ fromType: 'integer', toType: 'long' }],
    });
    const inner = schema.fields[2]?.type as StructType;
    expect(inner.fields.map(({ metadata: of }) => of)).toEqual([
      { 'delta.typeChanges': [{ fromType: 'integer', toType: 'decimal(12,2)' }] },
      { 'delta.typeChanges': [{ fromType: 'integer', toType: 'long', fieldPath: 'element' }] },
    ]);
    const now = [field('id', LONG, false), fields[1]!, field('n', wide)];
    await table.upsert(rows(now, [2n ** 40n, 'x', { a: 150n, b: [2n ** 60n] }], [2n, 'B', null]));
    expect(await tableRows(store)).toEqual([
      '{"id":1,"name":"a","n":{"a":"1.00","b":[1,2]}}',
      '{"id":1099511627776,"name":"x","n":{"a":"1.50","b":["1152921504606846976"]}}',
      '{"id":2,"name":"B","n":null}',
      '{"id":3,"name":"c","n":{"a":null,"b":[]}}',
    ]);
    await table.upsert(rows([fields[0]!, fields[1]!], [3, 'narrow rows are widened']));
    expect(await tableRows(store)).toContain('{"id":3,"name":"narrow rows are widened","n":null}');
  });

  it.each<[string, (to: DeltaTableWriter) => Promise<bigint>, string]>([
    ['a name that is taken', (to) => to.addColumn(field('NAME', TEXT)), 'delta/schema-change'],
    ['a rename to one', (to) => to.renameColumn('name', 'ID'), 'delta/schema-change'],
    ['a column that is not there', (to) => to.renameColumn('x', 'y'), 'delta/column-missing'],
    ['a key without its column', (to) => to.dropColumn('id'), 'delta/schema-change'],
    [
      'a narrower type',
      (to) => to.widenColumn('id', { kind: 'int', bits: 16 }),
      'delta/schema-change',
    ],
    ['text for a number', (to) => to.widenColumn('id', TEXT), 'delta/schema-change'],
  ])('refuses %s', async (_, change, code) => {
    await expect(change(table)).rejects.toMatchObject({ code });
    expect((await openSnapshot(store)).version).toBe(1n);
  });

  it('D5: a change of columns meets another writer and is made after it', async () => {
    const other = await DeltaTableWriter.open(store, options);
    await other.upsert(rows(fields, [9, 'z', null]));
    expect(await table.renameColumn('name', 'title')).toBe(3n);
    expect(await tableRows(store)).toContain('{"id":9,"title":"z","n":null}');
    await expect(other.append(rows(fields, [10, 'y', null]))).rejects.toMatchObject({
      code: 'delta/schema-change',
    });
  });
});
