import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Follower, TestDatabase, sourceOn, tableName } from '../source/follower.fixture.ts';
import type { PostgresSource } from '../source/postgres-source.ts';

const ITEMS = tableName('app.items');

/** Everything that a role needs to follow what an administrator published, and no more. */
const GRANTS = [
  'ALTER ROLE cdc REPLICATION',
  'GRANT USAGE ON SCHEMA app TO cdc',
  'GRANT SELECT ON app.items TO cdc',
];

/** What takes each of them away, and what is said then. */
const WITHOUT = [
  ['ALTER ROLE cdc NOREPLICATION', /may not replicate/, 'ALTER ROLE "cdc" REPLICATION;'],
  [
    'REVOKE USAGE ON SCHEMA app FROM cdc',
    /cannot be read/,
    'GRANT USAGE ON SCHEMA "app" TO "cdc";',
  ],
  [
    'REVOKE SELECT ON app.items FROM cdc',
    /cannot be read/,
    'GRANT SELECT ON "app"."items" TO "cdc";',
  ],
] as const;

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  /** A database whose public rights are taken away, with a table and a bare role. */
  async function database(): Promise<TestDatabase> {
    const db = await TestDatabase.create(server);
    await db.run(
      `REVOKE ALL ON DATABASE ${db.name} FROM PUBLIC`,
      'REVOKE ALL ON SCHEMA public FROM PUBLIC',
      'CREATE SCHEMA app',
      'CREATE TABLE app.items (id int PRIMARY KEY, name text)',
      `INSERT INTO app.items VALUES (1, 'a')`,
      `CREATE ROLE cdc LOGIN PASSWORD 'cdc'`,
      `GRANT CONNECT ON DATABASE ${db.name} TO cdc`,
    );
    return db;
  }

  function asRole(db: TestDatabase, publication?: string): PostgresSource {
    return sourceOn(db, {
      tables: [ITEMS],
      connection: { url: db.urlAs('cdc', 'cdc') },
      ...(publication === undefined ? {} : { publication }),
    });
  }

  async function followed(db: TestDatabase, source: PostgresSource): Promise<void> {
    expect(await source.check()).toEqual([]);
    const follower = new Follower(source);
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    await db.run(`INSERT INTO app.items VALUES (2, 'b')`, 'DELETE FROM app.items WHERE id = 1');
    await follower.caughtUp();
    expect(follower.rows('app.items')).toEqual([['2', 'b']]);
    expect(await source.lag()).toMatchObject({ retainedBytes: expect.any(BigInt) });
    await source.stop();
  }

  async function dropRole(db: TestDatabase): Promise<void> {
    await db.dropSlots();
    await db.run('REASSIGN OWNED BY cdc TO postgres', 'DROP OWNED BY cdc', 'DROP ROLE cdc');
  }

  test('exactly the documented grants follow what an administrator published', async () => {
    await using db = await database();
    await db.run(...GRANTS, 'CREATE PUBLICATION theirs FOR TABLE app.items');
    await followed(db, asRole(db, 'theirs'));
    await dropRole(db);
  });

  test('each grant that is missing is one message with the statement that supplies it', async () => {
    await using db = await database();
    await db.run(...GRANTS, 'CREATE PUBLICATION theirs FOR TABLE app.items');
    for (const [i, [revoke, message, remedy]] of WITHOUT.entries()) {
      await db.run(revoke);
      const errors = await asRole(db, 'theirs').check();
      expect(errors).toMatchObject([
        {
          code: 'postgres/missing-privilege',
          message: expect.stringMatching(message),
          remedy: expect.stringContaining(remedy),
        },
      ]);
      await db.run(GRANTS[i]!);
    }
    expect(await asRole(db, 'theirs').check()).toEqual([]);
    expect(await asRole(db).check()).toMatchObject([
      {
        code: 'postgres/publication-missing',
        remedy: expect.stringMatching(/owner of the tables/),
      },
    ]);
    await db.run(`REVOKE CONNECT ON DATABASE ${db.name} FROM cdc`);
    expect(await asRole(db, 'theirs').check()).toMatchObject([
      { code: 'postgres/missing-privilege', message: expect.stringMatching(/CONNECT|permission/) },
    ]);
    await dropRole(db);
  });

  test('a role that owns the tables and may create in the database makes the publication', async () => {
    await using db = await database();
    await db.run(
      'ALTER ROLE cdc REPLICATION',
      'GRANT USAGE ON SCHEMA app TO cdc',
      'ALTER TABLE app.items OWNER TO cdc',
    );
    expect(await asRole(db).check()).toMatchObject([{ code: 'postgres/publication-missing' }]);
    await db.run(`GRANT CREATE ON DATABASE ${db.name} TO cdc`);
    const source = asRole(db);
    await followed(db, source);
    await asRole(db).drop();
    expect(await db.rows('SELECT pubname FROM pg_publication')).toEqual([]);
    await dropRole(db);
  });

  test('rights on some columns only are not enough, and are said to be missing', async () => {
    await using db = await database();
    await db.run(
      'ALTER ROLE cdc REPLICATION',
      'GRANT USAGE ON SCHEMA app TO cdc',
      'GRANT SELECT (id, name) ON app.items TO cdc',
      'CREATE PUBLICATION theirs FOR TABLE app.items',
    );
    expect(await asRole(db, 'theirs').check()).toMatchObject([
      {
        code: 'postgres/missing-privilege',
        remedy: 'Run: GRANT SELECT ON "app"."items" TO "cdc";',
      },
    ]);
    await dropRole(db);
  });

  test('policies never shorten a snapshot: they are refused until the role passes them', async () => {
    await using db = await database();
    await db.run(...GRANTS, 'CREATE PUBLICATION theirs FOR TABLE app.items');
    const policies = [
      'ALTER TABLE app.items ENABLE ROW LEVEL SECURITY',
      'CREATE POLICY few ON app.items USING (id > 100)',
    ];
    await db.run(...policies);
    expect(await asRole(db, 'theirs').check()).toMatchObject([
      { code: 'postgres/missing-privilege', remedy: expect.stringContaining('BYPASSRLS') },
    ]);
    await db.run('ALTER ROLE cdc BYPASSRLS');
    await followed(db, asRole(db, 'theirs'));
    await dropRole(db);
  });
});
