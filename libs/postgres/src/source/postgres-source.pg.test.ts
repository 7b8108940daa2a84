import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Follower, TestDatabase, sourceOn, tableName } from './follower.fixture.ts';

const ITEMS = tableName('public.items');
const OTHERS = tableName('public.others');
const ALL_ITEMS = 'SELECT * FROM items ORDER BY id';
/** More than fits a row, and not to be compressed below that. */
const LARGE = `(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 300) i)`;

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  async function database(...statements: readonly string[]): Promise<TestDatabase> {
    const created = await TestDatabase.create(server);
    await created.run(...statements);
    return created;
  }

  async function following(db: TestDatabase, ...tables: readonly string[]): Promise<Follower> {
    const follower = new Follower(sourceOn(db, { tables: tables.map(tableName) }));
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    return follower;
  }

  /** Stops, and expects no error. */
  async function stop(follower: Follower): Promise<void> {
    await follower.source.stop();
    expect(await follower.done).toBeUndefined();
    expect(follower.refusal).toBeUndefined();
  }

  test('snapshot and stream give exactly the rows of every table', async () => {
    await using db = await database(
      'CREATE TABLE items (id bigint PRIMARY KEY, name text, amount float8)',
      `INSERT INTO items SELECT i, 'name ' || i, i / 8.0 FROM generate_series(1, 5000) i`,
      'CREATE TABLE others (id int PRIMARY KEY, note text)',
    );
    const source = sourceOn(db, { tables: [ITEMS, OTHERS], rowsPerBatch: 1000 });
    expect(await source.check()).toEqual([]);
    const follower = new Follower(source);
    await follower.until(() => follower.kinds().includes('snapshot-begin'));
    await db.run(
      `INSERT INTO items VALUES (6000, 'late', 1)`,
      `UPDATE items SET name = 'new' WHERE id <= 100`,
      'DELETE FROM items WHERE id BETWEEN 200 AND 300',
      `INSERT INTO others VALUES (1, 'x'), (2, NULL)`,
    );
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(await db.rows(ALL_ITEMS));
    expect(follower.rows('public.others')).toEqual(
      await db.rows('SELECT * FROM others ORDER BY id'),
    );
    const begin = follower.messages.find(({ kind }) => kind === 'snapshot-begin');
    expect(begin).toMatchObject({
      history: expect.stringMatching(/^\d+\/00000001$/),
      tables: [{ schema: { table: ITEMS } }, { schema: { table: OTHERS } }],
    });
    const batches = follower.messages.filter(({ kind }) => kind === 'snapshot-rows');
    expect(batches.length).toBeGreaterThan(1);
    await stop(follower);
  });

  test('transactions arrive whole, in commit order, without what was rolled back', async () => {
    await using db = await database('CREATE TABLE items (id int PRIMARY KEY, name text)');
    const follower = await following(db, 'public.items');
    const [a, b] = [await db.session(), await db.session()];
    await a.query('BEGIN');
    await a.query(`INSERT INTO items VALUES (1, 'a')`);
    await b.query('BEGIN');
    await b.query(`INSERT INTO items VALUES (2, 'b')`);
    await a.query('SAVEPOINT s');
    await a.query(`INSERT INTO items VALUES (3, 'undone')`);
    await a.query('ROLLBACK TO SAVEPOINT s');
    await a.query(`INSERT INTO items VALUES (4, 'a too')`);
    await b.query('COMMIT');
    await db.run('BEGIN', `INSERT INTO items VALUES (5, 'never')`, 'ROLLBACK');
    await a.query(`UPDATE items SET name = 'a again' WHERE id = 1`);
    await a.query('COMMIT');
    await follower.caughtUp();
    const seen = follower.events.map(({ op, transaction, ordinal, ...rest }) => ({
      op,
      ordinal,
      id: 'after' in rest ? rest.after.values['id'] : undefined,
      transaction: transaction === 'snapshot' ? 0n : transaction.id,
    }));
    const [first, second] = [seen[0]!.transaction, seen[1]!.transaction];
    expect(first).not.toBe(second);
    expect(seen).toEqual([
      { op: 'insert', ordinal: 0, id: 2, transaction: first },
      { op: 'insert', ordinal: 0, id: 1, transaction: second },
      { op: 'insert', ordinal: 1, id: 4, transaction: second },
      { op: 'update', ordinal: 2, id: 1, transaction: second },
    ]);
    expect(follower.rows('public.items')).toEqual(await db.rows(ALL_ITEMS));
    await stop(follower);
  });

  test('a change of the key says the old one', async () => {
    await using db = await database(
      'CREATE TABLE items (id int PRIMARY KEY, name text)',
      `INSERT INTO items VALUES (1, 'x'), (2, 'y')`,
    );
    const follower = await following(db, 'public.items');
    await db.run(
      'UPDATE items SET id = 10 WHERE id = 1',
      `UPDATE items SET name = 'z' WHERE id = 2`,
    );
    await follower.caughtUp();
    expect(follower.events).toMatchObject([
      { op: 'update', before: { kind: 'key', values: { id: 1 } }, after: { values: { id: 10 } } },
      { op: 'update', before: { kind: 'none' }, after: { values: { id: 2, name: 'z' } } },
    ]);
    expect(follower.rows('public.items')).toEqual(await db.rows(ALL_ITEMS));
    await stop(follower);
  });

  test.each(['DEFAULT', 'FULL'])(
    'an untouched TOAST value is unchanged, never NULL, with replica identity %s',
    async (identity) => {
      await using db = await database(
        'CREATE TABLE items (id int PRIMARY KEY, n int, large text)',
        `ALTER TABLE items REPLICA IDENTITY ${identity}`,
        `INSERT INTO items SELECT i, 0, ${LARGE} FROM generate_series(1, 3) i`,
      );
      const follower = await following(db, 'public.items');
      await db.run(
        'UPDATE items SET n = 1 WHERE id = 1',
        'UPDATE items SET id = 20 WHERE id = 2',
        `UPDATE items SET large = 'short' WHERE id = 3`,
      );
      await follower.caughtUp();
      const updates = follower.events.map((event) => (event.op === 'update' ? event : undefined));
      // The whole old row has the value, so that nothing is missing.
      const missing = identity === 'FULL' ? [] : ['large'];
      expect(updates.map((event) => event?.after.unchanged)).toEqual([missing, missing, []]);
      expect(updates.map((event) => event?.before.kind)).toEqual(
        identity === 'FULL' ? ['full', 'full', 'full'] : ['none', 'key', 'none'],
      );
      expect(follower.rows('public.items')).toEqual(await db.rows(ALL_ITEMS));
      await stop(follower);
    },
  );

  test('a truncate of several tables is one change for each followed table', async () => {
    await using db = await database(
      'CREATE TABLE items (id int PRIMARY KEY)',
      'CREATE TABLE others (id int PRIMARY KEY REFERENCES items)',
      'INSERT INTO items VALUES (1), (2)',
      'INSERT INTO others VALUES (1)',
    );
    const follower = await following(db, 'public.items', 'public.others');
    await db.run('BEGIN', 'TRUNCATE items CASCADE', 'INSERT INTO items VALUES (3)', 'COMMIT');
    await follower.caughtUp();
    expect(follower.events.map(({ op, table }) => `${op} ${table.name}`).sort()).toEqual([
      'insert items',
      'truncate items',
      'truncate others',
    ]);
    expect(follower.rows('public.items')).toEqual([['3']]);
    expect(follower.rows('public.others')).toEqual([]);
    await stop(follower);
  });

  test('a column that is added without default is followed', async () => {
    await using db = await database(
      'CREATE TABLE items (id int PRIMARY KEY, name text)',
      `INSERT INTO items VALUES (1, 'x')`,
    );
    const follower = await following(db, 'public.items');
    await db.run(
      `INSERT INTO items VALUES (2, 'y')`,
      'ALTER TABLE items ADD COLUMN more bigint',
      `INSERT INTO items VALUES (3, 'z', 7)`,
      'UPDATE items SET more = 1 WHERE id = 2',
    );
    await follower.caughtUp();
    expect(follower.rows('public.items').slice(1)).toEqual([
      ['2', 'y', '1'],
      ['3', 'z', '7'],
    ]);
    await stop(follower);
  });

  test('a column that gets another type stops the source with the remedy', async () => {
    await using db = await database('CREATE TABLE items (id int PRIMARY KEY, amount int)');
    const follower = await following(db, 'public.items');
    await db.run(
      'ALTER TABLE items ALTER COLUMN amount TYPE text',
      `INSERT INTO items VALUES (1, 'many')`,
    );
    await follower.until(() => follower.refusal !== undefined);
    expect(follower.messages.at(-1)).toMatchObject({
      kind: 'refused',
      error: { code: 'postgres/schema-change-unsupported', context: { table: 'public.items' } },
    });
    expect(await follower.done).toBeUndefined();
  });

  test('a restart at a position gives what came after it, and nothing twice', async () => {
    await using db = await database('CREATE TABLE items (id int PRIMARY KEY, name text)');
    const first = await following(db, 'public.items');
    await db.run(`INSERT INTO items VALUES (1, 'before')`);
    await first.caughtUp();
    const position = first.position!;
    await stop(first);
    await db.run(`INSERT INTO items VALUES (2, 'while down')`);
    const source = sourceOn(db, { tables: [ITEMS] });
    const second = new Follower(source, { kind: 'position', position });
    await second.caughtUp();
    expect(second.kinds()[0]).toBe('streaming');
    expect(second.rows('public.items')).toEqual([['2', 'while down']]);
    await stop(second);
  });

  test('a lost position is found again in the slot; `now` leaves out what is there', async () => {
    await using db = await database('CREATE TABLE items (id int PRIMARY KEY)');
    const first = await following(db, 'public.items');
    await db.run('INSERT INTO items VALUES (1)');
    await first.caughtUp();
    await stop(first);
    await db.run('INSERT INTO items VALUES (2)');
    const again = new Follower(sourceOn(db, { tables: [ITEMS] }), { kind: 'source-record' });
    await again.caughtUp();
    // What was acknowledged last is at the server's leisure: older changes may come again.
    expect(again.rows('public.items').at(-1)).toEqual(['2']);
    await stop(again);
    const now = new Follower(sourceOn(db, { tables: [ITEMS] }), { kind: 'now' });
    await now.until(() => now.position !== undefined);
    await db.run('INSERT INTO items VALUES (3)');
    await now.caughtUp();
    expect(now.rows('public.items')).toEqual([['3']]);
    await stop(now);
  });

  test('names with quotes, dots and blanks are nothing special', async () => {
    const table = { namespace: 'Quoted_" . Schema', name: `It's "a" table` };
    const quoted = '"Quoted_"" . Schema"."It\'s ""a"" table"';
    await using db = await database(
      'CREATE SCHEMA "Quoted_"" . Schema"',
      `CREATE TABLE ${quoted} (id int PRIMARY KEY, "col ""x""" text)`,
      `INSERT INTO ${quoted} VALUES (1, 'a')`,
    );
    const follower = new Follower(sourceOn(db, { tables: [table] }));
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    await db.run(`INSERT INTO ${quoted} VALUES (2, 'b')`);
    await follower.caughtUp();
    expect(follower.rows(`${table.namespace}.${table.name}`)).toEqual([
      ['1', 'a'],
      ['2', 'b'],
    ]);
    await stop(follower);
  });

  test('drop takes away what was made, and only that', async () => {
    await using db = await database('CREATE TABLE items (id int PRIMARY KEY)');
    const follower = await following(db, 'public.items');
    await expect(follower.source.drop()).rejects.toThrow('is started');
    await stop(follower);
    await sourceOn(db, { tables: [ITEMS] }).drop();
    expect(await db.rows('SELECT pubname FROM pg_publication')).toEqual([]);
    const slots = `SELECT slot_name FROM pg_replication_slots WHERE database = current_database()`;
    expect(await db.rows(slots)).toEqual([]);
    await db.run('CREATE PUBLICATION mine FOR TABLE items');
    await sourceOn(db, { tables: [ITEMS], publication: 'mine' }).drop();
    expect(await db.rows('SELECT pubname FROM pg_publication')).toEqual([['mine']]);
  });

  test('tables of the publication that are not asked for are left out', async () => {
    await using db = await database(
      'CREATE TABLE items (id int PRIMARY KEY)',
      'CREATE TABLE others (id int PRIMARY KEY)',
      'CREATE PUBLICATION two FOR TABLE items, others',
    );
    const follower = new Follower(sourceOn(db, { tables: [ITEMS], publication: 'two' }));
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    await db.run('INSERT INTO others VALUES (1)', 'INSERT INTO items VALUES (2)');
    await follower.caughtUp();
    expect(follower.events.map(({ table }) => table.name)).toEqual(['items']);
    await stop(follower);
  });
});
