import { comparePositions, parseLsn } from '@cdc-demo/cdc-core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import { MemorySpillSpace } from '@cdc-demo/cdc-testing';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Follower, TestDatabase, sourceOn, tableName } from './follower.fixture.ts';

const ITEMS = tableName('public.items');
const WALSENDER = `SELECT active_pid FROM pg_replication_slots WHERE database = current_database()`;
const CONFIRMED = `SELECT confirmed_flush_lsn FROM pg_replication_slots
                   WHERE database = current_database()`;

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  async function database(...statements: readonly string[]): Promise<TestDatabase> {
    const created = await TestDatabase.create(server);
    await created.run('CREATE TABLE items (id int PRIMARY KEY, name text)', ...statements);
    return created;
  }

  test('a connection that dies inside a transaction gives none of it, and all of it later', async () => {
    await using db = await database();
    const first = new Follower(sourceOn(db, { tables: [ITEMS], bufferBytes: 1 }));
    await first.until(() => first.kinds().includes('snapshot-end'));
    await db.run(`INSERT INTO items VALUES (0, 'whole')`);
    await first.until(() => first.kinds().includes('transactions'));
    first.acknowledges = false;
    const position = first.position!;
    const session = await db.session();
    // Large enough to be on its way for a while when the walsender is killed.
    await session.query(
      `INSERT INTO items SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i`,
    );
    const pid = await db.value(WALSENDER);
    await db.run(`SELECT pg_terminate_backend(${pid})`);
    expect(await first.done).toMatchObject({ code: 'postgres/connection-lost', retry: 'backoff' });
    expect([1, 20_001]).toContain(first.rows('public.items').length);
    const second = new Follower(sourceOn(db, { tables: [ITEMS] }), { kind: 'position', position });
    await second.caughtUp();
    expect(second.rows('public.items')).toHaveLength(20_000);
    expect(second.events).toHaveLength(20_000);
    await second.source.stop();
  });

  test('a crash of the server is a lost connection', async () => {
    await using db = await database();
    const follower = new Follower(sourceOn(db, { tables: [ITEMS] }));
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    follower.acknowledges = false;
    await db.run(`INSERT INTO items VALUES (0, 'before')`);
    await follower.until(() => follower.kinds().includes('transactions'));
    const position = follower.position!;
    await server.kill9();
    const error = await follower.done;
    await server.restart();
    await db.reconnect();
    expect(error).toMatchObject({
      retry: 'backoff',
      code: 'postgres/connection-lost',
    });
    await db.run(`INSERT INTO items VALUES (1, 'after')`);
    const again = new Follower(sourceOn(db, { tables: [ITEMS] }), { kind: 'position', position });
    await again.caughtUp();
    expect(again.rows('public.items')).toEqual([['1', 'after']]);
    await again.source.stop();
  });

  test('on a quiet table heartbeats go on, and the slot only as far as was acknowledged', async () => {
    await using db = await database('CREATE TABLE elsewhere (n int)');
    const follower = new Follower(sourceOn(db, { tables: [ITEMS] }));
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    follower.acknowledges = false;
    const start = follower.position!;
    await db.run('INSERT INTO elsewhere SELECT generate_series(1, 1000)');
    await follower.caughtUp();
    expect(comparePositions(follower.position!, start)).toBeGreaterThan(0);
    expect(follower.kinds().includes('transactions')).toBe(false);
    await db.run('INSERT INTO elsewhere SELECT generate_series(1, 1000)');
    await follower.caughtUp();
    const confirmed = parseLsn((await db.value(CONFIRMED))!);
    expect(confirmed).toBeLessThanOrEqual(start.lsn);
    const reached = follower.position!;
    await follower.source.acknowledge(reached);
    await db.run('INSERT INTO elsewhere VALUES (1)');
    await follower.caughtUp();
    while (parseLsn((await db.value(CONFIRMED))!) < reached.lsn);
    expect(parseLsn((await db.value(CONFIRMED))!)).toBe(reached.lsn);
    await follower.source.stop();
  });

  test('a heartbeat never passes a transaction that is not finished', async () => {
    await using db = await database('CREATE TABLE elsewhere (n int)');
    const follower = new Follower(sourceOn(db, { tables: [ITEMS] }));
    await follower.caughtUp();
    const session = await db.session();
    await session.query('BEGIN');
    await session.query(`INSERT INTO items VALUES (1, 'slow')`);
    follower.acknowledges = false;
    await db.run('INSERT INTO elsewhere VALUES (1)');
    await follower.caughtUp();
    const heard = follower.position!;
    await session.query('COMMIT');
    await follower.caughtUp();
    const { transaction } = follower.events[0]!;
    if (transaction === 'snapshot') throw new Error('not from the stream');
    expect(comparePositions(transaction.commit, heard)).toBeGreaterThanOrEqual(0);
    const again = new Follower(sourceOn(db, { tables: [ITEMS], takeOver: true }), {
      kind: 'position',
      position: heard,
    });
    await follower.done;
    await again.caughtUp();
    expect(again.rows('public.items')).toEqual([['1', 'slow']]);
    await again.source.stop();
  });

  test('a value without binary form turns the stream to text, and nothing is lost or doubled', async () => {
    await using db = await database();
    const follower = new Follower(sourceOn(db, { tables: [ITEMS] }));
    await follower.caughtUp();
    await db.run(
      `INSERT INTO items VALUES (1, 'binary')`,
      'ALTER TABLE items ADD COLUMN span aclitem',
      `INSERT INTO items VALUES (2, 'text', 'postgres=r/postgres')`,
      `UPDATE items SET name = 'text too' WHERE id = 1`,
    );
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual([
      ['1', 'text too', null],
      ['2', 'text', 'postgres=r/postgres'],
    ]);
    expect(follower.events.map(({ op }) => op)).toEqual(['insert', 'insert', 'update']);
    await follower.source.stop();
  });

  test('a table that has a column without binary form is followed from the start', async () => {
    await using db = await database(
      'ALTER TABLE items ADD COLUMN acl aclitem',
      `INSERT INTO items VALUES (1, 'x', 'postgres=r/postgres')`,
    );
    const follower = new Follower(sourceOn(db, { tables: [ITEMS] }));
    await follower.caughtUp();
    await db.run(`INSERT INTO items VALUES (2, 'y', 'postgres=w/postgres')`);
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(await db.rows('SELECT * FROM items ORDER BY id'));
    await follower.source.stop();
  });

  test('without a spill space a transaction beyond the limit is refused with the remedy', async () => {
    await using db = await database();
    const source = sourceOn(db, { tables: [ITEMS], spillAfterBytes: 100_000 });
    const follower = new Follower(source);
    await follower.caughtUp();
    await db.run(`INSERT INTO items SELECT i, repeat('x', 500) FROM generate_series(1, 1000) i`);
    await follower.done;
    expect(follower.messages.at(-1)).toMatchObject({
      kind: 'refused',
      error: {
        code: 'postgres/transaction-too-large',
        remedy: expect.stringContaining('spill space'),
      },
    });
    expect(follower.rows('public.items')).toEqual([]);
  });

  test('a transaction beyond the limit goes to disk, and comes whole and in order', async () => {
    await using db = await database();
    const spill = new MemorySpillSpace();
    const follower = new Follower(sourceOn(db, { tables: [ITEMS], spill, spillAfterBytes: 5_000 }));
    await follower.caughtUp();
    await db.run(`INSERT INTO items VALUES (4999, 'before')`);
    await db.run(`INSERT INTO items SELECT i, repeat('x', 500) FROM generate_series(1, 1000) i;
      UPDATE items SET name = name || id WHERE id % 3 = 0; DELETE FROM items WHERE id % 5 = 0`);
    await db.run(`INSERT INTO items VALUES (5000, 'after')`);
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(await db.rows('SELECT * FROM items ORDER BY id'));
    expect(follower.violations).toEqual([]);
    expect(spill.files).toBeGreaterThan(0);
    await follower.source.stop();
    expect(spill.openFiles).toBe(0);
  });

  test('a connection that dies while a transaction goes to disk leaves nothing there', async () => {
    await using db = await database();
    const spill = new MemorySpillSpace();
    const options = { tables: [ITEMS], spill, spillAfterBytes: 5_000 };
    const first = new Follower(sourceOn(db, options));
    await first.caughtUp();
    await db.run(`INSERT INTO items VALUES (0, 'it streams')`);
    await first.until(() => first.kinds().includes('transactions'));
    const pid = await db.value(WALSENDER);
    await db.run(`INSERT INTO items SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i`);
    while (spill.files === 0) await db.run('SELECT 1');
    await db.run(`SELECT pg_terminate_backend(${pid})`);
    await first.done;
    expect(spill.openFiles).toBe(0);
    const from = { kind: 'position', position: first.position! } as const;
    const second = new Follower(sourceOn(db, options), from, first);
    await second.caughtUp();
    expect(second.rows('public.items')).toEqual(await db.rows('SELECT * FROM items ORDER BY id'));
    expect(second.violations).toEqual([]);
    await second.source.stop();
    expect(spill.openFiles).toBe(0);
  });

  test('while the consumer does not ask, reading stops at the buffer', async () => {
    await using db = await database();
    const source = sourceOn(db, { tables: [ITEMS], bufferBytes: 64 * 1024 });
    const messages = source.start({ kind: 'snapshot' });
    for (let message = await messages.next(); ; message = await messages.next()) {
      if (message.value?.kind === 'snapshot-end') break;
    }
    for (let i = 0; i < 100; i++) {
      await db.run(`INSERT INTO items SELECT i, repeat('x', 1000)
                    FROM generate_series(${i * 200}, ${i * 200 + 199}) i`);
    }
    await messages.next();
    const end = parseLsn((await db.value('SELECT pg_current_wal_lsn()'))!);
    const sent = `SELECT sent_lsn FROM pg_stat_replication WHERE pid = (${WALSENDER})`;
    // The server has sent what the buffers on the way hold, and waits.
    expect(parseLsn((await db.value(sent))!)).toBeLessThan(end);
    for (let reached = 0n; reached < end; ) {
      const { value } = await messages.next();
      if (value?.kind === 'heartbeat') reached = value.position.lsn;
      if (value?.kind !== 'transactions') continue;
      reached = value.group.end.lsn;
      // A group ends at the first COMMIT after the limit: one transaction and one read beyond it.
      expect(value.group.changes).toBeLessThanOrEqual(600);
    }
    await source.stop();
  });
});
