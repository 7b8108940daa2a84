import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { DeltaTable } from '@cdc-demo/delta';
import { IcebergTable } from '@cdc-demo/iceberg';
import { startMinio, startPostgres } from '@cdc-demo/local-servers';
import type { LocalMinio, LocalPostgres } from '@cdc-demo/local-servers';
import { parseConfig } from '@cdc-demo/pipeline';
import { catchUp } from './catch-up.fixture.ts';
import { findCut } from './consistent-cut.ts';

let minio: LocalMinio;
let server: LocalPostgres;
let client: pg.Client;
const before = { ...process.env };

beforeAll(async () => {
  [minio, server] = await Promise.all([startMinio(), startPostgres({ version: 18 })]);
  const { endpoint, credentials } = minio;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  });
  client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`
    CREATE TABLE people (id int PRIMARY KEY, name text);
    INSERT INTO people SELECT id, 'n' || id FROM generate_series(1, 2000) id;
  `);
}, 60_000);

afterAll(async () => {
  process.env = before;
  await client.end();
  await Promise.all([minio.stop(), server.stop()]);
});

const NO_FILES = (path: string): string => {
  throw new Error(`${path} is not asked for`);
};

test.each(['delta', 'iceberg'] as const)(
  'a pipeline keeps %s tables on S3 equal to a Postgres',
  async (format) => {
    const folder = `s3://${minio.bucket}/lake of ${format}`;
    const config = parseConfig(
      `
pipelines:
  - id: ${format}
    source: { type: postgres, url: '\${env:SOURCE_URL}', tables: [public.people] }
    sink: { type: ${format}, location: '${folder}/{schema}/{table}' }
    commit: { intervalMs: 20 }
`,
      { env: { SOURCE_URL: server.url }, readSecretFile: NO_FILES },
      'the test',
    );
    await catchUp(config);
    await client.query(`
      UPDATE people SET name = '${format}' WHERE id % 100 = 0;
      DELETE FROM people WHERE id % 97 = 0;
    `);
    await catchUp(config);
    const location = `${folder}/public/people`;
    const table =
      format === 'delta' ? await DeltaTable.open(location) : await IcebergTable.open(location);
    const { rows } = await client.query<{ row: string }>(
      'SELECT row_to_json(people)::text AS row FROM people',
    );
    expect(await canonicalRows(table.rows())).toEqual(rows.map(({ row }) => row).toSorted());
    const cut = await findCut(config.pipelines[0]!, {});
    expect(cut.tables.map((each) => each.location)).toEqual([location]);
  },
  60_000,
);
