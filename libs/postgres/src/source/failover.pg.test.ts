import { expect, test } from '@jest/globals';
import { formatLsn, postgresPosition } from '@cdc-demo/cdc-core';
import type { StartFrom } from '@cdc-demo/cdc-core';
import { startPostgres, testedVersions, testedVersionsFrom } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Follower, TestDatabase, databaseUrl, sourceOn, tableName } from './follower.fixture.ts';
import type { PostgresSourceOptions } from './source-settings.ts';
import { copyServer } from './server-copy.fixture.ts';

const TABLES = { tables: [tableName('public.items')] };
const ALL = 'SELECT * FROM items ORDER BY id';
const CREATE = 'CREATE TABLE items (id int PRIMARY KEY, name text)';

async function following(
  db: TestDatabase,
  options: Partial<PostgresSourceOptions> = {},
): Promise<Follower> {
  const follower = new Follower(sourceOn(db, { ...TABLES, ...options }));
  await follower.until(() => follower.kinds().includes('snapshot-end'));
  return follower;
}

function historyOf(follower: Follower): string {
  const begin = follower.messages.find(({ kind }) => kind === 'snapshot-begin');
  return begin?.kind === 'snapshot-begin' ? (begin.history ?? '') : '';
}

/** Where a follower stands, as a pipeline stores it. */
function positionOf(follower: Follower): StartFrom & { readonly kind: 'position' } {
  return { kind: 'position', position: follower.position!, history: historyOf(follower) };
}

/** Goes on with another server that has a copy of the same database. */
function goOn(follower: Follower, db: TestDatabase, on: LocalPostgres, from: StartFrom): Follower {
  const url = databaseUrl(on.url, db.name);
  return new Follower(sourceOn(db, { ...TABLES, connection: { url } }), from, follower);
}

/** Polls the server until a query gives `t`: replication tells nobody when it is there. */
async function eventually(db: TestDatabase, sql: string): Promise<void> {
  while ((await db.value(sql)) !== 't');
}

/** Waits until a standby shows all that was written on its primary. */
async function replayed(primary: TestDatabase, standby: TestDatabase): Promise<void> {
  const end = await primary.value('SELECT pg_current_wal_flush_lsn()');
  await eventually(standby, `SELECT pg_last_wal_replay_lsn() >= '${end}'`);
}

test.each(testedVersions(process.env))(
  'Postgres %i crashes: the slot goes back, and nothing is lost or doubled',
  async (version) => {
    await using server = await startPostgres({ version });
    await using db = await TestDatabase.create(server);
    await db.run(CREATE);
    const follower = await following(db);
    for (let round = 1; round <= 3; round++) {
      await db.run(
        `INSERT INTO items SELECT ${round} * 100 + i, 'x' FROM generate_series(1, 50) i`,
        'UPDATE items SET name = name || id',
      );
      await follower.caughtUp();
    }
    await follower.source.stop();
    await server.kill9();
    await server.restart();
    await db.reconnect();
    const confirmed = await db.value('SELECT confirmed_flush_lsn FROM pg_replication_slots');
    await db.run(`INSERT INTO items VALUES (1, 'after')`, 'DELETE FROM items WHERE id = 101');
    const again = new Follower(sourceOn(db, TABLES), positionOf(follower), follower);
    await again.caughtUp();
    expect(again.rows('public.items')).toEqual(await db.rows(ALL));
    expect(again.violations).toEqual([]);
    expect(again.events).toHaveLength(2);
    expect(confirmed).not.toBe(formatLsn(follower.position!.lsn));
    await again.source.stop();
  },
);

test.each(testedVersionsFrom(17, process.env))(
  'Postgres %i: after a failover the stream goes on at the promoted standby, on its timeline',
  async (version) => {
    await using primary = await startPostgres({ version });
    await using db = await TestDatabase.create(primary);
    await db.run(CREATE, `SELECT pg_create_physical_replication_slot('standby', true)`);
    const follower = await following(db, { failover: true });
    await using standby = await copyServer(primary, {
      as: 'standby',
      settings: { primary_slot_name: 'standby', hot_standby_feedback: true },
    });
    await using other = await TestDatabase.on(standby, db.name);
    const copied =
      'SELECT coalesce(bool_and(synced AND NOT temporary), false) FROM pg_replication_slots';
    // What sync_replication_slots does every now and then. A copy lasts once the slot has moved on.
    for (let id = 1; (await other.value(copied)) !== 't'; id++) {
      await db.run(`INSERT INTO items VALUES (${id}, 'x')`, 'SELECT pg_log_standby_snapshot()');
      await follower.caughtUp();
      await replayed(db, other);
      await other.run('SELECT pg_sync_replication_slots()');
    }
    await follower.source.stop();
    await db.run(`UPDATE items SET name = 'late' WHERE id = 1`);
    await replayed(db, other);
    await primary.kill9();
    await eventually(other, 'SELECT pg_promote()');
    await other.run(`INSERT INTO items VALUES (0, 'new')`, 'DELETE FROM items WHERE id = 1');
    const again = goOn(follower, db, standby, positionOf(follower));
    await again.caughtUp();
    expect(again.rows('public.items')).toEqual(await other.rows(ALL));
    expect(again.violations).toEqual([]);
    await again.source.stop();
    // What a table holds beyond the point where the timelines part is not in this log.
    const furthest = postgresPosition(again.position!.lsn - 1n);
    const refused = goOn(follower, db, standby, { ...positionOf(follower), furthest });
    expect(await refused.done).toBeUndefined();
    expect(refused.refusal).toBe('postgres/timeline-or-system-changed');
    await primary.restart();
    await db.reconnect();
  },
);

test('a slot that standbys did not have gets to them when that is asked for', async () => {
  await using server = await startPostgres({ version: 18 });
  await using db = await TestDatabase.create(server);
  await db.run(CREATE);
  const follower = await following(db);
  await follower.source.stop();
  const failover = 'SELECT failover FROM pg_replication_slots';
  expect(await db.value(failover)).toBe('f');
  const source = sourceOn(db, { ...TABLES, failover: true });
  const again = new Follower(source, positionOf(follower), follower);
  await again.caughtUp();
  expect(await db.value(failover)).toBe('t');
  await source.stop();
});

test.each(testedVersions(process.env))(
  'Postgres %i: a promoted standby without the slot is refused, and nothing is read anew',
  async (version) => {
    await using primary = await startPostgres({ version });
    await using db = await TestDatabase.create(primary);
    await db.run(CREATE);
    const follower = await following(db);
    await db.run(`INSERT INTO items VALUES (1, 'a')`);
    await follower.caughtUp();
    await follower.source.stop();
    await using standby = await copyServer(primary, { as: 'standby' });
    await using other = await TestDatabase.on(standby, db.name);
    await eventually(other, `SELECT count(*) = 1 FROM items`);
    await eventually(other, 'SELECT pg_promote()');
    const again = goOn(follower, db, standby, positionOf(follower));
    expect(await again.done).toBeUndefined();
    expect(again.kinds()).toEqual(['refused']);
    expect(again.refusal).toBe('postgres/slot-lost');
  },
);

test.each(testedVersions(process.env))(
  'Postgres %i: a restored copy that lacks what was followed is refused',
  async (version) => {
    await using server = await startPostgres({ version });
    await using db = await TestDatabase.create(server);
    await db.run(CREATE);
    const follower = await following(db);
    await using copy = await copyServer(server, { as: 'restored' });
    await db.run(`INSERT INTO items SELECT i, repeat('x', 1000) FROM generate_series(1, 1000) i`);
    await follower.caughtUp();
    await follower.source.stop();
    const again = goOn(follower, db, copy, positionOf(follower));
    expect(await again.done).toBeUndefined();
    expect(again.messages).toMatchObject([
      {
        kind: 'refused',
        error: {
          code: 'postgres/timeline-or-system-changed',
          message: expect.stringMatching(/log ends at .*, before our position/),
        },
      },
    ]);
  },
);

test('a slot that nobody used for too long is lost, with its reason and remedy', async () => {
  await using server = await startPostgres({
    version: 18,
    settings: { idle_replication_slot_timeout: '1s' },
  });
  await using db = await TestDatabase.create(server);
  await db.run(CREATE);
  const follower = await following(db);
  await follower.caughtUp();
  await follower.source.stop();
  const reason = 'SELECT invalidation_reason FROM pg_replication_slots';
  while ((await db.value(reason)) === null) await db.run('CHECKPOINT');
  const again = new Follower(sourceOn(db, TABLES), positionOf(follower), follower);
  expect(await again.done).toBeUndefined();
  expect(again.messages).toMatchObject([
    {
      kind: 'refused',
      error: {
        code: 'postgres/slot-lost',
        remedy: expect.stringContaining('idle_replication_slot_timeout'),
      },
    },
  ]);
});
