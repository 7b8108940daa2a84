import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FieldValue } from '@cdc-demo/cdc-core';
import { IcebergTable } from '../iceberg-table.ts';
import { IcebergTableWriter } from '../iceberg-table-writer.ts';
import type { ContentFile } from '../manifest/manifest-file.ts';
import {
  TableFolder,
  clock,
  deletes,
  inserts,
  point,
  schema,
  writer,
} from './table-folder.fixture.ts';
import type { IcebergSinkOptions } from './sink-options.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';

let files: TableFolder;
beforeEach(async () => {
  files = await TableFolder.create();
});
afterEach(() => files[Symbol.asyncDispose]());

async function put(
  sink: TendedTableSink,
  lsn: number,
  rows: readonly FieldValue[][],
): Promise<void> {
  await sink.write(inserts(schema, lsn, rows));
  expect(await sink.commit(point(lsn))).toMatchObject({ outcome: 'committed' });
}

async function remove(sink: TendedTableSink, lsn: number, ids: readonly number[]): Promise<void> {
  await sink.write(deletes(lsn, ids));
  expect(await sink.commit(point(lsn))).toMatchObject({ outcome: 'committed' });
}

async function liveFiles(): Promise<readonly ContentFile[]> {
  return (await IcebergTable.open(files.path)).files();
}

const row = (id: number): string => `{"id":${id},"name":"n","amount":"0.01"}`;
const rows = (...ids: readonly number[]): FieldValue[][] => ids.map((id) => [id, 'n', 1n]);

describe('tables for readers that know', () => {
  const create = (options: Partial<IcebergSinkOptions>): Promise<TendedTableSink> =>
    files.created({ upkeep: 'off', ...options });

  it('I22: position deletes have one delete file for each data file, whatever is deleted', async () => {
    const sink = await create({ readers: ['spark', 'clickhouse'] });
    await put(sink, 110, rows(1, 2, 3, 4));
    await put(sink, 120, rows(5, 6));
    await remove(sink, 130, [1, 6]);
    await remove(sink, 140, [3]);
    const live = await liveFiles();
    const { metadata } = await IcebergTable.open(files.path);
    expect(metadata.formatVersion).toBe(2);
    const data = live.filter(({ content }) => content === 'data').map(({ path }) => path);
    const positions = live.filter(({ content }) => content === 'position-deletes');
    expect(positions.map(({ referencedDataFile }) => referencedDataFile).toSorted()).toEqual(
      data.toSorted(),
    );
    expect(positions.map(({ format, recordCount }) => [format, recordCount]).toSorted()).toEqual([
      ['PARQUET', 1],
      ['PARQUET', 2],
    ]);
    for (const { metrics, referencedDataFile } of positions) {
      const bounds = [...metrics.lower.values(), ...metrics.upper.values()].map(String);
      expect(bounds).toEqual([referencedDataFile, referencedDataFile]);
    }
    expect(await files.rows()).toEqual([row(2), row(4), row(5)]);
  });

  it('nothing of deletes get files that are written anew, also when they come later', async () => {
    const sink = await create({ readers: ['basic'] });
    await put(sink, 110, rows(1, 2, 3));
    await remove(sink, 120, [2]);
    expect((await liveFiles()).map(({ content }) => content)).toEqual(['data']);
    await sink.close();
    const later = files.sink({ upkeep: 'off', readers: ['spark', 'basic'] });
    await later.open(writer);
    await remove(later, 130, [3]);
    expect((await liveFiles()).map(({ content }) => content)).toEqual(['data']);
    expect(await files.rows()).toEqual([row(1)]);
  });

  it('only version 2 are refused for a table of version 3', async () => {
    const sink = files.sink({ readers: ['clickhouse'], formatVersion: 3 });
    await sink.open(writer);
    const refused = { code: 'iceberg/unreadable', context: { reader: 'clickhouse' } };
    await expect(sink.create(schema, point(100))).rejects.toMatchObject(refused);
    await expect(sink.stageSnapshot(schema)).rejects.toMatchObject(refused);
    await (await create({})).close();
    expect(await files.sink({ readers: ['clickhouse'] }).open(writer)).toMatchObject({
      outcome: 'refused',
      error: refused,
    });
    const opened = IcebergTableWriter.open(files.path, { clock, readers: ['clickhouse'] });
    await expect(opened).rejects.toMatchObject(refused);
  });

  it('deletes lose to a property of the table that rules them out', async () => {
    const properties = { 'write.merge.mode': 'copy-on-write' };
    const fields = schema.fields.slice(0, 1);
    const table = await IcebergTableWriter.create(
      files.path,
      { fields, key: ['id'], formatVersion: 2, properties },
      { clock },
    );
    await table.append(inserts({ ...schema, fields }, 1, [[1], [2]]).images);
    await table.delete(inserts({ ...schema, fields }, 1, [[1]]).images);
    expect((await liveFiles()).map(({ content }) => content)).toEqual(['data']);
    expect(await files.rows()).toEqual(['{"id":2}']);
  });
});
