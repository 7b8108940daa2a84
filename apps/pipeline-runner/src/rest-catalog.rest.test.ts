import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import pg from 'pg';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { IcebergTable, RestCatalog } from '@cdc-demo/iceberg';
import { startIcebergRest, startPostgres } from '@cdc-demo/local-servers';
import { parseConfig, systemClock } from '@cdc-demo/pipeline';
import { catchUp } from './catch-up.fixture.ts';
import { findCut } from './consistent-cut.ts';

const CREDENTIAL = 'runner:very-secret';

function config(uri: string, state: string): string {
  return `
pipelines:
  - id: shop
    source:
      type: postgres
      url: \${env:SOURCE_URL}
      tables: [public.people, public.orders]
    sink:
      type: iceberg
      catalog: { type: rest, uri: '${uri}', credential: '\${env:CREDENTIAL}', namespace: 'lake.{schema}' }
    state: ${state}
    commit: { intervalMs: 20 }
`;
}

test('a pipeline keeps tables of a REST catalog equal to a Postgres', async () => {
  await using catalog = await startIcebergRest();
  await using server = await startPostgres({ version: 18 });
  const state = await mkdtemp(join(tmpdir(), 'rest-pipeline-'));
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`
    CREATE TABLE people (id int PRIMARY KEY, name text);
    CREATE TABLE orders (id bigint PRIMARY KEY, people_id int);
    INSERT INTO people SELECT id, 'n' || id FROM generate_series(1, 100) id;
  `);
  const env = { SOURCE_URL: server.url, CREDENTIAL };
  const readSecretFile = (path: string): string => {
    throw new Error(`${path} is not asked for`);
  };
  const parsed = parseConfig(config(catalog.uri, state), { env, readSecretFile }, 'the test');
  await catchUp(parsed);
  await client.query(`
    BEGIN;
    UPDATE people SET name = 'changed' WHERE id <= 10;
    DELETE FROM people WHERE id > 90;
    INSERT INTO orders SELECT id, id FROM generate_series(1, 50) id;
    COMMIT;
    ALTER TABLE people ADD COLUMN more text;
    INSERT INTO people VALUES (1000, 'new', 'more');
  `);
  await catchUp(parsed);
  const tables = new RestCatalog({ uri: catalog.uri, clock: systemClock });
  for (const [name, columns] of [
    ['people', `id, name, more`],
    ['orders', `id, people_id`],
  ] as const) {
    const table = tables.table({ namespace: ['lake', 'public'], name });
    const read = await canonicalRows((await IcebergTable.open(table)).rows());
    const { rows } = await client.query<{ row: string }>(
      `SELECT row_to_json(t)::text AS row FROM (SELECT ${columns} FROM ${name}) t`,
    );
    const plain = (row: string): string => JSON.stringify(JSON.parse(row));
    const ids = (row: string): string => plain(row).replace(/"(\d+)"/g, '$1');
    expect(read.map(ids).toSorted()).toEqual(rows.map(({ row }) => ids(row)).toSorted());
  }
  const cut = await findCut(parsed.pipelines[0]!, {});
  expect(cut.tables.map(({ location }) => location)).toEqual([
    `${catalog.uri}/lake.public.people`,
    `${catalog.uri}/lake.public.orders`,
  ]);
  await client.end();
  await rm(state, { recursive: true });
});
