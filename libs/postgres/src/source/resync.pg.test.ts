import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ColumnBatch, FieldValue, ResyncRange } from '@cdc-demo/cdc-core';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { startWorkload } from '@cdc-demo/cdc-testing';
import { Follower, TestDatabase, sourceOn, tableName } from './follower.fixture.ts';

jest.setTimeout(120_000);

const SEED = Number(process.env['CDC_SEED'] ?? Date.now() % 1_000_000);
const KEYS = 200;
const items = tableName('public.items');

/** Inserts, updates that leave a large value out, keys that change, deletes; rarely a TRUNCATE. */
function statement(random: () => number): string {
  const id = Math.floor(random() * KEYS);
  const kind = random();
  if (kind < 0.0005) return 'TRUNCATE items';
  if (kind < 0.15) return `DELETE FROM items WHERE id = ${id}`;
  if (kind < 0.25) {
    return `UPDATE items SET id = ${KEYS} - id WHERE id = ${id}
            AND NOT EXISTS (SELECT FROM items WHERE id = ${KEYS - id})`;
  }
  if (kind < 0.3) return `UPDATE items SET large = repeat(md5('${kind}'), 200) WHERE id = ${id}`;
  if (kind < 0.65) return `UPDATE items SET name = 'u${kind}' WHERE id = ${id}`;
  return `INSERT INTO items VALUES (${id}, 'i${kind}', repeat(md5('${kind}'), 200))
          ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name`;
}

const CREATE = [
  'CREATE TABLE items (id int PRIMARY KEY, name text, large text)',
  'ALTER TABLE items ALTER large SET STORAGE EXTERNAL',
  `INSERT INTO items SELECT i, 'first ' || i, repeat(md5(i::text), 200)
   FROM generate_series(0, ${KEYS - 1}) i`,
];

const isComplete = (follower: Follower) => (): boolean =>
  follower.resyncs.some(({ next }) => next === 'complete');

function compare(a: FieldValue, b: FieldValue): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array);
  return (a as bigint) < (b as bigint) ? -1 : Number((a as bigint) > (b as bigint));
}

/** Every row lies in the range by the values of its first columns, which are the key. */
function expectInRange({ after, through }: ResyncRange, rows: ColumnBatch): void {
  const order = (row: number, bound: ColumnBatch): number => {
    const values = rows.row(row);
    return bound.row(0).reduce<number>((found, end, i) => found || compare(values[i]!, end), 0);
  };
  for (let row = 0; row < rows.length; row++) {
    if (after) expect(order(row, after)).toBeGreaterThan(0);
    if (through) expect(order(row, through)).toBeLessThanOrEqual(0);
  }
}

describe.each([14, 18] as const)('resync on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  async function following(db: TestDatabase, rowsPerBatch = 17): Promise<Follower> {
    const follower = new Follower(sourceOn(db, { tables: [items], rowsPerBatch }));
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    await follower.caughtUp();
    return follower;
  }

  test.each(['DEFAULT', 'FULL'])(
    `of a table in use is exact where it stands in the stream, seed ${SEED} (identity %s)`,
    async (identity) => {
      await using db = await TestDatabase.create(server);
      await db.run(...CREATE, `ALTER TABLE items REPLICA IDENTITY ${identity}`);
      const follower = await following(db);
      const workload = await startWorkload({
        url: db.url,
        seed: SEED,
        clients: 3,
        statement,
        statementsPerTransaction: 4,
        pauseMs: 1,
      });
      let chunks = 0;
      try {
        // A TRUNCATE leaves little to be read in a round.
        for (let round = 0; round < 4 || (chunks <= 8 && round < 40); round++) {
          follower.resyncs.length = 0;
          follower.source.resync({ table: items, after: null });
          await follower.until(isComplete(follower));
          expect(follower.violations).toEqual([]);
          chunks += follower.resyncs.length;
        }
      } finally {
        await workload.stop();
      }
      expect(chunks).toBeGreaterThan(8);
      await follower.caughtUp();
      await follower.source.stop();
      expect(follower.rows('public.items')).toEqual(
        await db.rows('SELECT * FROM items ORDER BY id'),
      );
    },
  );

  test('goes through the table once, from where it is asked to', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(...CREATE);
    const follower = await following(db, 50);
    follower.source.resync({ table: items, after: ['119'] });
    await follower.until(isComplete(follower));
    const ranges = follower.resyncs.map(({ from, next, rows }) => [from, next, rows.length]);
    expect(ranges).toEqual([
      [['119'], ['169'], 50],
      [['169'], 'complete', 30],
    ]);
    await follower.source.stop();
    expect(follower.violations).toEqual([]);
  });

  test('waits for a transaction that was running before it began', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(...CREATE);
    const follower = await following(db, 500);
    const other = await db.session();
    await other.query('BEGIN');
    await other.query(`UPDATE items SET name = 'late' WHERE id = 7`);
    follower.source.resync({ table: items, after: null });
    await db.run(`UPDATE items SET name = 'early' WHERE id = 8`);
    await follower.caughtUp();
    expect(follower.resyncs).toEqual([]);
    await other.query('COMMIT');
    await follower.until(isComplete(follower));
    await follower.source.stop();
    expect(follower.violations).toEqual([]);
  });

  test('takes bounds of every ordered type of key as the server orders them', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(
      `CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')`,
      `CREATE TABLE keyed (a mood, b char(3), c numeric(6,2), d timestamptz, e bytea, f uuid,
         g text, h inet, i date, j boolean, k time, note text,
         PRIMARY KEY (a, b, c, d, e, f, g, h, i, j, k))`,
      `INSERT INTO keyed SELECT (enum_range(NULL::mood))[1 + n % 3], chr(97 + n % 2), -n / 4.0,
         '2020-01-01Z'::timestamptz + n * interval '1 us', decode(lpad(to_hex(n % 5), 2, '0'), 'hex'),
         md5((n % 7)::text)::uuid, chr(50 + n), ('10.0.0.' || n)::inet, '2020-01-01'::date - n,
         n % 2 = 0, '00:00'::time + n * interval '1 s', 'n' || n
       FROM generate_series(1, 60) n`,
    );
    const table = tableName('public.keyed');
    const follower = new Follower(sourceOn(db, { tables: [table], rowsPerBatch: 7 }));
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    await follower.caughtUp();
    follower.source.resync({ table, after: null });
    await follower.until(isComplete(follower));
    await follower.source.stop();
    const notes = follower.resyncs.flatMap(({ rows }) =>
      Array.from({ length: rows.length }, (_, row) => rows.row(row)[11] as string),
    );
    expect(follower.resyncs).toHaveLength(9);
    expect(notes.sort()).toEqual(Array.from({ length: 60 }, (_, n) => `n${n + 1}`).sort());
    for (const { range, rows } of follower.resyncs) expectInRange(range, rows);
  });

  test('of a table without an ordered key is refused', async () => {
    await using db = await TestDatabase.create(server);
    await db.run('CREATE TABLE items (id float8 PRIMARY KEY)');
    const follower = await following(db);
    follower.source.resync({ table: items, after: null });
    await follower.done;
    expect(follower.refusal).toBe('postgres/resync-unsupported');
  });

  test('of a table that is emptied or rewritten meanwhile tells its rows, not an empty table', async () => {
    await using db = await TestDatabase.create(server);
    await db.run(...CREATE);
    const follower = await following(db, 10);
    const other = await db.session();
    follower.source.resync({ table: items, after: null });
    for (let i = 0; i < 10; i++) {
      await other.query('ALTER TABLE items ALTER name TYPE text USING name || 1');
      await other.query(`UPDATE items SET name = 'n' || id, large = NULL`);
    }
    await other.query('TRUNCATE items');
    await other.query(`INSERT INTO items SELECT i, 'again', NULL FROM generate_series(1, 30) i`);
    await follower.until(isComplete(follower));
    follower.resyncs.length = 0;
    follower.source.resync({ table: items, after: null });
    await follower.until(isComplete(follower));
    await follower.caughtUp();
    await follower.source.stop();
    expect(follower.resyncs.reduce((sum, { rows }) => sum + rows.length, 0)).toBe(30);
    expect(follower.rows('public.items')).toEqual(await db.rows('SELECT * FROM items ORDER BY id'));
  });
});
