import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { loadPublishedTable } from '../catalog/load-published-table.ts';
import type { PublishedTable } from '../catalog/published-table.ts';
import { connectionTarget } from '../connection/connection-target.ts';
import { Session } from '../connection/session.ts';
import { TestDatabase, tableName } from './follower.fixture.ts';
import { compareKeys, orderedKey, rangeCondition, splitRanges } from './key-ranges.ts';
import { readRangeKey, sampleBounds } from './range-bounds.ts';

jest.setTimeout(60_000);

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  let db: TestDatabase;
  let session: Session;
  beforeAll(async () => {
    server = await startPostgres({ version });
    db = await TestDatabase.create(server);
    session = await Session.open(connectionTarget({ url: db.url }));
  });
  afterAll(async () => {
    await session.close();
    await db[Symbol.asyncDispose]();
    await server.stop();
  });

  async function published(name: string): Promise<PublishedTable> {
    await db.run(`CREATE PUBLICATION of_${name} FOR TABLE ${name}`);
    return loadPublishedTable(session.query, `of_${name}`, tableName(`public.${name}`));
  }

  test.each([
    ['int', 'a smallint PRIMARY KEY', 'int'],
    ['domain', 'a positive PRIMARY KEY', 'int'],
    ['composite', 'b text, a bigint, PRIMARY KEY (a, b)', 'int'],
    ['uuid', 'a uuid PRIMARY KEY', 'uuid'],
    ['bytea', 'a bytea PRIMARY KEY', 'bytea'],
    ['c_text', 'a varchar(9) COLLATE "C" PRIMARY KEY', 'text'],
    ['posix_text', 'a text COLLATE "POSIX" PRIMARY KEY', 'text'],
    ['other_text', 'a text COLLATE "und-x-icu" PRIMARY KEY', undefined],
    ['blank_padded', 'a char(9) COLLATE "C" PRIMARY KEY', undefined],
    ['exact', 'a numeric PRIMARY KEY', undefined],
    ['without', 'a int', undefined],
  ])('a key of kind %s', async (name, columns, order) => {
    if (name === 'domain') await db.run('CREATE DOMAIN positive AS int CHECK (value > 0)');
    await db.run(`CREATE TABLE k_${name} (${columns})`);
    const key = await readRangeKey(session.query, await published(`k_${name}`));
    expect(key).toEqual(order === undefined ? undefined : { column: 'a', order });
  });

  test('ranges of one size, each row in exactly one, in the order of the server', async () => {
    for (const [name, type, value] of [
      ['s_int', 'bigint', 'i * 1000 - 50000000'],
      ['s_uuid', 'uuid', 'md5(i::text)::uuid'],
      ['s_bytea', 'bytea', `decode(md5(i::text), 'hex')`],
      ['s_text', 'text COLLATE "C"', `chr(65 + i % 500) || 'é' || i`],
    ] as const) {
      await db.run(
        `CREATE TABLE ${name} (k ${type} PRIMARY KEY, filler text)`,
        `INSERT INTO ${name} SELECT ${value}, repeat('x', 40) FROM generate_series(1, 40000) i`,
      );
      const table = await published(name);
      const key = await readRangeKey(session.query, table);
      if (!key) throw new Error(`${name} has no range key`);
      const size = { rangeBytes: 500_000, workers: 2 };
      const bounds = await sampleBounds(session.query, { table, key }, size);
      const sorted = bounds.toSorted((a, b) =>
        compareKeys(orderedKey(key.order, a), orderedKey(key.order, b)),
      );
      expect(bounds).toEqual(sorted);
      const ranges = splitRanges(key.order, [{}], bounds);
      const counts: number[] = [];
      for (const range of ranges) {
        const where = rangeCondition(key, range) ?? 'true';
        counts.push(Number(await db.value(`SELECT count(*) FROM ${name} WHERE ${where}`)));
      }
      expect(counts.reduce((a, b) => a + b)).toBe(40_000);
      expect(counts.length).toBeGreaterThan(5);
      expect(Math.max(...counts) / (40_000 / counts.length)).toBeLessThan(1.6);
    }
  });

  test('a small table and one whose keys lie scattered beyond the cache are not divided', async () => {
    await db.run(
      'CREATE TABLE scattered (k uuid PRIMARY KEY, filler text)',
      `INSERT INTO scattered SELECT md5(i::text)::uuid, 'x' FROM generate_series(1, 20000) i`,
    );
    const table = await published('scattered');
    const key = { column: 'k', order: 'uuid' } as const;
    const bounds = (rangeBytes: number): Promise<string[]> =>
      sampleBounds(session.query, { table, key }, { rangeBytes, workers: 2 });
    expect(await bounds(100_000_000)).toEqual([]);
    expect((await bounds(200_000)).length).toBeGreaterThan(3);
    await session.command(`SET effective_cache_size = '1MB'`, 'set');
    expect(await bounds(200_000)).toEqual([]);
    await session.command('RESET effective_cache_size', 'reset');
  });
});
