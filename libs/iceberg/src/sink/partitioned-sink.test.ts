import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { FieldValue, StagedSnapshot, TableSchema } from '@cdc-demo/cdc-core';
import { IcebergTable } from '../iceberg-table.ts';
import { TableFolder, deletes, inserts, point, schema, writer } from './table-folder.fixture.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';

let files: TableFolder;
beforeEach(async () => {
  files = await TableFolder.create();
});
afterEach(() => files[Symbol.asyncDispose]());

async function commit(
  sink: TendedTableSink,
  lsn: number,
  rows: readonly FieldValue[][],
  of: TableSchema = schema,
): Promise<void> {
  await sink.write(inserts(of, lsn, rows));
  expect(await sink.commit(point(lsn))).toMatchObject({ outcome: 'committed' });
}

/** Of each live data file: its spec, and the folder of its partition. */
async function folders(): Promise<string[]> {
  const live = await (await IcebergTable.open(files.path)).files();
  return live
    .filter(({ content }) => content === 'data')
    .map(({ specId, path }) => `${specId} ${path.replace(/^.*\/data\//, '').replace(/[^/]*$/, '')}`)
    .toSorted();
}

const by =
  (...partitionBy: readonly string[]) =>
  (): readonly string[] =>
    partitionBy;

describe('tables of a pipeline that are partitioned', () => {
  it('I24: are parted as the configuration says, from the commit on that finds it changed', async () => {
    const first = await files.created({ upkeep: 'off', partitionBy: by('name') });
    await commit(first, 110, [
      [1, 'a', 1n],
      [2, 'b', 2n],
      [3, null, 3n],
    ]);
    await first.close();
    const before = await files.keys();
    const second = files.sink({ upkeep: 'off', partitionBy: by('bucket(2, id)', 'name') });
    expect(await second.open(writer)).toMatchObject({ outcome: 'opened' });
    // Nothing is committed for it alone.
    expect(await files.keys()).toEqual(before);
    await commit(second, 120, [[1, 'b', 9n]]);
    await second.close();
    const third = files.sink({ upkeep: 'off' });
    await third.open(writer);
    await third.write(deletes(130, [2]));
    await third.commit(point(130));
    await commit(third, 140, [[4, 'd', 4n]]);
    expect(await folders()).toEqual([
      '0 name=__HIVE_DEFAULT_PARTITION__/',
      '1 id_bucket_2=0/name=b/',
      '1 id_bucket_2=0/name=d/',
    ]);
    expect(await files.rows()).toEqual([
      '{"id":1,"name":"b","amount":"0.09"}',
      '{"id":3,"name":null,"amount":"0.03"}',
      '{"id":4,"name":"d","amount":"0.04"}',
    ]);
  });

  it('go on without a partition column that is dropped, and with one that is renamed', async () => {
    const partitionBy = by('name', 'truncate(100, amount)');
    const sink = await files.created({ upkeep: 'off', partitionBy });
    await commit(sink, 110, [[1, 'a', 150n]]);
    const [id, name, amount] = schema.fields;
    if (!id || !name || !amount) throw new Error('The schema has other columns');
    const renamed = { ...schema, version: 2, fields: [id, { ...name, name: 'title' }, amount] };
    await commit(sink, 120, [[2, 'b', 250n]], renamed);
    const dropped = { ...schema, version: 3, fields: [id, amount] };
    await commit(sink, 130, [[3, 350n]], dropped);
    await commit(sink, 140, [[1, 50n]], dropped);
    expect(await folders()).toEqual([
      '0 name=b/amount_trunc_100=2.00/',
      '1 amount_trunc_100=0.00/',
      '1 amount_trunc_100=3.00/',
    ]);
    expect(await files.rows()).toEqual([
      '{"id":1,"amount":"0.50"}',
      '{"id":2,"amount":"2.50"}',
      '{"id":3,"amount":"3.50"}',
    ]);
  });

  it('are merged partition by partition, those of an earlier spec too', async () => {
    const upkeep = { minFiles: 3, workShare: 1 };
    const first = await files.created({ upkeep, partitionBy: by('name') });
    let lsn = 100;
    const put = async (sink: TendedTableSink, id: number): Promise<void> => {
      lsn += 10;
      await commit(sink, lsn, [[id, id % 2 === 0 ? 'even' : 'odd', 1n]]);
      await sink.idle();
    };
    for (let id = 1; id <= 4; id++) await put(first, id);
    await first.close();
    const second = files.sink({ upkeep, partitionBy: by('bucket(1, id)') });
    await second.open(writer);
    for (let id = 5; id <= 9; id++) await put(second, id);
    await second.close();
    const found = await folders();
    expect(found.length).toBeLessThan(9);
    expect(found).toEqual(expect.arrayContaining(['1 id_bucket_1=0/']));
    const expected = Array.from({ length: 9 }, (_, i) => i + 1).map((id) => {
      return `{"id":${id},"name":"${id % 2 === 0 ? 'even' : 'odd'}","amount":"0.01"}`;
    });
    expect(await files.rows()).toEqual(expected);
  });

  it('get their first rows parted, and what an earlier run staged is swept', async () => {
    const sink = files.sink({ upkeep: 'off', partitionBy: by('name') });
    await sink.open(writer);
    const rows = new ColumnBatch(schema.fields);
    for (const [id, name] of ['a', 'b', null].entries()) rows.appendRow([id, name, 1n]);
    const left = await sink.stageSnapshot(schema);
    await left.write(rows);
    await left.finish();
    await sink.sweepStaged([]);
    expect(await files.keys()).toEqual([]);
    const stage = await sink.stageSnapshot(schema);
    await stage.write(rows);
    const settlement = await sink.settleSnapshot([await stage.finish()], point(100));
    await settlement.write(inserts(schema, 110, [[1, 'c', 2n]]));
    await settlement.commit(point(110));
    // What was staged and settled under one configuration is published under another.
    const text = JSON.stringify(await settlement.finish());
    const staged = JSON.parse(text) as StagedSnapshot;
    const other = files.sink({ upkeep: 'off', partitionBy: by('bucket(2, id)') });
    await other.open(writer);
    expect(await other.publishSnapshot([staged], point(110))).toMatchObject({
      outcome: 'committed',
    });
    await commit(other, 120, [[3, 'a', 3n]]);
    expect(await folders()).toEqual([
      '0 name=__HIVE_DEFAULT_PARTITION__/',
      '0 name=a/',
      '0 name=c/',
      '1 id_bucket_2=1/',
    ]);
    expect(await files.rows()).toEqual([
      '{"id":0,"name":"a","amount":"0.01"}',
      '{"id":1,"name":"c","amount":"0.02"}',
      '{"id":2,"name":null,"amount":"0.01"}',
      '{"id":3,"name":"a","amount":"0.03"}',
    ]);
  });

  it('are not made of rows that were staged in different ways', async () => {
    const staged = await Promise.all(
      ['name', 'id'].map(async (column) => {
        const sink = files.sink({ upkeep: 'off', partitionBy: by(column) });
        await sink.open(writer);
        return (await sink.stageSnapshot(schema)).finish();
      }),
    );
    const sink = files.sink({ upkeep: 'off' });
    await sink.open(writer);
    expect(await sink.publishSnapshot(staged, point(100))).toMatchObject({
      outcome: 'conflicted',
      error: { code: 'iceberg/staged-rows-gone' },
    });
  });

  it('are refused when a transform does not go with its column', async () => {
    const sink = files.sink({ partitionBy: by('day(name)') });
    await sink.open(writer);
    const refused = { code: 'iceberg/partition-column' };
    await expect(sink.create(schema, point(100))).rejects.toMatchObject(refused);
    await expect(sink.stageSnapshot(schema)).rejects.toMatchObject(refused);
  });
});
