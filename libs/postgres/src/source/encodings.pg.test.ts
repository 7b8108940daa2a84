import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Follower, TestDatabase, sourceOn, tableName } from './follower.fixture.ts';
import type { PostgresSourceOptions } from './source-settings.ts';

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  function follow(
    db: TestDatabase,
    options: Partial<PostgresSourceOptions> & { readonly tables: PostgresSourceOptions['tables'] },
  ): Follower {
    return new Follower(sourceOn(db, options));
  }

  test.each([
    ['LATIN1', 'größer', 'Straße "é"'],
    ['EUC_JP', '顧客', '東京 カフェ'],
    ['WIN1251', 'клиенты', 'Москва'],
    ['UTF8', '顧客.größer "и"'.padEnd(40, 'x'), '𝄞 🙂'],
  ])('names and values of a database in %s come as UTF-8', async (encoding, name, value) => {
    await using db = await TestDatabase.create(server, encoding);
    const quoted = `"${name.replaceAll('"', '""')}"`;
    await db.run(
      `CREATE SCHEMA ${quoted}`,
      `CREATE TABLE ${quoted}.${quoted} (id int PRIMARY KEY, ${quoted} text, list text[])`,
      `INSERT INTO ${quoted}.${quoted} VALUES (1, '${value}', ARRAY['${value}'])`,
    );
    const follower = follow(db, { tables: [{ namespace: name, name }] });
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    await db.run(`INSERT INTO ${quoted}.${quoted} VALUES (2, '${value}${value}', '{}')`);
    await follower.caughtUp();
    const found = [...(follower.tables.get(`${name}.${name}`)?.values() ?? [])];
    expect(found).toEqual([
      { id: 1, [name]: value, list: [value] },
      { id: 2, [name]: value + value, list: [] },
    ]);
    await follower.source.stop();
  });

  test('a database without encoding: UTF-8 passes, other bytes stop snapshot and stream', async () => {
    await using db = await TestDatabase.create(server, 'SQL_ASCII');
    const bytes = `convert_from('\\x67 72 f6 df'::bytea, 'SQL_ASCII')`;
    await db.run(
      'CREATE TABLE items (id int PRIMARY KEY, name text, list text[], doc json)',
      `INSERT INTO items VALUES (1, 'größer', ARRAY['ß'], '{"ö": 1}')`,
    );
    const items = { tables: [tableName('public.items')] };
    const follower = follow(db, items);
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    expect([...(follower.tables.get('public.items')?.values() ?? [])]).toEqual([
      { id: 1, name: 'größer', list: ['ß'], doc: '{"ö": 1}' },
    ]);
    await db.run(`INSERT INTO items VALUES (2, ${bytes}, NULL, NULL)`);
    expect(await follower.done).toBeUndefined();
    await db.dropSlots();
    const again = follow(db, items);
    expect(await again.done).toBeUndefined();
    for (const { messages } of [follower, again]) {
      expect(messages.at(-1)).toMatchObject({
        kind: 'refused',
        error: {
          code: 'postgres/value-out-of-range',
          remedy: expect.stringContaining('no form in UTF-8'),
        },
      });
    }
  });
});
