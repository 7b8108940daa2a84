import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { ChangeBatch, TableSchema, Writer } from '@cdc-demo/cdc-core';
import { rowObjects } from '@cdc-demo/lake-core';
import { IcebergTableWriter } from '../iceberg-table-writer.ts';
import { IcebergTable } from '../iceberg-table.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import type { IcebergSinkOptions } from './sink-options.ts';
import { TableFolder, clock, inserts, point, schema, writer } from './table-folder.fixture.ts';

let files: TableFolder;
let folder: string;
beforeEach(async () => {
  files = await TableFolder.create();
  folder = files.path;
});
afterEach(() => files[Symbol.asyncDispose]());

const sinkOf = (options: Partial<IcebergSinkOptions> = {}, of = schema.table): TendedTableSink =>
  files.sink(options, of);
const created = (options: Partial<IcebergSinkOptions> = {}): Promise<TendedTableSink> =>
  files.created(options);
const rows = (): Promise<string[]> => files.rows();

async function commit(sink: TendedTableSink, batch: ChangeBatch, lsn: number): Promise<void> {
  await sink.write(batch);
  expect(await sink.commit(point(lsn))).toMatchObject({ outcome: 'committed' });
}

test.each([2, 3] as const)(
  'version %i: a settled snapshot leaves no file behind',
  async (formatVersion) => {
    const sink = sinkOf({ formatVersion });
    await sink.open(writer);
    const stage = await sink.stageSnapshot(schema);
    const first = new ColumnBatch(schema.fields);
    first.appendRow([1, 'a', 1n]);
    first.appendRow([2, 'b', 2n]);
    await stage.write(first);
    const settlement = await sink.settleSnapshot([await stage.finish()], point(100));
    for (const lsn of [110, 120]) {
      await settlement.write(inserts(schema, lsn, [[1, `at ${lsn}`, 1n]]));
      await settlement.commit(point(lsn));
    }
    const staged = await settlement.finish();
    const deletions = formatVersion === 3 ? '-deletes.puffin' : '-deletes.parquet';
    expect((await files.keys()).filter((name) => name.endsWith(deletions))).toHaveLength(1);
    expect(await sink.publishSnapshot([staged], point(120))).toMatchObject({
      outcome: 'committed',
    });
    expect(await rows()).toEqual([
      '{"id":1,"name":"at 120","amount":"0.01"}',
      '{"id":2,"name":"b","amount":"0.02"}',
    ]);
    const data = (await files.keys()).filter((name) => !name.startsWith('metadata/'));
    const live = await (await IcebergTable.open(folder)).files();
    expect(data).toEqual(live.map(({ path }) => path.slice(path.indexOf('data/'))).toSorted());
  },
);

test('columns are added, renamed, dropped and widened under the ids that they have', async () => {
  const sink = await created();
  await commit(sink, inserts(schema, 110, [[1, 'a', 12345n]]), 110);
  const changed: TableSchema = {
    ...schema,
    version: 2,
    fields: [
      { id: 1, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
      { id: 3, name: 'price', type: { kind: 'decimal', precision: 9, scale: 2 }, nullable: true },
      { id: 4, name: 'more', type: { kind: 'json' }, nullable: true },
    ],
  };
  await commit(sink, inserts(changed, 120, [[2n, 1234567n, '{}']]), 120);
  expect(await rows()).toEqual([
    '{"id":1,"price":"123.45","more":null}',
    '{"id":2,"price":"12345.67","more":"{}"}',
  ]);
  const { metadata } = await IcebergTable.open(folder);
  const columns = metadata.schemas.map((each) => each.columns.map(({ id, type }) => [id, type]));
  expect(columns).toEqual([
    [
      [1, 'int'],
      [2, 'string'],
      [3, 'decimal(5, 2)'],
    ],
    [
      [1, 'long'],
      [3, 'decimal(9, 2)'],
      [4, 'string'],
    ],
  ]);
  expect(metadata.snapshots.map(({ schemaId }) => schemaId)).toEqual([0, 0, 1]);
  await sink.close();
  const again = sinkOf();
  expect(await again.open(writer)).toMatchObject({ outcome: 'opened', batch: 120 });
  expect(again.lacks(schema)).toEqual(['name', 'amount']);
});

test('a type that does not hold all values is refused', async () => {
  const sink = await created();
  const [id, name] = schema.fields;
  const fields = [id!, { ...name!, type: { kind: 'date' } as const }];
  await sink.write(inserts({ ...schema, version: 2, fields }, 110, [[1, 5]]));
  expect(await sink.commit(point(110))).toMatchObject({
    outcome: 'conflicted',
    error: { code: 'iceberg/schema-change', context: { column: 'name' } },
  });
});

test('I4, I5: a commit of somebody else is followed', async () => {
  const sink = await created();
  await commit(
    sink,
    inserts(schema, 110, [
      [1, 'a', null],
      [2, 'b', null],
    ]),
    110,
  );
  const other = await IcebergTableWriter.open(folder, { clock });
  const keys = new ColumnBatch([
    { id: 0, name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
  ]);
  keys.appendRow([1]);
  await other.delete(keys);
  await commit(
    sink,
    inserts(schema, 120, [
      [2, 'B', null],
      [3, 'c', null],
    ]),
    120,
  );
  expect(await rows()).toEqual([
    '{"id":2,"name":"B","amount":null}',
    '{"id":3,"name":"c","amount":null}',
  ]);
});

test('append mode keeps every change, the first rows as they were read', async () => {
  const sink = sinkOf({ mode: 'append' });
  await sink.open(writer);
  const stage = await sink.stageSnapshot(schema);
  const first = new ColumnBatch(schema.fields);
  first.appendRow([1, 'a', null]);
  await stage.write(first);
  expect(await sink.publishSnapshot([await stage.finish()], point(100))).toMatchObject({
    outcome: 'committed',
    stats: { inserted: 1, files: 1 },
  });
  await commit(sink, inserts(schema, 110, [[1, 'b', null]]), 110);
  const found: unknown[] = [];
  for await (const row of rowObjects((await IcebergTable.open(folder)).rows())) {
    found.push([row['_cdc_operation'], row['id'], row['name'], row['_cdc_source_lsn']]);
  }
  expect(found).toEqual([
    ['insert', 1, 'b', '0/6D'],
    ['read', 1, 'a', null],
  ]);
  expect(sink.lacks(schema)).toEqual([]);
});

test('a stage that is given up leaves nothing, and the next run sweeps what a crash left', async () => {
  const sink = sinkOf();
  await sink.open(writer);
  const stage = async (): Promise<Awaited<ReturnType<typeof sink.stageSnapshot>>> => {
    const one = await sink.stageSnapshot(schema);
    const batch = new ColumnBatch(schema.fields);
    batch.appendRow([1, 'a', null]);
    await one.write(batch);
    return one;
  };
  await (await stage()).abort();
  expect(await files.keys()).toEqual([]);
  const kept = await (await stage()).finish();
  await (await stage()).finish();
  await sink.sweepStaged([kept]);
  expect(await files.keys()).toHaveLength(1);
  await files.store.delete((await files.keys())[0] ?? '');
  expect(await sink.publishSnapshot([kept], point(100))).toMatchObject({
    outcome: 'conflicted',
    error: { code: 'iceberg/staged-rows-gone' },
  });
  await files.store.put('data/theirs.parquet', Buffer.from('x'));
  await expect(sink.sweepStaged([])).rejects.toMatchObject({ code: 'iceberg/not-ours' });
});

describe('a table that is not ours is refused', () => {
  test.each<[string, Partial<IcebergSinkOptions>, Writer, string]>([
    ['it is kept in upsert mode', { mode: 'append' }, writer, 't'],
    ['it belongs to the pipeline p', {}, { pipeline: 'q', incarnation: 1 }, 't'],
    ['it holds public.t', {}, writer, 'other'],
  ])('%s', async (why, options, by, name) => {
    await created();
    const opened = await sinkOf(options, { namespace: 'public', name }).open(by);
    expect(opened).toMatchObject({ outcome: 'refused', error: { code: 'iceberg/not-ours' } });
    expect(opened.outcome === 'refused' && opened.error.message).toContain(why);
  });

  test('it was written by something else', async () => {
    await IcebergTableWriter.create(folder, { fields: schema.fields }, { clock });
    const sink = sinkOf();
    expect(await sink.open(writer)).toMatchObject({ outcome: 'refused' });
    expect(
      await sink.publishSnapshot([{ rows: 0, bytes: 0, files: [], columns: {} }], point(1)),
    ).toMatchObject({ outcome: 'conflicted', error: { code: 'iceberg/not-ours' } });
  });

  test('upsert mode needs a key', async () => {
    const sink = sinkOf();
    await sink.open(writer);
    await expect(sink.create({ ...schema, key: [] }, point(1))).rejects.toMatchObject({
      code: 'iceberg/no-key',
    });
  });
});
