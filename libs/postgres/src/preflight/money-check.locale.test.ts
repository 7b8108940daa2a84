import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Follower, TestDatabase, sourceOn, tableName } from '../source/follower.fixture.ts';

/** A currency without smaller units. Needs `localedef` and its sources (Debian: `locales`). */
const YEN = 'ja_JP.UTF-8';
const folder = mkdtempSync(join(tmpdir(), 'cdc-locales-'));

beforeAll(() => {
  execFileSync('localedef', ['-i', 'ja_JP', '-f', 'UTF-8', join(folder, YEN)]);
  chmodSync(folder, 0o755);
  process.env['LOCPATH'] = folder;
});
afterAll(() => {
  delete process.env['LOCPATH'];
  rmSync(folder, { recursive: true });
});

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  const items = [tableName('public.items')];

  test('amounts of a currency with other digits are refused, not shifted', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(
      `ALTER DATABASE ${db.name} SET lc_monetary = '${YEN}'`,
      'CREATE DOMAIN price AS money',
      'CREATE TABLE items (id int PRIMARY KEY, prices price[], paid money)',
    );
    const check = (): Promise<readonly unknown[]> => sourceOn(db, { tables: items }).check();
    expect(await check()).toMatchObject([
      {
        code: 'postgres/table-unsupported',
        message: `public.items.prices, public.items.paid: money has 0 digits under lc_monetary=${YEN}.`,
        remedy: expect.stringContaining('numeric'),
      },
    ]);
    const follower = new Follower(sourceOn(db, { tables: items }));
    await follower.done;
    expect(follower.kinds()).toEqual(['refused']);
    await db.run(
      'ALTER TABLE items DROP COLUMN prices',
      'ALTER TABLE items ALTER COLUMN paid TYPE numeric(12, 0)',
    );
    expect(await check()).toEqual([]);
  });
});
