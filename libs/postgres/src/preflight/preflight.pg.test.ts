import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CdcError } from '@cdc-demo/cdc-core';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Follower, TestDatabase, sourceOn, tableName } from '../source/follower.fixture.ts';
import type { PostgresSourceOptions } from '../source/source-settings.ts';

interface Case {
  readonly name: string;
  readonly setUp: readonly string[];
  readonly options?: Partial<PostgresSourceOptions>;
  readonly role?: string;
  readonly code: string;
  readonly message: RegExp;
  readonly remedy: RegExp;
}

const TABLE = 'CREATE TABLE items (id int PRIMARY KEY, name text)';
const READER = [
  `CREATE ROLE reader LOGIN REPLICATION PASSWORD 'reader'`,
  'GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader',
];

const CASES: readonly Case[] = [
  {
    name: 'a table that does not exist',
    setUp: [],
    code: 'postgres/table-missing',
    message: /There is no table public\.items/,
    remedy: /Correct the table name/,
  },
  {
    name: 'a table without primary key',
    setUp: ['CREATE TABLE items (id int, name text)', 'ALTER TABLE items REPLICA IDENTITY FULL'],
    code: 'postgres/no-primary-key',
    message: /public\.items has no primary key/,
    remedy: /append mode/,
  },
  {
    name: 'a table whose own UPDATE and DELETE would fail once it is published',
    setUp: ['CREATE TABLE items (id int, name text)'],
    options: { requirePrimaryKey: false },
    code: 'postgres/replica-identity',
    message: /would make UPDATE and DELETE fail/,
    remedy: /ALTER TABLE "public"\."items" REPLICA IDENTITY FULL;/,
  },
  {
    name: 'a table with REPLICA IDENTITY NOTHING',
    setUp: [TABLE, 'ALTER TABLE items REPLICA IDENTITY NOTHING'],
    code: 'postgres/replica-identity',
    message: /no replica identity/,
    remedy: /REPLICA IDENTITY FULL;/,
  },
  {
    name: 'an unlogged table',
    setUp: ['CREATE UNLOGGED TABLE items (id int PRIMARY KEY)'],
    code: 'postgres/table-unsupported',
    message: /is unlogged/,
    remedy: /ordinary or partitioned/,
  },
  {
    name: 'a view',
    setUp: ['CREATE VIEW items AS SELECT 1 AS id'],
    code: 'postgres/table-unsupported',
    message: /is a view/,
    remedy: /ordinary or partitioned/,
  },
  {
    name: 'a publication that leaves out deletes',
    setUp: [TABLE, `CREATE PUBLICATION theirs FOR TABLE items WITH (publish = 'insert, update')`],
    options: { publication: 'theirs' },
    code: 'postgres/publication-unsuitable',
    message: /theirs leaves out: delete, truncate/,
    remedy: /ALTER PUBLICATION "theirs" SET \(publish/,
  },
  {
    name: 'a missing publication when making one is not allowed',
    setUp: [TABLE],
    options: { createPublication: false, publication: 'theirs' },
    code: 'postgres/publication-missing',
    message: /theirs does not exist/,
    remedy: /CREATE PUBLICATION "theirs" FOR TABLE ONLY "public"\."items";/,
  },
  {
    name: 'a role that may not read the table',
    setUp: [
      TABLE,
      'CREATE PUBLICATION theirs FOR TABLE items',
      `CREATE ROLE reader LOGIN REPLICATION PASSWORD 'reader'`,
    ],
    role: 'reader',
    options: { publication: 'theirs' },
    code: 'postgres/missing-privilege',
    message: /cannot be read by the role reader/,
    remedy: /GRANT SELECT ON "public"\."items" TO "reader";/,
  },
  {
    name: 'a role that may not replicate',
    setUp: [
      TABLE,
      'CREATE PUBLICATION theirs FOR TABLE items',
      ...READER,
      'ALTER ROLE reader NOREPLICATION',
    ],
    role: 'reader',
    options: { publication: 'theirs' },
    code: 'postgres/missing-privilege',
    message: /The role reader may not replicate/,
    remedy: /ALTER ROLE "reader" REPLICATION;/,
  },
  {
    name: 'policies that hide rows from the role',
    setUp: [
      TABLE,
      'CREATE PUBLICATION theirs FOR TABLE items',
      ...READER,
      'ALTER TABLE items ENABLE ROW LEVEL SECURITY',
    ],
    role: 'reader',
    options: { publication: 'theirs' },
    code: 'postgres/missing-privilege',
    message: /row-level security that would hide rows/,
    remedy: /BYPASSRLS/,
  },
  {
    name: 'a publication that the role may neither make nor extend',
    setUp: [
      TABLE,
      'CREATE TABLE others (id int PRIMARY KEY)',
      ...READER,
      'CREATE PUBLICATION theirs FOR TABLE others',
    ],
    role: 'reader',
    options: { publication: 'theirs' },
    code: 'postgres/table-not-published',
    message: /theirs lacks public\.items/,
    remedy: /ALTER PUBLICATION "theirs" ADD TABLE ONLY "public"\."items";/,
  },
];

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  test.each(CASES)('$name is reported with its remedy, and nothing is changed', async (each) => {
    await using db = await TestDatabase.create(server);
    await db.run(...each.setUp);
    const source = sourceOn(db, {
      tables: [tableName('public.items')],
      ...(each.role === undefined ? {} : { connection: { url: db.urlAs(each.role, each.role) } }),
      ...each.options,
    });
    const before = await catalogOf(db);
    const errors = await source.check();
    expect(errors).toMatchObject([{ code: each.code, retry: 'never' }]);
    expect(errors[0]?.message).toMatch(each.message);
    expect(errors[0]?.remedy).toMatch(each.remedy);
    expect(await catalogOf(db)).toEqual(before);
    const follower = new Follower(source);
    await follower.done;
    expect(follower.kinds()).toEqual(['refused']);
    expect(follower.refusal).toBe(each.code);
    expect(await catalogOf(db)).toEqual(before);
    if (each.role !== undefined) await db.run('DROP OWNED BY reader', 'DROP ROLE reader');
  });

  test('several problems are reported together', async () => {
    await using db = await TestDatabase.create(server);
    const source = sourceOn(db, { tables: ['a.b', 'public.c'].map(tableName) });
    expect((await source.check()).map(code)).toEqual([
      'postgres/table-missing',
      'postgres/table-missing',
    ]);
  });

  test('a role with least privilege follows what an administrator published', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(
      TABLE,
      `INSERT INTO items VALUES (1, 'x')`,
      ...READER,
      'CREATE PUBLICATION theirs FOR TABLE items',
    );
    const source = sourceOn(db, {
      tables: [tableName('public.items')],
      connection: { url: db.urlAs('reader', 'reader') },
      publication: 'theirs',
    });
    expect(await source.check()).toEqual([]);
    const follower = new Follower(source);
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    await db.run(`INSERT INTO items VALUES (2, 'y')`);
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual([
      ['1', 'x'],
      ['2', 'y'],
    ]);
    // Following needs no right to read the table: it would show a snapshot that was read again.
    await source.stop();
    await db.run('REVOKE SELECT ON items FROM reader', `INSERT INTO items VALUES (3, 'z')`);
    const again = new Follower(
      sourceOn(db, {
        tables: [tableName('public.items')],
        connection: { url: db.urlAs('reader', 'reader') },
        publication: 'theirs',
      }),
      { kind: 'position', position: follower.position! },
    );
    await again.caughtUp();
    expect(again.rows('public.items')).toEqual([['3', 'z']]);
    await again.source.stop();
    await db.dropSlots();
    await db.run('DROP OWNED BY reader', 'DROP ROLE reader');
  });
});

test('a server without logical decoding, or without free slot or sender, says so', async () => {
  await using server = await startPostgres({
    version: 18,
    settings: { wal_level: 'replica', max_replication_slots: 1, max_wal_senders: 1 },
  });
  const check = async (): Promise<string[]> => {
    await using db = await TestDatabase.create(server);
    await db.run(TABLE);
    return (await sourceOn(db, { tables: [tableName('public.items')] }).check()).map(code);
  };
  expect(await check()).toEqual(['postgres/wal-level']);
  await server.restart({ wal_level: 'logical' });
  {
    await using db = await TestDatabase.create(server);
    await db.run(TABLE, `SELECT pg_create_physical_replication_slot('taken')`);
    expect(await check()).toEqual(['postgres/no-free-slot']);
    await db.run(`SELECT pg_drop_replication_slot('taken')`);
    const follower = new Follower(sourceOn(db, { tables: [tableName('public.items')] }));
    await follower.caughtUp();
    await db.run('INSERT INTO items VALUES (1)');
    await follower.until(() => follower.kinds().includes('transactions'));
    expect(await check()).toEqual(['postgres/no-free-slot', 'postgres/no-free-sender']);
    await follower.source.stop();
  }
});

function code(error: CdcError): string {
  return error.code;
}

/** What a check must not change. */
async function catalogOf(db: TestDatabase): Promise<unknown> {
  return [
    await db.rows('SELECT pubname, puballtables FROM pg_publication ORDER BY 1'),
    await db.rows('SELECT pubname, tablename FROM pg_publication_tables ORDER BY 1, 2'),
    await db.rows(`SELECT slot_name FROM pg_replication_slots WHERE database = current_database()`),
  ];
}
