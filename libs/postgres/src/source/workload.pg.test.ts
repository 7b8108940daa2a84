import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { MemorySpillSpace } from '@cdc-demo/cdc-testing';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import type pg from 'pg';
import { Follower, TestDatabase, sourceOn, tableName } from './follower.fixture.ts';

jest.setTimeout(120_000);

const TABLES = ['public.items', 'public.others'];
const KEYS = 60;
const SESSIONS = 3;
const KILLS = 4;

/** xorshift32: the same numbers for the same seed. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** One statement that never fails but for a key that is taken. */
function statement(random: (below: number) => number): string {
  const table = TABLES[random(TABLES.length)]!;
  const id = random(KEYS);
  const value = `'${'v'.repeat(random(40))}${random(1000)}'`;
  switch (random(12)) {
    case 0:
    case 1:
      return `DELETE FROM ${table} WHERE id = ${id}`;
    case 2:
      return `UPDATE ${table} SET id = id + ${KEYS} WHERE id = ${id}`;
    case 3:
      return `UPDATE ${table} SET large = ${largeValue(value)} WHERE id = ${id}`;
    case 4:
    case 5:
    case 6:
      return `UPDATE ${table} SET name = ${value} WHERE id = ${id}`;
    case 7:
      return random(10) === 0 ? `TRUNCATE ${table}` : `DELETE FROM ${table} WHERE id > ${KEYS}`;
    default:
      return `INSERT INTO ${table} VALUES (${id}, ${value}, NULL) ON CONFLICT (id)
              DO UPDATE SET name = EXCLUDED.name, large = NULL`;
  }
}

/** 64 kB that do not compress to less than is stored out of line. */
function largeValue(seed: string): string {
  return `(SELECT string_agg(md5(${seed} || i), '') FROM generate_series(1, 2000) i)`;
}

/** Random transactions with savepoints and rollbacks; a conflict or deadlock undoes one. */
async function work(
  session: pg.Client,
  random: (below: number) => number,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    try {
      await session.query('BEGIN');
      for (let i = random(5); i >= 0; i--) {
        await session.query('SAVEPOINT s');
        await session.query(statement(random));
        if (random(4) === 0) await session.query('ROLLBACK TO SAVEPOINT s');
      }
      await session.query(random(5) === 0 ? 'ROLLBACK' : 'COMMIT');
    } catch {
      // Undone by the server; when the connection is gone, the test has ended already.
      await session.query('ROLLBACK').catch(() => undefined);
    }
  }
}

/** Lets the server send transactions before they end: any of them, or those beyond 64 kB. */
function sendsEarly(version: number, database: string): string {
  const setting =
    version < 16
      ? `logical_decoding_work_mem = '64kB'`
      : `debug_logical_replication_streaming = 'immediate'`;
  return `ALTER DATABASE ${database} SET ${setting}`;
}

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version, settings: { deadlock_timeout: '20ms' } });
  });
  afterAll(() => server.stop());

  /** Follows through some kills of the connection; the last follower. */
  async function followThroughKills(db: TestDatabase, spill: MemorySpillSpace): Promise<Follower> {
    const options = { tables: TABLES.map(tableName), bufferBytes: 10_000, spill };
    let follower = new Follower(sourceOn(db, options));
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    for (let kills = 0; kills < KILLS; kills++) {
      const before = follower.messages.length;
      await follower.until(() => follower.messages.length > before);
      await db.run(
        `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
         WHERE database = current_database() AND active_pid IS NOT NULL`,
      );
      expect(await follower.done).toMatchObject({ code: 'postgres/connection-lost' });
      expect(follower.violations).toEqual([]);
      const position = follower.position!;
      follower = new Follower(sourceOn(db, options), { kind: 'position', position }, follower);
      await follower.until(() => follower.kinds().includes('streaming'));
    }
    return follower;
  }

  test.each([
    ['DEFAULT', 'ended'],
    ['FULL', 'ended'],
    ['DEFAULT', 'in progress'],
  ])(
    'a random workload under kills ends in equal tables, nothing lost or doubled (identity %s, sent when %s)',
    async (identity, sent) => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      console.log(`seed ${seed}`);
      await using db = await TestDatabase.create(server);
      if (sent === 'in progress') await db.run(sendsEarly(version, db.name));
      const spill = new MemorySpillSpace();
      for (const table of TABLES) {
        await db.run(
          `CREATE TABLE ${table} (id int PRIMARY KEY, name text, large text)`,
          `ALTER TABLE ${table} REPLICA IDENTITY ${identity}`,
          `INSERT INTO ${table} SELECT i, 'first ' || i, repeat(md5(i::text), 200)
           FROM generate_series(1, ${KEYS / 2}) i`,
        );
      }
      const stop = new AbortController();
      const working = Array.from({ length: SESSIONS }, async (_, i) =>
        work(await db.session(), randomNumbers(seed + i * 7919), stop.signal),
      );
      let follower: Follower;
      try {
        follower = await followThroughKills(db, spill);
      } finally {
        stop.abort();
        await Promise.all(working);
      }
      await follower.caughtUp();
      expect(follower.violations).toEqual([]);
      for (const table of TABLES) {
        const rows = await db.rows(`SELECT * FROM ${table} ORDER BY id`);
        expect(follower.rows(table)).toEqual(rows);
      }
      await follower.source.stop();
      expect(spill.openFiles).toBe(0);
      expect(spill.files > 0).toBe(sent === 'in progress');
    },
  );
});
