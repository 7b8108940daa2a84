import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { connectionTarget } from '../connection/connection-target.ts';
import { Session } from '../connection/session.ts';
import { Follower, TestDatabase, sourceOn, tableName } from './follower.fixture.ts';
import { createSlot } from './slot.ts';
import { Snapshot } from './snapshot.ts';

const ITEMS = tableName('public.items');
const ALL = 'SELECT * FROM items ORDER BY id';

/** The second partition has its columns in another order than the table. */
const PARTITIONED = [
  `CREATE TABLE items (id int, region text, name text, PRIMARY KEY (id, region))
     PARTITION BY LIST (region)`,
  `CREATE TABLE items_eu PARTITION OF items FOR VALUES IN ('eu')`,
  'CREATE TABLE items_us (name text, gone int, region text NOT NULL, id int NOT NULL)',
  'ALTER TABLE items_us DROP COLUMN gone, ADD PRIMARY KEY (id, region)',
  `ALTER TABLE items ATTACH PARTITION items_us FOR VALUES IN ('us')`,
  `INSERT INTO items VALUES (1, 'eu', 'a'), (2, 'us', 'b'), (3, 'eu', 'c')`,
];

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  async function database(...statements: readonly string[]): Promise<TestDatabase> {
    const created = await TestDatabase.create(server);
    await created.run(...PARTITIONED, ...statements);
    return created;
  }

  async function following(db: TestDatabase, ...tables: readonly string[]): Promise<Follower> {
    const follower = new Follower(sourceOn(db, { tables: tables.map(tableName) }));
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    return follower;
  }

  test('a partitioned table is one table: its rows, and every change in any partition', async () => {
    await using db = await database();
    const follower = await following(db, 'public.items');
    await db.run(
      `INSERT INTO items VALUES (4, 'us', 'd')`,
      `UPDATE items SET name = name || '!'`,
      `UPDATE items SET region = 'us' WHERE id = 1`,
      `INSERT INTO items_eu VALUES (5, 'eu', 'e')`,
      'DELETE FROM items WHERE id = 2',
    );
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(await db.rows(ALL));
    await db.run('TRUNCATE items', `INSERT INTO items VALUES (6, 'eu', 'f')`);
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(await db.rows(ALL));
    expect([...follower.tables.keys()]).toEqual(['public.items']);
    expect(follower.violations).toEqual([]);
    await follower.source.stop();
  });

  test('partitions that are created while it runs, and sub-partitions, are followed', async () => {
    await using db = await database();
    const follower = await following(db, 'public.items');
    await db.run(
      `CREATE TABLE items_as PARTITION OF items FOR VALUES IN ('as') PARTITION BY RANGE (id)`,
      'CREATE TABLE items_as_1 PARTITION OF items_as FOR VALUES FROM (0) TO (100)',
      `INSERT INTO items VALUES (7, 'as', 'g'), (8, 'eu', 'h')`,
      `UPDATE items SET name = 'x' WHERE id IN (1, 7)`,
    );
    await follower.caughtUp();
    await follower.source.stop();
    const again = new Follower(
      sourceOn(db, { tables: [ITEMS] }),
      { kind: 'position', position: follower.position! },
      follower,
    );
    await db.run(
      'CREATE TABLE items_as_2 PARTITION OF items_as FOR VALUES FROM (100) TO (200)',
      `INSERT INTO items VALUES (107, 'as', 'i')`,
      'DELETE FROM items WHERE id = 8',
    );
    await again.caughtUp();
    expect(again.rows('public.items')).toEqual(await db.rows(ALL));
    expect(again.violations).toEqual([]);
    await again.source.stop();
  });

  test('partitions that are named are tables of their own', async () => {
    await using db = await database();
    const follower = await following(db, 'public.items_eu', 'public.items_us');
    await db.run(
      `UPDATE items SET region = 'us', name = 'moved' WHERE id = 1`,
      'TRUNCATE items_eu',
      `INSERT INTO items VALUES (9, 'eu', 'z')`,
    );
    await follower.caughtUp();
    const sorted = (rows: (string | null)[][]): string[] => rows.map((row) => row.join()).sort();
    for (const name of ['items_eu', 'items_us']) {
      const expected = await db.rows(`SELECT * FROM ${name}`);
      expect(sorted(follower.rows(`public.${name}`))).toEqual(sorted(expected));
    }
    await follower.source.stop();
  });

  test('a publication by partitions cannot give the table, and says how it could', async () => {
    await using db = await database('CREATE PUBLICATION theirs FOR TABLE items');
    const check = (...names: readonly string[]): Promise<unknown> =>
      sourceOn(db, { tables: names.map(tableName), publication: 'theirs' }).check();
    expect(await check('public.items')).toMatchObject([
      {
        code: 'postgres/publication-unsuitable',
        remedy: 'Run: ALTER PUBLICATION "theirs" SET (publish_via_partition_root = true);',
      },
    ]);
    expect(await check('public.items_eu', 'public.items_us')).toEqual([]);
    await db.run('ALTER PUBLICATION theirs SET (publish_via_partition_root = true)');
    expect(await check('public.items')).toEqual([]);
    expect(await check('public.items_eu')).toMatchObject([
      { code: 'postgres/table-unsupported', message: expect.stringMatching(/as a whole/) },
    ]);
  });

  test('our publication of partitions is changed when the table itself is asked for', async () => {
    await using db = await database('CREATE TABLE others (id int PRIMARY KEY)');
    const first = new Follower(
      sourceOn(db, { tables: ['public.others'].map(tableName), slot: `s_${version}` }),
    );
    await first.until(() => first.kinds().includes('snapshot-end'));
    await first.source.stop();
    const source = sourceOn(db, { tables: [ITEMS], slot: `s_${version}` });
    expect(await source.check()).toEqual([]);
    const follower = new Follower(source);
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(await db.rows(ALL));
    await source.stop();
  });

  test('partitions that Postgres does not replicate, or whose old rows would be mistaken, are refused', async () => {
    await using db = await database();
    const check = async (): Promise<readonly unknown[]> =>
      sourceOn(db, { tables: [ITEMS] }).check();
    await db.run(`CREATE UNLOGGED TABLE items_x PARTITION OF items FOR VALUES IN ('x')`);
    expect(await check()).toMatchObject([
      { code: 'postgres/table-unsupported', message: expect.stringMatching(/unlogged partition/) },
    ]);
    await db.run('DROP TABLE items_x', 'ALTER TABLE items REPLICA IDENTITY FULL');
    expect(await check()).toMatchObject([
      {
        code: 'postgres/replica-identity',
        remedy: 'Run: ALTER TABLE "public"."items_eu" REPLICA IDENTITY FULL;',
      },
      { code: 'postgres/replica-identity' },
    ]);
    await db.run('ALTER TABLE items REPLICA IDENTITY DEFAULT');
    await db.run('ALTER TABLE items_us REPLICA IDENTITY NOTHING');
    expect(await check()).toMatchObject([
      { code: 'postgres/replica-identity', message: expect.stringMatching(/items_us/) },
    ]);
  });

  test('a new partition that does not have the whole old rows of its table stops the stream', async () => {
    await using db = await database(
      'ALTER TABLE items REPLICA IDENTITY FULL',
      'ALTER TABLE items_eu REPLICA IDENTITY FULL',
      'ALTER TABLE items_us REPLICA IDENTITY FULL',
    );
    const follower = await following(db, 'public.items');
    await db.run(`UPDATE items SET name = 'whole' WHERE id = 1`);
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(await db.rows(ALL));
    await db.run(
      `CREATE TABLE items_as PARTITION OF items FOR VALUES IN ('as')`,
      `INSERT INTO items VALUES (7, 'as', 'g')`,
    );
    expect(await follower.done).toBeUndefined();
    expect(follower.refusal).toBe('postgres/replica-identity');
  });

  test('a partition that loses its identity while it is followed stops the stream', async () => {
    await using db = await database(
      'ALTER TABLE items REPLICA IDENTITY FULL',
      'ALTER TABLE items_eu REPLICA IDENTITY FULL',
      'ALTER TABLE items_us REPLICA IDENTITY FULL',
    );
    const follower = await following(db, 'public.items');
    await db.run(`UPDATE items SET name = 'whole' WHERE id = 1`);
    await follower.caughtUp();
    await db.run(
      'ALTER TABLE items_eu REPLICA IDENTITY DEFAULT',
      `UPDATE items SET name = 'by key' WHERE id = 1`,
    );
    expect(await follower.done).toBeUndefined();
    expect(follower.refusal).toBe('postgres/replica-identity');
    expect(follower.rows('public.items')[0]).toEqual(['1', 'eu', 'whole']);
  });

  test.each(['before its tables are locked', 'while rows are read'])(
    'rows that become part of the table %s disturb a snapshot; new partitions do not',
    async (when) => {
      await using db = await database(
        `CREATE TABLE items_x (LIKE items)`,
        `INSERT INTO items_x VALUES (8, 'x', 'h')`,
        'CREATE PUBLICATION p FOR TABLE items WITH (publish_via_partition_root = true)',
      );
      // Unlike PARTITION OF, it does not wait for the snapshot's locks.
      const create = `CREATE TABLE items_y (LIKE items);
        ALTER TABLE items ATTACH PARTITION items_y FOR VALUES IN ('y')`;
      const attach = `ALTER TABLE items ATTACH PARTITION items_x FOR VALUES IN ('x')`;
      const isEarly = when.startsWith('before');
      const read = async (early: readonly string[], late: readonly string[]): Promise<unknown> => {
        await using session = await Session.open(connectionTarget({ url: db.url }), 'database');
        const exportSnapshot = async (): Promise<string> => {
          const { snapshotName } = await createSlot(session, `s_${db.name}`);
          await db.run(...early);
          return snapshotName;
        };
        const size = { workers: 1, rowsPerBatch: 100, bytesPerBatch: 1 << 20, rangeBytes: 1 << 28 };
        const snapshot = await Snapshot.open(
          {
            target: connectionTarget({ url: db.url }),
            publication: 'p',
            tables: [ITEMS],
            outOfRange: 'stop',
            ...size,
          },
          { finished: new Map(), origin: { kind: 'exported', export: exportSnapshot } },
        );
        await db.run(...late);
        const kinds: string[] = [];
        for await (const { kind } of snapshot.messages()) kinds.push(kind);
        return kinds;
      };
      expect(await read(isEarly ? [create] : [], isEarly ? [] : [create])).toEqual([
        'snapshot-rows',
        'snapshot-unit-end',
        'snapshot-table-end',
      ]);
      await db.dropSlots();
      await expect(read(isEarly ? [attach] : [], isEarly ? [] : [attach])).rejects.toMatchObject({
        code: 'postgres/snapshot-disturbed',
        retry: 'backoff',
      });
    },
  );
});
