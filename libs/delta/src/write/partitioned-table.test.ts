import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldValue, ObjectStore } from '@cdc-demo/cdc-core';
import { openParquet } from '@cdc-demo/lake-core';
import { DeltaTableWriter } from '../delta-table-writer.ts';
import type { AddCdcFile, AddFile } from '../log/actions.ts';
import { changes, feedRows, logLines, openTable, point } from '../sink/sink.fixture.ts';
import { rowsOf, schema, tableRows } from '../sink/sink.fixture.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { temporaryStore, tickingClock } from '../storage.fixture.ts';

const fields: readonly Field[] = [
  { id: 0, name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
  { id: 0, name: 'day', type: { kind: 'date' }, nullable: true },
  { id: 0, name: 'place', type: { kind: 'string' }, nullable: true },
  { id: 0, name: 'n', type: { kind: 'int', bits: 64 }, nullable: true },
];

function rows(...values: (readonly FieldValue[])[]): ColumnBatch {
  const batch = new ColumnBatch(fields);
  for (const row of values) batch.appendRow(row);
  return batch;
}

describe('a partitioned table', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  const options = { clock: tickingClock() };
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
  });
  afterEach(() => files[Symbol.asyncDispose]());

  const create = (partitionBy: readonly string[], key = ['id']): Promise<DeltaTableWriter> =>
    DeltaTableWriter.create(store, { name: 't', fields, key, partitionBy }, options);
  const actionsOf = async (version: number): Promise<{ add: AddFile[]; cdc: AddCdcFile[] }> => {
    const lines = (await logLines(store, version)) as { add?: AddFile; cdc?: AddCdcFile }[];
    return {
      add: lines.flatMap(({ add }) => add ?? []),
      cdc: lines.flatMap(({ cdc }) => cdc ?? []),
    };
  };

  it('D19: has a file for each partition, with its values in the log and in the file', async () => {
    const table = await create(['day', 'place']);
    await table.append(
      rows([1, 0, 'a b', 10n], [2, 1, 'x=%', 20n], [3, 0, 'a b', 30n], [4, null, null, 40n]),
    );
    const { add } = await actionsOf(1);
    const values = add.map(({ partitionValues }) => partitionValues);
    expect(values).toEqual([
      { day: '1970-01-01', place: 'a b' },
      { day: '1970-01-02', place: 'x=%' },
      { day: null, place: null },
    ]);
    expect(add.map(({ path }) => path.slice(0, path.lastIndexOf('/')))).toEqual([
      'day=1970-01-01/place=a_b',
      'day=1970-01-02/place=x__',
      'day=__HIVE_DEFAULT_PARTITION__/place=__HIVE_DEFAULT_PARTITION__',
    ]);
    expect(JSON.parse(add[0]?.stats ?? '')).toEqual({
      numRecords: 2,
      minValues: { id: 1, n: 10 },
      maxValues: { id: 3, n: 30 },
      nullCount: { id: 0, n: 0 },
      tightBounds: true,
    });
    const inFile = await openParquet(store, add[1]!.path);
    expect(inFile.fields.map(({ name, id }) => `${id} ${name}`)).toEqual([
      '1 id',
      '2 day',
      '3 place',
      '4 n',
    ]);
    expect(await tableRows(store)).toEqual([
      '{"id":1,"day":"1970-01-01","place":"a b","n":10}',
      '{"id":2,"day":"1970-01-02","place":"x=%","n":20}',
      '{"id":3,"day":"1970-01-01","place":"a b","n":30}',
      '{"id":4,"day":null,"place":null,"n":40}',
    ]);
  });

  it('D14: a row that moves is one update, its images in the files of their partitions', async () => {
    const table = await create(['day']);
    await table.append(rows([1, 0, 'a', 1n], [2, 0, 'b', 2n], [3, 1, 'c', 3n]));
    await table.upsert(rows([1, 5, 'a', 1n], [4, 5, 'd', 4n], [2, 0, 'B', 2n]));
    expect(await feedRows(store, 2n)).toEqual([
      'insert {"id":4,"day":"1970-01-06","place":"d","n":4}',
      'update_postimage {"id":1,"day":"1970-01-06","place":"a","n":1}',
      'update_postimage {"id":2,"day":"1970-01-01","place":"B","n":2}',
      'update_preimage {"id":1,"day":"1970-01-01","place":"a","n":1}',
      'update_preimage {"id":2,"day":"1970-01-01","place":"b","n":2}',
    ]);
    const { cdc } = await actionsOf(2);
    expect(cdc.map(({ path }) => path.slice(0, path.lastIndexOf('/')))).toEqual([
      '_change_data/day=1970-01-01',
      '_change_data/day=1970-01-06',
    ]);
    for (const { path, partitionValues, dataChange } of cdc) {
      expect(dataChange).toBe(false);
      expect(path).toContain(`day=${partitionValues['day'] ?? ''}/cdc-`);
      const inFile = await openParquet(store, path);
      expect(inFile.fields.map(({ name }) => name)).toEqual(['id', 'place', 'n', '_change_type']);
    }
    await table.upsert(rows([1, 1, 'back', 1n]));
    await table.delete(rows([3, null, null, null]));
    expect(await tableRows(store)).toEqual([
      '{"id":1,"day":"1970-01-02","place":"back","n":1}',
      '{"id":2,"day":"1970-01-01","place":"B","n":2}',
      '{"id":4,"day":"1970-01-06","place":"d","n":4}',
    ]);
    await table.truncate();
    expect((await feedRows(store, 5n)).map((line) => line.slice(0, 14))).toEqual([
      'delete {"id":1',
      'delete {"id":2',
      'delete {"id":4',
    ]);
  });

  it('finds rows by a key of partition columns', async () => {
    const table = await create(['id'], ['id']);
    await table.append(rows([1, 0, 'a', 1n], [2, 0, 'b', 2n]));
    await table.upsert(rows([2, 0, 'B', 3n]));
    await table.close();
    const again = await DeltaTableWriter.open(store, options);
    await again.delete(rows([1, null, null, null]));
    expect(await tableRows(store)).toEqual(['{"id":2,"day":"1970-01-01","place":"B","n":3}']);
  });

  it('keeps track of many rows over many partitions and files', async () => {
    const small = { ...options, targetFileRows: 5 };
    await create(['place']);
    let table = await DeltaTableWriter.open(store, small);
    const of = (id: number, round: number): [number, null, string, bigint] => {
      return [id, null, `p${(id * 7 + round * 3) % 70}`, BigInt(round)];
    };
    const all = Array.from({ length: 300 }, (_, id) => id);
    await table.upsert(rows(...all.map((id) => of(id, 0))));
    for (const round of [1, 2]) {
      const some = all.filter((id) => id % (round + 1) === 0);
      await table.upsert(rows(...some.map((id) => of(id, round))));
      if (round === 1) {
        await table.close();
        table = await DeltaTableWriter.open(store, small);
      }
    }
    const last = (id: number): number => [2, 1].find((round) => id % (round + 1) === 0) ?? 0;
    const expected = all.map((id) => {
      const [, , place, n] = of(id, last(id));
      return `{"id":${id},"day":null,"place":"${place}","n":${n}}`;
    });
    expect(await tableRows(store)).toEqual(expected.sort());
  }, 60_000);

  it('D22: keeps its partition under a new name', async () => {
    const table = await create(['day']);
    await table.append(rows([1, 0, 'a', 1n]));
    await table.renameColumn('day', 'date');
    const named = fields.map((field) =>
      field.name === 'day' ? { ...field, name: 'date' } : field,
    );
    await table.upsert(rowsOf(named, [[1, 3, 'b', 2n]]));
    expect(await feedRows(store, 3n)).toEqual([
      'update_postimage {"id":1,"date":"1970-01-04","place":"b","n":2}',
      'update_preimage {"id":1,"date":"1970-01-01","place":"a","n":1}',
    ]);
    const { metadata } = await openSnapshot(store);
    expect(metadata.partitionColumns).toEqual(['date']);
    expect((await actionsOf(3)).add.at(-1)?.partitionValues).toEqual({ day: '1970-01-04' });
    await expect(table.dropColumn('date')).rejects.toMatchObject({ code: 'delta/schema-change' });
  });

  it('D19: refuses values and columns that it cannot be partitioned by', async () => {
    await expect(create(['nope'])).rejects.toMatchObject({ code: 'delta/column-missing' });
    const table = await create(['place']);
    await expect(table.append(rows([1, 0, 'a', 1n], [2, 0, '', 1n]))).rejects.toMatchObject({
      code: 'delta/partition-value',
    });
    expect(await tableRows(store)).toEqual([]);
    const left: string[] = [];
    for await (const { key } of store.list('')) if (!key.startsWith('_')) left.push(key);
    expect(left).toEqual([]);
  });

  it('is kept by a pipeline from the first snapshot on', async () => {
    const dated = {
      ...schema,
      fields: [
        ...schema.fields,
        { id: 4, name: 'day', type: { kind: 'date' }, nullable: true } as const,
      ],
    };
    const sink = await openTable(store, { partitionBy: () => ['day'] });
    const stage = await sink.stageSnapshot(dated);
    await stage.write(
      rowsOf(dated.fields, [
        [1n, 'a', null, 0],
        [2n, 'b', null, 1],
      ]),
    );
    const abandoned = await sink.stageSnapshot(dated);
    await abandoned.write(
      rowsOf(dated.fields, [
        [1n, 'a', null, 0],
        [2n, 'b', null, 1],
      ]),
    );
    await sink.publishSnapshot([await abandoned.finish()], point(10));
    await sink.write(
      changes(dated, [[20, [{ op: 'update', row: [1n, 'A', null, 1], old: [1n, 'a', null, 0] }]]]),
    );
    expect(await sink.commit(point(20))).toMatchObject({ outcome: 'committed' });
    await stage.abort();
    expect(await feedRows(store, 1n)).toEqual([
      'update_postimage {"id":1,"name":"A","uid":null,"day":"1970-01-02"}',
      'update_preimage {"id":1,"name":"a","uid":null,"day":"1970-01-01"}',
    ]);
  });

  it('D19: is refused to a pipeline for text, which may be empty', async () => {
    const sink = await openTable(store, { partitionBy: () => ['name'] });
    await expect(sink.create(schema, point(10))).rejects.toMatchObject({
      code: 'delta/partition-column',
      context: { column: 'name' },
    });
    await expect(sink.stageSnapshot(schema)).rejects.toMatchObject({
      code: 'delta/partition-column',
    });
    const by = await openTable(store, { partitionBy: () => ['uid'] });
    expect(await by.create(schema, point(10))).toMatchObject({ outcome: 'committed' });
  });
});
