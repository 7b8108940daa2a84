import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import type { SourceMessage } from '@cdc-demo/cdc-core';
import { connectionTarget } from '../connection/connection-target.ts';
import { Session } from '../connection/session.ts';
import { Follower, TestDatabase, sourceOn, tableName } from './follower.fixture.ts';
import { createSlot } from './slot.ts';
import { Snapshot } from './snapshot.ts';

const ITEMS = tableName('public.items');

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  async function database(rows: number, ...statements: readonly string[]): Promise<TestDatabase> {
    const db = await TestDatabase.create(server);
    await db.run(
      'CREATE TABLE items (id int PRIMARY KEY, name text)',
      `INSERT INTO items SELECT i, 'n' || i FROM generate_series(1, ${rows}) i`,
      ...statements,
      'CREATE PUBLICATION p FOR TABLE items',
    );
    return db;
  }

  async function open(db: TestDatabase, between: () => Promise<void>): Promise<Snapshot> {
    const target = connectionTarget({ url: db.url });
    await using session = await Session.open(target, 'database');
    const exportSnapshot = async (): Promise<string> => {
      const { snapshotName } = await createSlot(session, `s_${db.name}`);
      await between();
      return snapshotName;
    };
    const size = { workers: 2, rangeBytes: 1 << 28, rowsPerBatch: 100, bytesPerBatch: 1 << 20 };
    return await Snapshot.open(
      { target, publication: 'p', tables: [ITEMS], outOfRange: 'stop', ...size },
      { origin: { kind: 'exported', export: exportSnapshot }, finished: new Map() },
    );
  }

  test('rows are those of the slot, whatever was committed since', async () => {
    await using db = await database(1000);
    const snapshot = await open(db, () =>
      db.run('DELETE FROM items WHERE id > 500', `INSERT INTO items VALUES (5000, 'late')`),
    );
    const messages: SourceMessage[] = [];
    for await (const message of snapshot.messages()) messages.push(message);
    const rows = messages.map((each) => (each.kind === 'snapshot-rows' ? each.rows.length : 0));
    expect(rows.reduce((a, b) => a + b)).toBe(1000);
    expect(messages.at(-1)).toEqual({ kind: 'snapshot-table-end', table: ITEMS });
  });

  test('a table that was rewritten since the slot is not taken for empty', async () => {
    await using db = await database(10);
    const opening = open(db, () => db.run('ALTER TABLE items ALTER COLUMN id TYPE bigint'));
    await expect(opening).rejects.toMatchObject({
      code: 'postgres/snapshot-disturbed',
      retry: 'backoff',
    });
  });

  test('while a snapshot is read its tables cannot be altered', async () => {
    await using db = await database(10);
    const snapshot = await open(db, () => Promise.resolve());
    const other = await db.session();
    await other.query(`SET lock_timeout = '50ms'`);
    await expect(other.query('ALTER TABLE items ADD COLUMN x int')).rejects.toMatchObject({
      code: '55P03',
    });
    await snapshot.close();
    await other.query('ALTER TABLE items ADD COLUMN x int');
    await snapshot.close();
  });

  test('a lock that somebody waits for is no deadlock', async () => {
    await using db = await database(10);
    const [holder, truncating] = [await db.session(), await db.session()];
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE items IN ACCESS SHARE MODE');
    const waiting = `SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'items'::regclass`;
    const opening = open(db, async () => {
      void truncating.query('TRUNCATE items');
      while ((await db.value(waiting)) !== '1');
    });
    // The first session queues behind the TRUNCATE, which then goes first.
    while ((await db.value(waiting)) !== '2');
    await holder.query('COMMIT');
    await expect(opening).rejects.toMatchObject({ code: 'postgres/snapshot-disturbed' });
  });

  test('a consumer that stops in the middle leaves no session behind', async () => {
    await using db = await database(200_000);
    const source = sourceOn(db, { tables: [ITEMS], rowsPerBatch: 100 });
    const follower = new Follower(source);
    await follower.until(() => follower.kinds().includes('snapshot-rows'));
    await source.stop();
    await source.stop();
    expect(await follower.done).toBeUndefined();
    expect(follower.kinds()).not.toContain('snapshot-end');
    const left = `SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name = 'cdc-demo'`;
    while ((await db.value(left)) !== '0');
    expect(await db.value(left)).toBe('0');
  });

  test('a start that waits for the transactions of others can be stopped', async () => {
    await using db = await database(1);
    const other = await db.session();
    await other.query('BEGIN');
    await other.query('INSERT INTO items VALUES (2)');
    const source = sourceOn(db, { tables: [ITEMS] });
    const follower = new Follower(source);
    const creating = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                      AND query LIKE 'CREATE_REPLICATION_SLOT%' AND wait_event_type = 'Lock'`;
    while ((await db.value(creating)) !== '1');
    await source.stop();
    expect(await follower.done).toBeUndefined();
    expect(follower.messages).toEqual([]);
    await other.query('COMMIT');
    await sourceOn(db, { tables: [ITEMS] }).drop();
    const slots = `SELECT count(*) FROM pg_replication_slots WHERE database = current_database()`;
    expect(await db.value(slots)).toBe('0');
  });

  test('a session that is killed while it reads is a lost connection', async () => {
    await using db = await database(200_000);
    const follower = new Follower(sourceOn(db, { tables: [ITEMS], rowsPerBatch: 100 }));
    await follower.until(() => follower.kinds().includes('snapshot-rows'));
    await db.run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE datname = current_database() AND query LIKE 'SET LOCAL%COPY%'`);
    expect(await follower.done).toMatchObject({
      code: 'postgres/connection-lost',
      retry: 'backoff',
    });
    const again = new Follower(sourceOn(db, { tables: [ITEMS] }));
    await again.caughtUp();
    expect(again.rows('public.items')).toHaveLength(200_000);
    await again.source.stop();
  });

  test('lag and position are told again after their session was lost', async () => {
    await using db = await database(1);
    const follower = new Follower(sourceOn(db, { tables: [ITEMS] }));
    await follower.caughtUp();
    await follower.source.lag();
    await db.run(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name = 'cdc-demo'
                    AND backend_type = 'client backend'`);
    expect((await follower.source.lag()).retainedBytes).toBeGreaterThan(0n);
    await follower.source.stop();
    await expect(follower.source.lag()).rejects.toMatchObject({ code: 'postgres/connection-lost' });
  });
});

test('a filter and a list of columns of the publication hold for the snapshot as well', async () => {
  await using server = await startPostgres({ version: 18 });
  await using db = await TestDatabase.create(server);
  await db.run(
    'CREATE TABLE items (id int PRIMARY KEY, secret text, name text)',
    `INSERT INTO items VALUES (1, 's', 'a'), (2, 's', 'b'), (30, 's', 'c')`,
    'CREATE PUBLICATION p FOR TABLE items (id, name) WHERE (id < 10)',
    'CREATE PUBLICATION keyless FOR TABLE items (name)',
  );
  const follower = new Follower(sourceOn(db, { tables: [ITEMS], publication: 'p' }));
  await follower.until(() => follower.kinds().includes('snapshot-end'));
  await db.run(`INSERT INTO items VALUES (3, 's', 'd'), (40, 's', 'e')`);
  await follower.caughtUp();
  expect(follower.rows('public.items')).toEqual([
    ['1', 'a'],
    ['2', 'b'],
    ['3', 'd'],
  ]);
  await follower.source.stop();
  expect(await sourceOn(db, { tables: [ITEMS], publication: 'keyless' }).check()).toMatchObject([
    { code: 'postgres/publication-unsuitable', message: expect.stringContaining('without the') },
  ]);
});
