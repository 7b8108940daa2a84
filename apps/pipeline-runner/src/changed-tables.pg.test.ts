import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { applyFeed } from '@cdc-demo/cdc-testing';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { sendResync } from '@cdc-demo/pipeline';
import { Client } from 'pg';
import {
  catchUp,
  changeLines,
  feedRows,
  follow,
  logVersions,
  tableLines,
} from './pipeline-run.fixture.ts';
import type { Following, TestPipeline } from './pipeline-run.fixture.ts';

const CREATE = `
  DROP TABLE IF EXISTS old, new; DROP DOMAIN IF EXISTS counted;
  CREATE TABLE old (id int PRIMARY KEY, name text, large text);
  CREATE TABLE new (id int PRIMARY KEY, name text, large text);
  ALTER TABLE new REPLICA IDENTITY FULL;
  INSERT INTO old SELECT i, 'old ' || i, repeat(md5(i::text), 100) FROM generate_series(1, 500) i;
  INSERT INTO new SELECT i, 'new ' || i, repeat(md5(i::text), 100) FROM generate_series(1, 500) i;`;

/** A change that the stream does not tell: the destination is wrong afterwards. */
const SILENT = (publication: string, change: string): string => `
  ALTER PUBLICATION ${publication} DROP TABLE old; ${change};
  ALTER PUBLICATION ${publication} ADD TABLE old`;

describe.each([14, 18] as const)('other tables and columns on Postgres %i', (version) => {
  let server: LocalPostgres;
  let client: Client;
  let lake: string;
  let count = 0;
  let id: string;

  beforeAll(async () => {
    server = await startPostgres({ version });
    client = new Client({ connectionString: server.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await server.stop();
  });
  beforeEach(async () => {
    id = `changed_${version}_${++count}`;
    lake = await mkdtemp(join(tmpdir(), 'changed-'));
    await client.query(CREATE);
  });
  afterEach(async () => {
    await client.query(`SELECT pg_drop_replication_slot('cdc_demo_${id}')`);
    await client.query(`DROP PUBLICATION cdc_demo_${id}`);
    await rm(lake, { recursive: true });
  });

  const pipeline = (...tables: readonly string[]): TestPipeline => ({
    id,
    url: server.url,
    tables,
    lake,
    heartbeatIntervalMs: 50,
  });

  const columnsOf = async (table: string): Promise<string> => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute
       WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    );
    return rows.map(({ name }) => `'${name}', t.${name}`).join(', ');
  };

  const normal = (line: string): string => JSON.stringify(JSON.parse(line));

  /** The rows are those of the source; the feed leads to them, old images being what was there. */
  async function expectExact(table: string): Promise<void> {
    const path = join(lake, table);
    const { rows } = await client.query<{ row: string }>(
      `SELECT json_build_object(${await columnsOf(table)})::text AS row FROM ${table} t`,
    );
    const wanted = rows.map(({ row }) => normal(row)).sort();
    expect((await tableLines(path)).map(normal).sort()).toEqual(wanted);
    let replayed: ReadonlyMap<string, string> = new Map();
    for (const number of await logVersions(path)) {
      const feed = feedRows(await changeLines(path, number));
      const like = feed[0]?.row ?? '{}';
      const before = [...replayed].map(([key, row]) => [key, withColumns(row, like)] as const);
      // Throws for an old image that is not what was there.
      replayed = applyFeed(new Map(before), feed, 'id');
    }
    expect([...replayed.values()].sort()).toEqual(wanted);
  }

  /** A row from before a column came, as the version after shows it. */
  function withColumns(row: string, like: string): string {
    const names = Object.keys(JSON.parse(like) as object);
    const absent = Object.fromEntries(names.map((name) => [name, null]));
    return JSON.stringify({ ...absent, ...JSON.parse(row) });
  }

  const readRows = ({ events }: Following): Record<string, number> => {
    const read: Record<string, number> = {};
    for (const event of events) {
      if (event.kind !== 'resync-progress' && event.kind !== 'snapshot-progress') continue;
      if (event.done) read[event.table.name] = event.rows;
    }
    return read;
  };

  async function caughtUp(...tables: readonly string[]): Promise<Following> {
    const following = follow(pipeline(...tables), 'caught-up');
    await following.ended;
    return following;
  }

  it('an added table is read, the others go on', async () => {
    expect(readRows(await caughtUp('old'))).toEqual({ old: 500 });
    await client.query(
      `UPDATE old SET name = 'changed' WHERE id = 7; DELETE FROM new WHERE id = 9`,
    );
    const following = follow(pipeline('old', 'new'));
    await following.until((event) => event.kind === 'state' && event.to === 'streaming');
    await client.query(`UPDATE new SET name = 'meanwhile' WHERE id % 3 = 0;
                        UPDATE old SET name = 'meanwhile' WHERE id = 8`);
    await following.until((event) => event.kind === 'resync-progress' && event.done);
    await client.query('INSERT INTO new VALUES (501); DELETE FROM new WHERE id = 1');
    await following.stop();
    expect(readRows(following)).toEqual({ new: 500 - 1 });
    await catchUp(pipeline('old', 'new'));
    await expectExact('old');
    await expectExact('new');
    expect(readRows(await caughtUp('old', 'new'))).toEqual({});
  });

  it('a table that is left out keeps what it has, and is read anew when it comes back', async () => {
    await caughtUp('old', 'new');
    const without = await caughtUp('old');
    expect(without.events).toContainEqual({
      kind: 'warning',
      message: 'public.new is followed no more; its destination stays as it is',
      remedy: expect.stringContaining('read anew'),
    });
    const published = await client.query(
      `SELECT tablename FROM pg_publication_tables WHERE pubname = 'cdc_demo_${id}'`,
    );
    expect(published.rows).toEqual([{ tablename: 'old' }]);
    const before = await tableLines(join(lake, 'new'));
    await client.query(`
      UPDATE new SET name = 'unheard' WHERE id < 10; DELETE FROM new WHERE id BETWEEN 20 AND 30;
      INSERT INTO new VALUES (900, 'came'); UPDATE old SET name = 'heard' WHERE id = 1`);
    expect(readRows(await caughtUp('old'))).toEqual({});
    expect(await tableLines(join(lake, 'new'))).toEqual(before);
    const again = await caughtUp('old', 'new');
    expect(readRows(again)).toEqual({ new: 490 });
    const changed = again.events.flatMap((event) =>
      event.kind === 'table-committed' && event.table.name === 'new' ? [event.stats] : [],
    );
    expect(changed).toMatchObject([{ inserted: 1, updated: 9, deleted: 11 }]);
    await expectExact('new');
    await expectExact('old');
  });

  it('rows that differ for whatever reason are corrected when somebody asks for it', async () => {
    const following = follow(pipeline('old', 'new'));
    await following.until((event) => event.kind === 'state' && event.to === 'streaming');
    const change = `UPDATE old SET name = 'silent' WHERE id = 3; DELETE FROM old WHERE id = 4`;
    await client.query(SILENT(`cdc_demo_${id}`, change));
    const state = new LocalObjectStore(join(lake, '_cdc_demo', id));
    await sendResync(state, { namespace: 'public', name: 'old' }, 'one');
    await sendResync(state, { namespace: 'public', name: 'other' }, 'two');
    await following.until((event) => event.kind === 'resync-progress' && event.done);
    await following.until((event) => event.kind === 'warning');
    await following.stop();
    await expectExact('old');
    expect(readRows(following)).toEqual({ old: 499, new: 500 });
    expect(readRows(await caughtUp('old', 'new'))).toEqual({});
  });

  it.each([
    ['a constant default', `ALTER TABLE new ADD added int DEFAULT 5`],
    ['a volatile default', `ALTER TABLE new ADD added int DEFAULT ceil(random() * 1000)`],
    ['a default that is NULL', `ALTER TABLE new ADD added int DEFAULT NULL`],
    ['an identity', `ALTER TABLE new ADD added int GENERATED BY DEFAULT AS IDENTITY`],
    [
      'the default of its domain',
      `CREATE DOMAIN counted AS int DEFAULT 7; ALTER TABLE new ADD added counted`,
    ],
  ])('a column with %s is followed, exact in rows and feed', async (_, alter) => {
    const following = follow(pipeline('old', 'new'));
    await following.until((event) => event.kind === 'state' && event.to === 'streaming');
    await client.query(alter);
    await client.query(
      `UPDATE new SET name = 'after' WHERE id IN (5, 6); DELETE FROM new WHERE id = 8`,
    );
    await client.query(`UPDATE new SET name = 'later' WHERE id IN (6, 7)`);
    if (!alter.endsWith('NULL')) {
      await following.until((event) => event.kind === 'resync-progress' && event.done);
      expect(following.events.some(({ kind }) => kind === 'warning')).toBe(true);
    }
    await following.stop();
    await catchUp(pipeline('old', 'new'));
    await expectExact('new');
    expect(readRows(following)['old']).toBe(500);
    await client.query('ALTER TABLE new DROP added; DROP DOMAIN IF EXISTS counted');
  });

  it('a column with a default that came while nobody ran is read as well', async () => {
    await caughtUp('old', 'new');
    await client.query(`ALTER TABLE new ADD added text DEFAULT 'there'`);
    expect(readRows(await caughtUp('old', 'new'))).toEqual({ new: 500 });
    await expectExact('new');
  });
});
