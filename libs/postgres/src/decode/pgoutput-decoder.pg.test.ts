import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changeEvents, TransactionAssembler } from '@cdc-demo/cdc-core';
import type { ChangeEvent, EventRow, TransactionGroup } from '@cdc-demo/cdc-core';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import type pg from 'pg';
import { catalogQuery, decodeAll, openClient, peek } from './peek.fixture.ts';
import { loadPublishedTable } from '../catalog/load-published-table.ts';
import { PgoutputDecoder } from './pgoutput-decoder.ts';
import type { PgoutputOptions } from './pgoutput-decoder.ts';

const SLOT = 'decoder';
const PUBLICATION = 'decoder';
const TOASTED = `(select string_agg(md5(i::text), '') from generate_series(1, 400) i)`;

interface Event {
  readonly table: string;
  readonly ordinal: number;
  readonly op: string;
  readonly after?: EventRow;
}

/** Events without what the server chooses. */
function events(group: TransactionGroup | undefined): Event[] {
  const all = (group?.batches ?? []).flatMap((batch) => [...changeEvents(batch)]);
  return all.map((event: ChangeEvent) => {
    const { transaction: _, table, ...rest } = event;
    return { table: table.name, ...rest };
  });
}

describe.each(testedVersions(process.env))('pgoutput of Postgres %i', (version) => {
  let server: LocalPostgres;
  let client: pg.Client;

  beforeAll(async () => {
    server = await startPostgres({ version });
    client = await openClient(server.url, '-c search_path=public');
  }, 60_000);

  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  beforeEach(async () => {
    await client.query(`
      drop schema public cascade; create schema public;
      drop publication if exists ${PUBLICATION}; create publication ${PUBLICATION};
      select pg_drop_replication_slot(slot_name) from pg_replication_slots`);
    await client.query(`select pg_create_logical_replication_slot('${SLOT}', 'pgoutput')`);
  });

  /** Creates a table, publishes it, then runs statements, each its own transaction. */
  async function run(create: string, ...statements: string[]): Promise<void> {
    await client.query(create);
    for (const [, table] of create.matchAll(/create table (\w+)/g)) {
      await client.query(`alter publication ${PUBLICATION} add table ${table}`);
    }
    for (const statement of statements) await client.query(statement);
  }

  async function decode(
    options: Omit<PgoutputOptions, 'assembler'> = {},
    binary = true,
  ): Promise<TransactionGroup | undefined> {
    const messages = await peek(client, { slot: SLOT, publication: PUBLICATION, binary });
    return decodeAll(messages, { client, publication: PUBLICATION }, options);
  }

  test('identity default: old rows are absent, or have the key only', async () => {
    await run(
      'create table t (id int primary key, a text)',
      "insert into t values (1, 'x')",
      "update t set a = 'y'",
      'update t set id = 2',
      'delete from t',
    );
    expect(events(await decode())).toEqual([
      { table: 't', ordinal: 0, op: 'insert', after: row({ id: 1, a: 'x' }) },
      {
        table: 't',
        ordinal: 0,
        op: 'update',
        before: { kind: 'none' },
        after: row({ id: 1, a: 'y' }),
      },
      {
        table: 't',
        ordinal: 0,
        op: 'update',
        before: { kind: 'key', values: { id: 1 } },
        after: row({ id: 2, a: 'y' }),
      },
      { table: 't', ordinal: 0, op: 'delete', before: { kind: 'key', values: { id: 2 } } },
    ]);
  });

  test('identity full: old rows are whole', async () => {
    await run(
      'create table t (id int primary key, a text); alter table t replica identity full',
      'insert into t values (1, null)',
      "update t set a = 'y'",
      'delete from t',
    );
    expect(events(await decode()).slice(1)).toEqual([
      {
        table: 't',
        ordinal: 0,
        op: 'update',
        before: { kind: 'full', values: { id: 1, a: null } },
        after: row({ id: 1, a: 'y' }),
      },
      { table: 't', ordinal: 0, op: 'delete', before: { kind: 'full', values: { id: 1, a: 'y' } } },
    ]);
  });

  test('identity of an index: its columns are the key', async () => {
    await run(
      `create table t (id int primary key, a text, code int not null unique);
       alter table t replica identity using index t_code_key`,
      "insert into t values (1, 'x', 10)",
      'update t set code = 11',
      'delete from t',
    );
    const group = await decode();
    expect(group!.batches[0]!.schema.key).toEqual([2]);
    expect(events(group).slice(1)).toMatchObject([
      { op: 'update', before: { kind: 'key', values: { code: 10 } } },
      { op: 'delete', before: { kind: 'key', values: { code: 11 } } },
    ]);
  });

  test('an untouched TOAST value is unchanged, under full identity that of the old row', async () => {
    const create = (name: string): string =>
      `create table ${name} (id int primary key, n int, big text, list text[])`;
    await run(
      `${create('d')}; ${create('f')}; alter table f replica identity full`,
      `insert into d select 1, 1, ${TOASTED}, array[${TOASTED}]`,
      `insert into f select 1, 1, ${TOASTED}, array[${TOASTED}]`,
      'update d set n = 2',
      'update f set n = 2',
    );
    for (const binary of [true, false]) {
      const [, updateD, insertF, updateF] = events(await decode({}, binary)).map((e) => e.after!);
      expect(updateD).toEqual({ values: { id: 1, n: 2 }, unchanged: ['big', 'list'] });
      expect(updateF!.unchanged).toEqual([]);
      expect(updateF!.values).toEqual({ ...insertF!.values, n: 2 });
      expect(updateF!.values['big']).toHaveLength(12800);
    }
  });

  test('a truncate counts in order among the changes of its transaction', async () => {
    await run(
      'create table a (id int primary key); create table b (id int primary key)',
      'begin; insert into a values (1); truncate a, b; insert into b values (2); commit',
    );
    const order = events(await decode()).map((e) => [e.ordinal, e.table, e.op] as const);
    expect(order.sort(([x], [y]) => x - y)).toEqual([
      [0, 'a', 'insert'],
      [1, 'a', 'truncate'],
      [2, 'b', 'truncate'],
      [3, 'b', 'insert'],
    ]);
  });

  test('transactions come in commit order without what was rolled back', async () => {
    await run(
      'create table t (id int primary key)',
      'begin; insert into t values (1); savepoint s; insert into t values (2); rollback to s; commit',
      'begin; insert into t values (3); rollback',
      'insert into t values (4)',
    );
    const group = await decode();
    const [batch] = group!.batches;
    expect(events(group)).toMatchObject([
      { after: { values: { id: 1 } } },
      { after: { values: { id: 4 } } },
    ]);
    const [first, second] = batch!.transactions;
    expect(first!.commit.lsn).toBeLessThan(first!.end.lsn);
    expect(first!.end.lsn).toBeLessThanOrEqual(second!.commit.lsn);
    expect(group!.end).toEqual(second!.end);
    expect(second!.id).toBeGreaterThan(first!.id);
    const { rows } = await client.query<{ us: string }>(
      'select (extract(epoch from now()) * 1e6)::int8::text as us',
    );
    const ageUs = BigInt(rows[0]!.us) - second!.committedAtUs;
    expect(ageUs).toBeGreaterThanOrEqual(0n);
    expect(ageUs).toBeLessThan(60_000_000n);
  });

  test('transactions before skipBefore are read and dropped', async () => {
    await run(
      'create table t (id int primary key); create table u (id int primary key)',
      'begin; insert into t values (1); truncate u; commit',
      'insert into t values (2)',
    );
    const all = await decode();
    const second = all!.batches[0]!.transactions[1]!;
    const committed: [bigint, boolean][] = [];
    const handler = {
      committed: (t: { end: { lsn: bigint } }, skipped: boolean) =>
        void committed.push([t.end.lsn, skipped]),
    };
    const rest = await decode({ skipBefore: second.commit.lsn, handler });
    expect(events(rest)).toMatchObject([{ op: 'insert', after: { values: { id: 2 } } }]);
    expect(rest!.batches[0]!.transactions).toEqual([second]);
    expect(committed.at(-1)).toEqual([second.end.lsn, false]);
    expect(committed.at(-2)?.[1]).toBe(true);
  });

  test('logical messages reach the handler', async () => {
    await client.query("select pg_logical_emit_message(false, 'beat', 'one')");
    await client.query("select pg_logical_emit_message(true, 'beat', 'two')");
    const messages: unknown[] = [];
    await decode({
      handler: {
        message: ({ transactional, prefix, content }) =>
          void messages.push([transactional, prefix, Buffer.from(content).toString()]),
      },
    });
    expect(messages).toEqual([
      [false, 'beat', 'one'],
      [true, 'beat', 'two'],
    ]);
  });

  test('origins of replicated transactions reach the handler', async () => {
    await run('create table t (id int primary key)');
    await client.query("select pg_replication_origin_create('far')");
    await client.query("select pg_replication_origin_session_setup('far')");
    await client.query(
      "begin; select pg_replication_origin_xact_setup('0/1234', now()); insert into t values (1); commit",
    );
    await client.query('select pg_replication_origin_session_reset()');
    const origins: unknown[] = [];
    const group = await decode({
      handler: { origin: (name, lsn) => void origins.push([name, lsn]) },
    });
    await client.query("select pg_replication_origin_drop('far')");
    expect(origins).toEqual([['far', 0x1234n]]);
    expect(events(group)).toHaveLength(1);
  });

  test('a table that is not followed is dropped, the others stay', async () => {
    await run(
      'create table t (id int primary key); create table u (id int primary key)',
      'begin; insert into t values (1); insert into u values (2); truncate t; commit',
    );
    const messages = await peek(client, { slot: SLOT, publication: PUBLICATION, binary: true });
    const assembler = new TransactionAssembler();
    const decoder = new PgoutputDecoder({ assembler });
    const load = (name: string): ReturnType<typeof loadPublishedTable> =>
      loadPublishedTable(catalogQuery(client), PUBLICATION, { namespace: 'public', name });
    decoder.setTable(await load('u'));
    for (const message of messages) {
      const needed = decoder.decode(message, 0, message.length);
      if (needed) decoder.ignoreTable(needed.relation.oid);
    }
    expect(events(assembler.take())).toMatchObject([{ table: 'u', op: 'insert', ordinal: 0 }]);
  });

  test('names with quotes, dots and capitals are followed', async () => {
    await client.query(`create schema "Quoted_"" . Schema"`);
    const table = `"Quoted_"" . Schema"."Tä""ble"`;
    await client.query(
      `create table ${table} ("I d" int primary key, "Id" mood_none)`.replace('mood_none', 'text'),
    );
    await client.query(`alter publication ${PUBLICATION} add table ${table}`);
    await client.query(`insert into ${table} values (1, 'a')`);
    const group = await decode();
    expect(group!.batches[0]!.schema.table).toEqual({
      namespace: 'Quoted_" . Schema',
      name: 'Tä"ble',
    });
    expect(events(group)).toMatchObject([{ after: row({ 'I d': 1, Id: 'a' }) }]);
    await client.query(`drop table ${table}`);
  });

  test('a partitioned table comes under its own name when published so', async () => {
    await run(
      `create table p (id int primary key, a text) partition by range (id);
       alter publication ${PUBLICATION} set (publish_via_partition_root = true);`,
      'create table p1 partition of p for values from (0) to (10)',
      `create table p2 (a text, id int primary key);
       alter table p attach partition p2 for values from (10) to (20)`,
      "insert into p values (1, 'x'), (11, 'y')",
      'update p set id = id + 1',
    );
    expect(events(await decode())).toMatchObject([
      { table: 'p', op: 'insert', after: row({ id: 1, a: 'x' }) },
      { table: 'p', op: 'insert', after: row({ id: 11, a: 'y' }) },
      { table: 'p', op: 'update', before: { kind: 'key', values: { id: 1 } } },
      { table: 'p', op: 'update', after: row({ id: 12, a: 'y' }) },
    ]);
  });

  test('a value out of range stops with table and column, and without the value', async () => {
    await run(
      'create table t (id int primary key, d date)',
      "insert into t values (1, '0044-03-15 BC')",
    );
    await expect(decode()).rejects.toMatchObject({
      code: 'postgres/value-out-of-range',
      context: { table: 'public.t', column: 'd' },
      message: expect.not.stringContaining('44'),
    });
    expect(events(await decode({ outOfRange: 'null' }))).toMatchObject([
      { after: row({ id: 1, d: null }) },
    ]);
  });

  test('a value out of range in the key stops even where others become NULL', async () => {
    await run('create table t (d date primary key)', "insert into t values ('infinity')");
    await expect(decode({ outOfRange: 'null' })).rejects.toMatchObject({
      code: 'postgres/value-out-of-range',
    });
  });

  test('an altered composite type stops, in binary and in text', async () => {
    await run(
      `create type pair as (a int, b int); create table t (id int primary key, p pair)`,
      'insert into t values (1, (1, 2))',
    );
    const table = await loadPublishedTable(catalogQuery(client), PUBLICATION, {
      namespace: 'public',
      name: 't',
    });
    await client.query('alter type pair add attribute c int');
    await client.query('insert into t values (3, (1, 2, 3))');
    for (const binary of [true, false]) {
      const messages = await peek(client, { slot: SLOT, publication: PUBLICATION, binary });
      const decoder = new PgoutputDecoder({ assembler: new TransactionAssembler() });
      decoder.setTable(table);
      expect(() => {
        for (const message of messages) decoder.decode(message, 0, message.length);
      }).toThrow(expect.objectContaining({ code: 'postgres/schema-change-unsupported' }));
    }
  });
});

function row(values: object): object {
  return { values, unchanged: [] };
}
