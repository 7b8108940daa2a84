import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, testedVersions, testedVersionsFrom } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Follower, TestDatabase, sourceOn, tableName } from './follower.fixture.ts';
import type { PostgresSourceOptions } from './source-settings.ts';

/** Follows `public.items` through a publication that somebody else made. */
async function following(
  db: TestDatabase,
  options: Partial<PostgresSourceOptions> = {},
): Promise<Follower> {
  const source = sourceOn(db, {
    tables: [tableName('public.items')],
    publication: 'theirs',
    createPublication: false,
    ...options,
  });
  expect(await source.check()).toEqual([]);
  const follower = new Follower(source);
  await follower.until(() => follower.kinds().includes('snapshot-end'));
  return follower;
}

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  test('logical messages of others, transactional or not, change nothing and hold nothing up', async () => {
    await using db = await TestDatabase.create(server);
    await db.run('CREATE TABLE items (id int PRIMARY KEY, name text)');
    const follower = new Follower(sourceOn(db, { tables: [tableName('public.items')] }));
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    await db.run(
      `SELECT pg_logical_emit_message(false, 'theirs', 'x')`,
      `SELECT pg_logical_emit_message(true, 'theirs', 'x')`,
      'BEGIN',
      `INSERT INTO items VALUES (1, 'a')`,
      `SELECT pg_logical_emit_message(true, 'theirs', repeat('x', 100000))`,
      `SELECT pg_logical_emit_message(false, 'theirs', 'x')`,
      `INSERT INTO items VALUES (2, 'b')`,
      'COMMIT',
      `SELECT pg_logical_emit_message(true, '', '')`,
    );
    await follower.caughtUp();
    expect(follower.events.map(({ op }) => op)).toEqual(['insert', 'insert']);
    expect(follower.rows('public.items')).toEqual(await db.rows('SELECT * FROM items ORDER BY id'));
    await follower.source.stop();
  });

  test('rows of inheriting tables are none of the table that is followed', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(
      'CREATE TABLE items (id int PRIMARY KEY, name text)',
      'CREATE TABLE special (extra text, PRIMARY KEY (id)) INHERITS (items)',
      `INSERT INTO items VALUES (1, 'a')`,
      `INSERT INTO special VALUES (2, 'b', 'x')`,
      'CREATE PUBLICATION theirs FOR TABLE items',
    );
    const follower = await following(db);
    await db.run(
      `INSERT INTO special VALUES (3, 'c', 'y')`,
      `UPDATE items SET name = name || '!'`,
      `INSERT INTO items VALUES (4, 'd')`,
      'DELETE FROM items WHERE id = 2',
      'TRUNCATE special',
    );
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(
      await db.rows('SELECT * FROM ONLY items ORDER BY id'),
    );
    expect([...follower.tables.keys()]).toEqual(['public.items']);
    expect(follower.violations).toEqual([]);
    await follower.source.stop();
  });

  test('a key that is the index of the replica identity, without primary key', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(
      'CREATE TABLE items (other text, id int NOT NULL UNIQUE, name text)',
      'ALTER TABLE items REPLICA IDENTITY USING INDEX items_id_key',
      `INSERT INTO items VALUES ('x', 1, 'a'), ('y', 2, 'b')`,
      'CREATE PUBLICATION theirs FOR TABLE items',
    );
    const follower = await following(db);
    await db.run(
      `UPDATE items SET id = 3, name = 'moved' WHERE id = 1`,
      'DELETE FROM items WHERE id = 2',
      `INSERT INTO items VALUES ('z', 2, 'again')`,
    );
    await follower.caughtUp();
    expect(follower.rows('public.items').map((row) => row.join())).toEqual(
      (await db.rows('SELECT * FROM items ORDER BY other')).map((row) => row.join()),
    );
    expect(follower.violations).toEqual([]);
    await follower.source.stop();
  });

  test('generated columns come as the server publishes them: snapshot and stream are equal', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(
      `CREATE TABLE items (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, name text)`,
      `INSERT INTO items (id, name) VALUES (1, 'a')`,
      'CREATE PUBLICATION theirs FOR TABLE items',
    );
    const follower = await following(db);
    await db.run(`INSERT INTO items (id, name) VALUES (2, 'b')`, `UPDATE items SET name = 'c'`);
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(
      await db.rows('SELECT id, name FROM items ORDER BY id'),
    );
    await follower.source.stop();
  });
});

describe.each(testedVersionsFrom(15, process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  test('rows that move in and out of a row filter appear and vanish', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(
      'CREATE TABLE items (id int PRIMARY KEY, region text, name text)',
      'ALTER TABLE items REPLICA IDENTITY FULL',
      `INSERT INTO items VALUES (1, 'eu', 'a'), (2, 'us', 'b'), (3, 'eu', 'c')`,
      `CREATE PUBLICATION theirs FOR TABLE items WHERE (region = 'eu' AND name <> 'hidden')`,
    );
    const follower = await following(db);
    await db.run(
      `UPDATE items SET region = 'eu' WHERE id = 2`,
      `UPDATE items SET region = 'us' WHERE id = 1`,
      `UPDATE items SET name = 'hidden' WHERE id = 3`,
      `INSERT INTO items VALUES (4, 'us', 'd'), (5, 'eu', 'e')`,
      'DELETE FROM items WHERE id = 1',
    );
    await follower.caughtUp();
    expect(follower.events.map(({ op }) => op)).toEqual(['insert', 'delete', 'delete', 'insert']);
    expect(follower.rows('public.items')).toEqual(
      await db.rows(`SELECT * FROM items WHERE region = 'eu' AND name <> 'hidden' ORDER BY id`),
    );
    expect(follower.violations).toEqual([]);
    await follower.source.stop();
  });

  test('a column list leaves columns out of snapshot and stream alike', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(
      'CREATE TABLE items (secret text, id int PRIMARY KEY, name text, other text)',
      `INSERT INTO items VALUES ('s', 1, 'a', 'x')`,
      'CREATE PUBLICATION theirs FOR TABLE items (name, id)',
    );
    const follower = await following(db);
    await db.run(
      `INSERT INTO items VALUES ('t', 2, 'b', 'y')`,
      `UPDATE items SET secret = 'u', other = 'z' WHERE id = 1`,
      'DELETE FROM items WHERE id = 2',
      `ALTER TABLE items ADD COLUMN later text`,
      `INSERT INTO items VALUES ('t', 3, 'c', 'y', 'l')`,
    );
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(
      await db.rows('SELECT id, name FROM items ORDER BY id'),
    );
    await follower.source.stop();
  });

  test('a publication of a whole schema, or of everything, is honoured', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(
      'CREATE TABLE items (id int PRIMARY KEY, name text)',
      'CREATE TABLE others (id int PRIMARY KEY)',
      `INSERT INTO items VALUES (1, 'a')`,
      'CREATE PUBLICATION theirs FOR TABLES IN SCHEMA public',
    );
    const follower = await following(db);
    await db.run(`INSERT INTO items VALUES (2, 'b')`, 'INSERT INTO others VALUES (1)');
    await follower.caughtUp();
    await follower.source.stop();
    await db.dropSlots();
    await db.run('DROP PUBLICATION theirs', 'CREATE PUBLICATION theirs FOR ALL TABLES');
    const again = await following(db);
    await db.run(`INSERT INTO items VALUES (3, 'c')`, 'INSERT INTO others VALUES (2)');
    await again.caughtUp();
    expect(again.rows('public.items')).toEqual(await db.rows('SELECT * FROM items ORDER BY id'));
    expect([...again.tables.keys()]).toEqual(['public.items']);
    await again.source.stop();
  });
});

test('our publication has stored generated columns when that is asked for', async () => {
  await using server = await startPostgres({ version: 18 });
  await using db = await TestDatabase.create(server);
  const items = { tables: [tableName('public.items')], generatedColumns: 'stored' } as const;
  await db.run(
    'CREATE TABLE items (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED)',
    'INSERT INTO items (id) VALUES (1)',
    'CREATE PUBLICATION theirs FOR TABLE items',
  );
  expect(await sourceOn(db, { ...items, publication: 'theirs' }).check()).toMatchObject([
    {
      code: 'postgres/publication-unsuitable',
      remedy: 'Run: ALTER PUBLICATION "theirs" SET (publish_generated_columns = stored);',
    },
  ]);
  const follower = new Follower(sourceOn(db, items));
  await follower.until(() => follower.kinds().includes('snapshot-end'));
  await db.run('INSERT INTO items (id) VALUES (2)');
  await follower.caughtUp();
  expect(follower.rows('public.items')).toEqual(await db.rows('SELECT * FROM items ORDER BY id'));
  await follower.source.stop();
});

test('stored generated columns are published on request from Postgres 18 on, virtual ones never', async () => {
  await using server = await startPostgres({ version: 18 });
  await using db = await TestDatabase.create(server);
  await db.run(
    `CREATE TABLE items (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED,
       thrice int GENERATED ALWAYS AS (id * 3) VIRTUAL, name text)`,
    `INSERT INTO items (id, name) VALUES (1, 'a')`,
    'CREATE PUBLICATION theirs FOR TABLE items WITH (publish_generated_columns = stored)',
  );
  const follower = await following(db);
  await db.run(`INSERT INTO items (id, name) VALUES (2, 'b')`, `UPDATE items SET name = 'c'`);
  await follower.caughtUp();
  expect(follower.rows('public.items')).toEqual(
    await db.rows('SELECT id, twice, name FROM items ORDER BY id'),
  );
  await follower.source.stop();
});
