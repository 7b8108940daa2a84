import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { comparePositions } from '@cdc-demo/cdc-core';
import type { FieldValue, Position, SourceMessage } from '@cdc-demo/cdc-core';
import { seededRandom, startWorkload } from '@cdc-demo/cdc-testing';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { PostgresError } from '../errors.ts';
import { TestDatabase, sourceOn, tableName } from './follower.fixture.ts';
import type { PostgresSource } from './postgres-source.ts';
import { SnapshotKeeper } from './resumed-snapshot.fixture.ts';

/** Tables by name: columns of the key, and how a row of number `i` is made. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  'public.ints': ['id'],
  'public.uuids': ['id'],
  'public.codes': ['id'],
  'public.pairs': ['a', 'b'],
  'public.words': ['id'],
  'public.keyless': ['id', 'name'],
};
const ID: Readonly<Record<string, (i: string) => string>> = {
  ints: (i) => i,
  uuids: (i) => `md5((${i})::text)::uuid`,
  codes: (i) => `'é' || (${i})`,
  words: (i) => `'w' || (${i})`,
};
const ROWS = 1500;

const CREATE = [
  'CREATE TABLE ints (id int PRIMARY KEY, name text, large text)',
  'ALTER TABLE ints ALTER large SET STORAGE EXTERNAL',
  'CREATE TABLE uuids (id uuid PRIMARY KEY, name text, large text)',
  'ALTER TABLE uuids REPLICA IDENTITY FULL',
  'CREATE TABLE codes (id text COLLATE "C" PRIMARY KEY, name text, large text)',
  'CREATE TABLE words (id text PRIMARY KEY, name text, large text)',
  'CREATE TABLE pairs (a bigint, b text, name text, PRIMARY KEY (a, b))',
  'CREATE TABLE keyless (id int, name text)',
  'ALTER TABLE keyless REPLICA IDENTITY FULL',
  ...Object.entries(ID).map(
    ([table, id]) => `INSERT INTO ${table} SELECT ${id('i')}, 'first ' || i,
      CASE WHEN i % 50 = 0 THEN repeat('l', 2500) END FROM generate_series(1, ${ROWS}) i`,
  ),
  `INSERT INTO pairs SELECT i / 3, 'b' || i, repeat('p', 20) FROM generate_series(1, ${ROWS}) i`,
  `INSERT INTO keyless SELECT i, 'k' || i FROM generate_series(1, ${ROWS}) i`,
];

function statement(random: () => number): string {
  const number = 1 + Math.floor(random() * ROWS * 1.2);
  const other = 1 + Math.floor(random() * ROWS * 2);
  const kind = random();
  if (kind < 0.1) {
    if (random() < 0.005) return 'TRUNCATE codes';
    return `DELETE FROM keyless WHERE id BETWEEN ${number} AND ${number + 2}`;
  }
  if (kind < 0.2) return `INSERT INTO keyless VALUES (${other + ROWS}, gen_random_uuid()::text)`;
  if (kind < 0.25) return `UPDATE keyless SET name = name || 'x' WHERE id = ${number}`;
  if (kind < 0.35) return `UPDATE pairs SET a = ${other} WHERE a = ${Math.floor(number / 3)}`;
  if (kind < 0.45) return `DELETE FROM pairs WHERE a = ${Math.floor(number / 3)} AND b > 'b2'`;
  const names = Object.keys(ID);
  const table = names[Math.floor(random() * names.length)] ?? 'ints';
  const id = ID[table] ?? String;
  if (kind < 0.6) {
    return `INSERT INTO ${table} VALUES (${id(String(other))}, 'i', repeat('m', ${other % 4000}))
            ON CONFLICT (id) DO UPDATE SET name = ${table}.name || 'u'`;
  }
  if (kind < 0.75) return `DELETE FROM ${table} WHERE id = ${id(String(number))}`;
  if (kind < 0.85) {
    return `UPDATE ${table} SET id = ${id(String(other))} WHERE id = ${id(String(number))}
            AND NOT EXISTS (SELECT FROM ${table} WHERE id = ${id(String(other))})`;
  }
  return `UPDATE ${table} SET name = 'n${other}' WHERE id = ${id(String(number))}`;
}

const asText = (value: FieldValue): string | null =>
  value === null || typeof value === 'string' ? value : String(value as number | bigint);
const keyOf = (table: string, row: Readonly<Record<string, FieldValue>>): string =>
  (KEYS[table] ?? ['id']).map((column) => asText(row[column] ?? null)).join('/');

function sorted(rows: readonly (readonly (string | null)[])[]): string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted();
}

const isUnitEnd = ({ kind }: SourceMessage): boolean => kind === 'snapshot-unit-end';

describe.each([14, 18] as const)('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version, settings: { deadlock_timeout: '20ms' } });
  });
  afterAll(() => server.stop());

  const open = (db: TestDatabase, tables = Object.keys(KEYS)): PostgresSource =>
    sourceOn(db, {
      tables: tables.map(tableName),
      requirePrimaryKey: false,
      snapshotRangeBytes: 8192,
      rowsPerBatch: 100,
      takeOver: true,
    });

  /** Runs until all was received that is committed when the rows are read. */
  function catchUp(
    keeper: SnapshotKeeper,
    source: PostgresSource,
  ): Promise<SourceMessage | undefined> {
    let target: Position | undefined;
    const isReached = (position: Position): boolean =>
      target !== undefined && comparePositions(position, target) >= 0;
    return keeper.run(source, async (message) => {
      if (message.kind === 'snapshot-end') {
        target = await source.currentPosition();
        return isReached(message.position);
      }
      if (message.kind === 'transactions') return isReached(message.group.end);
      return message.kind === 'heartbeat' && isReached(message.position);
    });
  }

  async function expectEqual(db: TestDatabase, keeper: SnapshotKeeper, tables: readonly string[]) {
    expect(keeper.violations.slice(0, 5)).toEqual([]);
    for (const table of tables) {
      const stored = [...(keeper.tables.get(table)?.values() ?? [])];
      const rows = stored.map((row) => Object.values(row).map(asText));
      const ours = sorted(rows);
      const theirs = sorted(await db.rows(`SELECT * FROM ${table}`));
      const known = new Set(theirs);
      // A few of the rows that differ: thousands would take minutes to be told apart.
      const surplus = ours.filter((row) => !known.has(row)).slice(0, 3);
      expect({ table, rows: ours.length, surplus }).toEqual({
        table,
        rows: theirs.length,
        surplus: [],
      });
    }
  }

  test('random work while the snapshot is broken off again and again leaves equal tables', async () => {
    const seed = Math.floor(Math.random() * 1_000_000);
    const random = seededRandom(seed);
    await using db = await TestDatabase.create(server);
    await db.run(...CREATE);
    const workload = await startWorkload({
      url: db.url,
      seed,
      clients: 3,
      statement,
      statementsPerTransaction: 6,
      pauseMs: 20,
    });
    const keeper = new SnapshotKeeper(keyOf);
    let runs = 0;
    let unsettled = 0;
    try {
      for (let last = ''; last !== 'snapshot-end' && runs < 40; runs++) {
        let ends = 1 + Math.floor(random() * 20);
        const message = await keeper.run(
          open(db),
          (each) => each.kind === 'snapshot-end' || (isUnitEnd(each) && --ends === 0),
        );
        last = message?.kind ?? 'nothing';
      }
    } finally {
      await workload.stop();
    }
    for (;;) {
      try {
        await catchUp(keeper, open(db));
        break;
      } catch (error) {
        if (!(error instanceof PostgresError) || error.retry !== 'backoff') throw error;
        expect(error.code).toBe('postgres/snapshot-unsettled');
        unsettled++;
      }
    }
    const { rowsRead, units, discarded, beginnings } = keeper;
    console.log(
      `seed ${seed}: ${workload.committed} transactions, ${runs} runs, ${units} units, ` +
        `${rowsRead} rows read, given up: ${discarded.join() || 'none'} (${unsettled} unsettled)`,
    );
    await expectEqual(db, keeper, Object.keys(KEYS));
    expect(beginnings).toBe(1);
    expect(runs).toBeGreaterThan(4);
  });

  async function halfRead(db: TestDatabase, keeper: SnapshotKeeper, units = 4): Promise<void> {
    let left = units;
    await keeper.run(open(db, ['public.ints']), (message) => isUnitEnd(message) && --left === 0);
    expect(keeper.units).toBe(units);
  }

  async function ints(): Promise<TestDatabase> {
    const db = await TestDatabase.create(server);
    await db.run(
      CREATE[0] ?? '',
      CREATE[1] ?? '',
      `INSERT INTO ints SELECT i, 'first ' || i, NULL FROM generate_series(1, ${ROWS}) i`,
    );
    return db;
  }

  test('what was finished is not read again, and the slot is the same', async () => {
    await using db = await ints();
    const keeper = new SnapshotKeeper(keyOf);
    await halfRead(db, keeper);
    const slots = `SELECT slot_name, confirmed_flush_lsn FROM pg_replication_slots
                   WHERE database = current_database()`;
    const slot = await db.rows(slots);
    const finished = keeper.units;
    const before = keeper.rowsRead;
    await catchUp(keeper, open(db, ['public.ints']));
    expect(await db.rows(slots)).toEqual(slot);
    const perUnit = ROWS / keeper.units;
    expect(keeper.rowsRead - before).toBeLessThan(ROWS - (finished - 1) * perUnit * 0.7);
    expect(keeper.rowsRead).toBeLessThan(ROWS + 4 * perUnit);
    await expectEqual(db, keeper, ['public.ints']);
  });

  test('a change is applied where its range was read before, dropped where it was read after', async () => {
    await using db = await ints();
    const keeper = new SnapshotKeeper(keyOf);
    await halfRead(db, keeper);
    const other = await db.session();
    await other.query('BEGIN');
    await other.query(`UPDATE ints SET name = 'in progress' WHERE id % 500 = 250`);
    await db.run(
      `UPDATE ints SET name = 'changed' WHERE id IN (1, ${ROWS})`,
      `DELETE FROM ints WHERE id IN (2, ${ROWS - 1})`,
      `UPDATE ints SET id = ${ROWS + 1} WHERE id = 3`,
      `UPDATE ints SET id = -1 WHERE id = ${ROWS - 2}`,
      `BEGIN; SAVEPOINT s; UPDATE ints SET name = 'sub' WHERE id IN (4, ${ROWS - 3}); COMMIT`,
    );
    let left = 2;
    const isLast = (message: SourceMessage): boolean => isUnitEnd(message) && --left === 0;
    await keeper.run(open(db, ['public.ints']), isLast);
    await other.query('COMMIT');
    await catchUp(keeper, open(db, ['public.ints']));
    await expectEqual(db, keeper, ['public.ints']);
  });

  test('a key that moves between ranges with a value that is not sent reads the table anew', async () => {
    await using db = await ints();
    await db.run(`UPDATE ints SET large = repeat('l', 5000) WHERE id = ${ROWS}`);
    const keeper = new SnapshotKeeper(keyOf);
    await halfRead(db, keeper);
    await db.run(`UPDATE ints SET id = 0 WHERE id = ${ROWS}`);
    const failing = catchUp(keeper, open(db, ['public.ints']));
    await expect(failing).rejects.toMatchObject({
      code: 'postgres/snapshot-unsettled',
      retry: 'backoff',
    });
    expect(keeper.discarded).toEqual(['public.ints']);
    await catchUp(keeper, open(db, ['public.ints']));
    await expectEqual(db, keeper, ['public.ints']);
  });

  test.each([
    ['truncated', ['TRUNCATE ints', `INSERT INTO ints VALUES (7, 'again')`], 1],
    ['written anew', ['VACUUM FULL ints'], 1],
    ['widened', ['ALTER TABLE ints ADD COLUMN more text', `UPDATE ints SET more = 'm'`], 1],
    ['altered', ['ALTER TABLE ints ALTER COLUMN name TYPE varchar(90)'], 2],
    ['without a column', ['ALTER TABLE ints DROP COLUMN large'], 2],
  ])('a table that was %s meanwhile is read anew', async (_, statements, beginnings) => {
    await using db = await ints();
    const keeper = new SnapshotKeeper(keyOf);
    await halfRead(db, keeper);
    await db.run(...statements);
    await catchUp(keeper, open(db, ['public.ints']));
    expect([keeper.beginnings, keeper.discarded.length]).toEqual([beginnings, 2 - beginnings]);
    await expectEqual(db, keeper, ['public.ints']);
  });

  test('a slot that is gone, or another database, stops with the remedy', async () => {
    await using db = await ints();
    const keeper = new SnapshotKeeper(keyOf);
    await halfRead(db, keeper);
    const { resume } = keeper;
    if (!resume) throw new Error('nothing to resume');
    await db.dropSlots();
    const source = open(db, ['public.ints']);
    const messages: SourceMessage[] = [];
    for await (const each of source.start({ kind: 'snapshot', resume })) messages.push(each);
    expect(messages).toMatchObject([
      { kind: 'refused', error: { code: 'postgres/slot-lost', retry: 'never' } },
    ]);
    const elsewhere = open(db, ['public.ints']).start({
      kind: 'snapshot',
      resume: { ...resume, history: '1/00000001' },
    });
    expect((await elsewhere[Symbol.asyncIterator]().next()).value).toMatchObject({
      error: { code: 'postgres/timeline-or-system-changed' },
    });
  });

  test('a server that was restarted in the middle goes on', async () => {
    await using db = await ints();
    const keeper = new SnapshotKeeper(keyOf);
    await halfRead(db, keeper);
    await db.run(`UPDATE ints SET name = 'before the crash' WHERE id % 3 = 0`);
    await server.kill9();
    await server.restart();
    await db.reconnect();
    await db.run(`UPDATE ints SET name = 'behind it' WHERE id % 5 = 0`);
    const before = keeper.units;
    await catchUp(keeper, open(db, ['public.ints']));
    expect(keeper.units).toBeGreaterThan(before);
    expect(keeper.beginnings).toBe(1);
    await expectEqual(db, keeper, ['public.ints']);
  });
});
