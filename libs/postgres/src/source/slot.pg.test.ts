import { parseLsn, postgresPosition } from '@cdc-demo/cdc-core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Follower, TestDatabase, sourceOn, tableName } from './follower.fixture.ts';

const ITEMS = tableName('public.items');

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version, settings: { max_wal_size: '32MB' } });
  });
  afterAll(() => server.stop());

  async function database(): Promise<TestDatabase> {
    const created = await TestDatabase.create(server);
    await created.run('CREATE TABLE items (id int PRIMARY KEY, name text)');
    return created;
  }

  async function following(db: TestDatabase): Promise<Follower> {
    const follower = new Follower(sourceOn(db, { tables: [ITEMS] }));
    await follower.until(() => follower.kinds().includes('snapshot-end'));
    return follower;
  }

  /** Follows from a position that was reached, and gives the code of the refusal. */
  async function refusalAt(db: TestDatabase, lsn: bigint, history?: string): Promise<string> {
    const follower = new Follower(sourceOn(db, { tables: [ITEMS] }), {
      kind: 'position',
      position: postgresPosition(lsn),
      ...(history === undefined ? {} : { history }),
    });
    expect(await follower.done).toBeUndefined();
    return follower.refusal ?? 'not refused';
  }

  async function stoppedAfterOneRow(db: TestDatabase): Promise<bigint> {
    const follower = await following(db);
    await db.run(`INSERT INTO items VALUES (1, 'x')`);
    await follower.caughtUp();
    await follower.source.stop();
    return follower.position!.lsn;
  }

  test('a second runner is refused while the first goes on', async () => {
    await using db = await database();
    const first = await following(db);
    first.acknowledges = false;
    await db.run(`INSERT INTO items VALUES (0, 'x')`);
    await first.until(() => first.kinds().includes('transactions'));
    const second = new Follower(sourceOn(db, { tables: [ITEMS] }), {
      kind: 'position',
      position: first.position!,
    });
    await second.done;
    expect(second.messages).toMatchObject([
      {
        kind: 'refused',
        error: {
          code: 'postgres/slot-in-use',
          remedy: expect.stringContaining('--take-over'),
          context: { pid: expect.any(Number) },
        },
      },
    ]);
    await db.run(`INSERT INTO items VALUES (1, 'x')`);
    await first.caughtUp();
    expect(first.rows('public.items')).toEqual([
      ['0', 'x'],
      ['1', 'x'],
    ]);
    await first.source.stop();
  });

  test('a second runner that takes over ends the first and loses nothing', async () => {
    await using db = await database();
    const first = await following(db);
    first.acknowledges = false;
    await db.run(`INSERT INTO items VALUES (1, 'x')`);
    await first.until(() => first.kinds().includes('transactions'));
    const second = new Follower(sourceOn(db, { tables: [ITEMS], takeOver: true }), {
      kind: 'position',
      position: first.position!,
    });
    expect(await first.done).toMatchObject({ code: 'postgres/connection-lost', retry: 'backoff' });
    await db.run(`INSERT INTO items VALUES (2, 'y')`);
    await second.caughtUp();
    expect(second.rows('public.items')).toEqual([['2', 'y']]);
    await second.source.stop();
  });

  test('a slot that was dropped is lost', async () => {
    await using db = await database();
    const position = await stoppedAfterOneRow(db);
    await db.dropSlots();
    expect(await refusalAt(db, position)).toBe('postgres/slot-lost');
  });

  test('a slot whose log the server removed is lost', async () => {
    await using db = await database();
    const position = await stoppedAfterOneRow(db);
    await server.restart({ max_slot_wal_keep_size: '16MB' });
    await db.reconnect();
    const status = `SELECT wal_status FROM pg_replication_slots WHERE database = current_database()`;
    await db.run('CREATE TABLE filler (t text)');
    for (let i = 0; i < 40 && (await db.value(status)) !== 'lost'; i++) {
      await db.run(
        `INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 20000)`,
        'SELECT pg_switch_wal()',
        'CHECKPOINT',
      );
    }
    expect(await db.value(status)).toBe('lost');
    expect(await refusalAt(db, position)).toBe('postgres/slot-lost');
    await server.restart({ max_slot_wal_keep_size: -1 });
  });

  test('a slot that somebody advanced past our position is refused', async () => {
    await using db = await database();
    const position = await stoppedAfterOneRow(db);
    await db.run(
      `INSERT INTO items VALUES (2, 'would be lost')`,
      `SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn())
       FROM pg_replication_slots WHERE database = current_database()`,
    );
    expect(await refusalAt(db, position)).toBe('postgres/slot-ahead');
  });

  test('a position of another history is refused', async () => {
    await using db = await database();
    const position = await stoppedAfterOneRow(db);
    const end = await db.value('SELECT pg_current_wal_lsn()');
    const beyond = parseLsn(end!) + (1n << 32n);
    expect(await refusalAt(db, beyond)).toBe('postgres/timeline-or-system-changed');
    const code = await refusalAt(db, position, '1234567890/00000001');
    expect(code).toBe('postgres/timeline-or-system-changed');
  });

  test('a slot of another plugin is left alone', async () => {
    await using db = await database();
    await db.run(`SELECT pg_create_logical_replication_slot('theirs_${version}', 'test_decoding')`);
    const source = sourceOn(db, { tables: [ITEMS], slot: `theirs_${version}` });
    expect(await source.check()).toMatchObject([{ code: 'postgres/slot-foreign' }]);
    const follower = new Follower(source);
    await follower.done;
    expect(follower.refusal).toBe('postgres/slot-foreign');
    await expect(
      sourceOn(db, { tables: [ITEMS], slot: `theirs_${version}` }).drop(),
    ).rejects.toMatchObject({
      code: 'postgres/slot-foreign',
    });
    const slots = `SELECT plugin FROM pg_replication_slots WHERE slot_name = 'theirs_${version}'`;
    expect(await db.rows(slots)).toEqual([['test_decoding']]);
  });

  test('lag counts what is not acknowledged, and the slot does not move by itself', async () => {
    await using db = await database();
    const follower = await following(db);
    await follower.caughtUp();
    follower.acknowledges = false;
    const before = await follower.source.lag();
    await db.run(`INSERT INTO items SELECT i, repeat('x', 100) FROM generate_series(1, 1000) i`);
    await follower.caughtUp();
    const after = await follower.source.lag();
    expect(after.behindBytes - before.behindBytes).toBeGreaterThan(100_000n);
    expect(after.retainedBytes).toBeGreaterThanOrEqual(after.behindBytes);
    await follower.source.stop();
  });

  test('a slot left behind by a snapshot that crashed is made anew', async () => {
    await using db = await database();
    const first = new Follower(sourceOn(db, { tables: [ITEMS] }));
    await first.until(() => first.kinds().includes('snapshot-begin'));
    await first.source.stop();
    const second = await following(db);
    await db.run(`INSERT INTO items VALUES (1, 'x')`);
    await second.caughtUp();
    expect(second.rows('public.items')).toEqual([['1', 'x']]);
    await second.source.stop();
  });
});
