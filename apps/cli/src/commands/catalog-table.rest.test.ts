import process from 'node:process';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import { IcebergTableWriter, RestCatalog } from '@cdc-demo/iceberg';
import { startIcebergRest } from '@cdc-demo/local-servers';
import type { LocalIcebergRest } from '@cdc-demo/local-servers';
import { systemClock } from '@cdc-demo/pipeline';
import { createProgram } from '../program.ts';

const FIELDS = [{ id: 0, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false }] as const;
const URI = 'PYICEBERG_CATALOG__PROD__URI';

let server: LocalIcebergRest;
beforeAll(async () => {
  server = await startIcebergRest();
  process.env[URI] = server.uri;
  const catalog = new RestCatalog({ uri: server.uri, clock: systemClock });
  const writer = await IcebergTableWriter.create(
    catalog.table({ namespace: ['shop'], name: 'people' }),
    { fields: FIELDS, key: ['id'] },
    { clock: systemClock },
  );
  for (let id = 1n; id <= 3n; id++) {
    const rows = new ColumnBatch(FIELDS);
    rows.appendRow([id]);
    await writer.append(rows);
  }
}, 60_000);
afterAll(async () => {
  Reflect.deleteProperty(process.env, URI);
  await server.stop();
});

async function run(...args: readonly string[]): Promise<readonly Record<string, unknown>[]> {
  let text = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const [name = '', ...flags] = args;
  const code = await createProgram().main(['table', name, 'prod.shop.people', ...flags]);
  write.mockRestore();
  expect(code).toBe(0);
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a table of a catalog is read and looked after by its name', async () => {
  expect((await run('rows')).map(({ id }) => id).toSorted()).toEqual([1, 2, 3]);
  expect(await run('tag', 'before')).toHaveLength(2);
  expect(await run('optimize')).toMatchObject([{ removedFiles: 3, addedFiles: 1 }]);
  const expired = await run('expire', '--keep', '1', '--older-than-hours', '0');
  expect(expired.at(-1)).toMatchObject({ expiredSnapshots: 2 });
  expect((await run('vacuum', '--dry-run')).at(-1)).toMatchObject({ deletedFiles: 0 });
  expect((await run('rows')).map(({ id }) => id).toSorted()).toEqual([1, 2, 3]);
  expect((await run('history')).length).toBeGreaterThan(0);
});
