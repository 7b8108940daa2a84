import { MemorySpillSpace } from '@cdc-demo/cdc-testing';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Follower, TestDatabase, sourceOn, tableName } from './follower.fixture.ts';
import type { PostgresSourceOptions } from './source-settings.ts';

jest.setTimeout(60_000);

const ITEMS = tableName('public.items');
const WALSENDER = `SELECT active_pid FROM pg_replication_slots WHERE database = current_database()`;
/** Rows [from, to] that are large enough to be sent before the transaction ends. */
const insert = (from: number, to: number): string =>
  `INSERT INTO items SELECT i, repeat('x', 500) || i FROM generate_series(${from}, ${to}) i`;

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version, settings: { logical_decoding_work_mem: '64kB' } });
  });
  afterAll(() => server.stop());

  async function followed(
    spill: MemorySpillSpace,
    options: Partial<PostgresSourceOptions> = {},
  ): Promise<{ db: TestDatabase; follower: Follower }> {
    const db = await TestDatabase.create(server);
    await db.run('CREATE TABLE items (id int PRIMARY KEY, name text)');
    const follower = new Follower(sourceOn(db, { tables: [ITEMS], spill, ...options }));
    await follower.caughtUp();
    return { db, follower };
  }

  /** Transactions that the server sent before they ended. */
  async function streamedTransactions(db: TestDatabase): Promise<number> {
    // The server counts them a little later.
    for (let look = 0; look < 100; look++) {
      const found = await db.value(
        `SELECT sum(stream_txns) FROM pg_stat_replication_slots
         JOIN pg_replication_slots USING (slot_name) WHERE database = current_database()`,
      );
      if (Number(found) > 0) return Number(found);
      await db.run('SELECT pg_sleep(0.05)');
    }
    return 0;
  }

  async function expectEqual(db: TestDatabase, follower: Follower): Promise<void> {
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(await db.rows('SELECT * FROM items ORDER BY id'));
    expect(follower.violations).toEqual([]);
  }

  test('large transactions interleave with each other and with small ones', async () => {
    const spill = new MemorySpillSpace();
    const { db, follower } = await followed(spill, { spillAfterBytes: 20_000 });
    await using _ = db;
    const [one, two] = [await db.session(), await db.session()];
    await one.query(`BEGIN; ${insert(1, 500)}`);
    await two.query(`BEGIN; ${insert(1001, 1500)}`);
    await db.run(`INSERT INTO items VALUES (5000, 'small')`);
    await one.query(`${insert(501, 1000)}; UPDATE items SET name = name || 'y' WHERE id % 3 = 0`);
    await two.query(`DELETE FROM items WHERE id > 1400 AND id < 5000; COMMIT`);
    await db.run(`UPDATE items SET name = 'small too' WHERE id = 5000`);
    await one.query('COMMIT');
    await expectEqual(db, follower);
    const changes = new Map<unknown, number>();
    for (const { transaction } of follower.events) {
      const id = transaction === 'snapshot' ? transaction : transaction.id;
      changes.set(id, (changes.get(id) ?? 0) + 1);
    }
    expect([...changes.values()]).toEqual([1, 600, 1, 1333]);
    expect(await streamedTransactions(db)).toBeGreaterThanOrEqual(2);
    await follower.source.stop();
    expect(spill.openFiles).toBe(0);
  });

  test('what is rolled back to a savepoint is no change, however it nests', async () => {
    const spill = new MemorySpillSpace();
    const { db, follower } = await followed(spill);
    await using _ = db;
    const session = await db.session();
    await session.query(`BEGIN; ${insert(1, 300)}; SAVEPOINT a; ${insert(301, 600)};
      SAVEPOINT b; ${insert(601, 900)}; RELEASE b; SAVEPOINT c; DELETE FROM items WHERE id < 700`);
    await session.query(`ROLLBACK TO c; ${insert(901, 1200)}; SAVEPOINT d; TRUNCATE items`);
    await session.query(`${insert(1, 400)}; ROLLBACK TO d; UPDATE items SET name = name || 'y'`);
    await session.query(`ROLLBACK TO a; ${insert(301, 900)}; COMMIT`);
    await expectEqual(db, follower);
    expect(follower.events).toHaveLength(900);
    expect(await streamedTransactions(db)).toBeGreaterThan(0);
    await follower.source.stop();
    expect(spill.openFiles).toBe(0);
  });

  test('one that is rolled back leaves nothing', async () => {
    const spill = new MemorySpillSpace();
    const { db, follower } = await followed(spill);
    await using _ = db;
    const session = await db.session();
    await session.query(`BEGIN; ${insert(1, 2000)}`);
    while (spill.files === 0) await db.run('SELECT 1');
    await session.query('ROLLBACK');
    await db.run(`INSERT INTO items VALUES (1, 'after')`);
    await expectEqual(db, follower);
    expect(follower.events).toHaveLength(1);
    expect(spill.openFiles).toBe(0);
    await follower.source.stop();
  });

  test('one that adds a column and fills it waits for nothing but its end', async () => {
    const spill = new MemorySpillSpace();
    const { db, follower } = await followed(spill);
    await using _ = db;
    await db.run(insert(1, 100));
    const session = await db.session();
    await session.query(`BEGIN; ALTER TABLE items ADD COLUMN more text; ${insert(101, 1000)};
      UPDATE items SET more = repeat('m', 300) || id`);
    await db.run('SELECT pg_sleep(0.3)');
    await session.query('COMMIT');
    await expectEqual(db, follower);
    expect(await streamedTransactions(db)).toBeGreaterThan(0);
    await follower.source.stop();
  });

  test('while one is open others come, and the position goes on', async () => {
    const spill = new MemorySpillSpace();
    const { db, follower } = await followed(spill);
    await using _ = db;
    const session = await db.session();
    await session.query(`BEGIN; ${insert(1, 2000)}`);
    await db.run(`INSERT INTO items VALUES (5000, 'not held back')`);
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual([['5000', 'not held back']]);
    expect(spill.openFiles).toBe(1);
    const { position } = follower;
    await follower.source.stop();
    expect(spill.openFiles).toBe(0);
    await session.query('COMMIT');
    const from = { kind: 'position', position: position! } as const;
    const again = new Follower(sourceOn(db, { tables: [ITEMS], spill }), from, follower);
    await expectEqual(db, again);
    await again.source.stop();
  });

  test('a connection that dies in the middle loses and doubles nothing', async () => {
    const spill = new MemorySpillSpace();
    const { db, follower } = await followed(spill);
    await using _ = db;
    const session = await db.session();
    await session.query(`BEGIN; ${insert(1, 3000)}`);
    while (spill.openFiles === 0) await db.run('SELECT 1');
    const pid = await db.value(WALSENDER);
    await db.run(`SELECT pg_terminate_backend(${pid})`);
    expect(await follower.done).toMatchObject({ code: 'postgres/connection-lost' });
    expect(spill.openFiles).toBe(0);
    await session.query(`DELETE FROM items WHERE id % 2 = 0; COMMIT`);
    const from = { kind: 'position', position: follower.position! } as const;
    const again = new Follower(sourceOn(db, { tables: [ITEMS], spill }), from, follower);
    await expectEqual(db, again);
    await again.source.stop();
    expect(spill.openFiles).toBe(0);
  });
});
