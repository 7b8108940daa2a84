import { expect, test } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import { startIcebergRest } from '@cdc-demo/local-servers';
import { RestCatalog } from '../catalog/rest/rest-catalog.ts';
import { IcebergTable } from '../iceberg-table.ts';
import { TableFolder, clock, inserts, point, schema, writer } from './table-folder.fixture.ts';

test('files of a settled snapshot are named as the catalog names the table', async () => {
  await using server = await startIcebergRest();
  await using files = await TableFolder.create();
  const catalog = new RestCatalog({ uri: server.uri, clock });
  // A path and no URL, as the store would have it.
  const table = catalog.table({ namespace: ['lake'], name: 't' }, files.path);
  const sink = files.sink({ location: () => table });
  await sink.open(writer);
  const stage = await sink.stageSnapshot(schema);
  const first = new ColumnBatch(schema.fields);
  first.appendRow([1, 'a', 1n]);
  await stage.write(first);
  const settlement = await sink.settleSnapshot([await stage.finish()], point(100));
  await settlement.write(inserts(schema, 110, [[2, 'b', 2n]]));
  await settlement.commit(point(110));
  const published = await sink.publishSnapshot([await settlement.finish()], point(110));
  expect(published).toMatchObject({ outcome: 'committed' });
  const made = await IcebergTable.open(table);
  expect(made.metadata.location).toBe(files.path);
  const paths = (await made.files()).map(({ path }) => path);
  expect(paths).toHaveLength(2);
  expect(paths.filter((path) => !path.startsWith(`${files.path}/data/`))).toEqual([]);
});
