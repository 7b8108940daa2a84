import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TransactionAssembler } from '@cdc-demo/cdc-core';
import type { FieldValue, TransactionGroup } from '@cdc-demo/cdc-core';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import type pg from 'pg';
import { loadPublishedTable } from '../catalog/load-published-table.ts';
import type { PublishedTable } from '../catalog/published-table.ts';
import { PgoutputDecoder } from './pgoutput-decoder.ts';
import { catalogQuery, openClient, peek } from './peek.fixture.ts';

const NAME = { namespace: 'public', name: 't' };
const PUBLICATION = 'changes';

interface Version {
  readonly version: number;
  readonly fields: readonly string[];
  readonly rows: readonly (readonly FieldValue[])[];
}

describe.each(testedVersions(process.env))('Schema changes of Postgres %i', (version) => {
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
    await client.query("select pg_create_logical_replication_slot('changes', 'pgoutput')");
    await client.query(
      `create table t (id int primary key, a varchar(5), n numeric(6, 2), gone int);
       alter table t drop column gone; alter publication ${PUBLICATION} add table t`,
    );
    await client.query("insert into t values (1, 'one', 1)");
  });

  const load = (): Promise<PublishedTable> =>
    loadPublishedTable(catalogQuery(client), PUBLICATION, NAME);

  /** Decodes all with a table that was read before or after the statements. */
  async function follow(
    statements: readonly string[],
    read: 'before' | 'after',
  ): Promise<Version[]> {
    const before = await load();
    for (const statement of statements) await client.query(statement);
    const messages = await peek(client, {
      slot: 'changes',
      publication: PUBLICATION,
      binary: true,
    });
    const assembler = new TransactionAssembler();
    const decoder = new PgoutputDecoder({ assembler });
    decoder.setTable(read === 'before' ? before : await load());
    for (const message of messages) {
      if (decoder.decode(message, 0, message.length)) decoder.setTable(await load());
    }
    return versions(assembler.take());
  }

  test('a column without default is followed, rows before it stay as they were', async () => {
    const statements = [
      'alter table t add column b int',
      "insert into t values (2, 'two', 2, 22)",
      'begin; alter table t add column c text; update t set c = $$x$$ where id = 2; commit',
      'delete from t where id = 1',
    ];
    expect(await follow(statements, 'before')).toEqual([
      { version: 1, fields: ['1 id', '2 a', '3 n'], rows: [[1, 'one', 100n]] },
      {
        version: 2,
        fields: ['1 id', '2 a', '3 n', '5 b', '6 c'],
        rows: [
          [2, 'two', 200n, 22, null],
          [2, 'two', 200n, 22, 'x'],
          [1, null, null, null, null],
        ],
      },
    ]);
  });

  test('a table that is read when it has more columns already gives NULL for them', async () => {
    const statements = ['alter table t add column b int', "insert into t values (2, 'two', 2, 22)"];
    expect(await follow(statements, 'after')).toEqual([
      {
        version: 1,
        fields: ['1 id', '2 a', '3 n', '5 b'],
        rows: [
          [1, 'one', 100n, null],
          [2, 'two', 200n, 22],
        ],
      },
    ]);
  });

  test('a varchar that became wider is followed, whether read before or after', async () => {
    const statements = [
      'alter table t alter column a type varchar(9)',
      "insert into t values (2, '123456789', 2)",
    ];
    for (const read of ['before', 'after'] as const) {
      expect((await follow(statements, read)).at(-1)!.rows.at(-1)).toEqual([2, '123456789', 200n]);
      await client.query(
        'delete from t where id = 2; alter table t alter column a type varchar(5)',
      );
      await client.query("select pg_drop_replication_slot('changes')");
      await client.query("select pg_create_logical_replication_slot('changes', 'pgoutput')");
    }
  });

  test('what does not change the columns is followed', async () => {
    const statements = [
      'alter table t alter column a set default $$x$$',
      'alter table t alter column a set not null',
      'create index on t (a)',
      'alter table t replica identity full',
      "insert into t values (2, 'two', 2)",
      'alter table t replica identity default',
      'delete from t where id = 2',
    ];
    const [only, ...others] = await follow(statements, 'before');
    expect(others).toEqual([]);
    expect(only!.rows).toEqual([
      [1, 'one', 100n],
      [2, 'two', 200n],
      [2, null, null],
    ]);
  });

  const refusals: readonly [string, readonly string[], string][] = [
    ['a dropped column', ['alter table t drop a', 'alter table t add a text'], 'dropped'],
    ['a dropped last column', ['alter table t drop n'], 'dropped'],
    ['a renamed column', ['alter table t rename a to z'], 'dropped or renamed'],
    ['another type', ['alter table t alter a type text'], 'changed its type'],
    ['a wider numeric', ['alter table t alter n type numeric(8, 2)'], 'changed its type'],
    ['a narrower varchar', ['alter table t alter a type varchar(4)'], 'changed its type'],
    ['a renamed table', ['alter table t rename to u'], 'renamed'],
    [
      'another key',
      ['alter table t drop constraint t_pkey', 'alter table t add primary key (n)'],
      'key',
    ],
    [
      'a table made anew',
      [
        'drop table t',
        `create table t (id int primary key, a text, n int); alter publication ${PUBLICATION} add table t`,
      ],
      'created anew',
    ],
  ];

  test.each(refusals)('%s stops with the remedy', async (_, statements, reason) => {
    const insert = statements.some((sql) => sql.includes('rename to u')) ? 'u (id)' : 't (id, n)';
    const values = insert === 'u (id)' ? '(2)' : '(2, 2)';
    const last = statements.some((sql) => sql.includes('drop n'))
      ? 'insert into t (id) values (2)'
      : `insert into ${insert} values ${values}`;
    await expect(follow([...statements, last], 'before')).rejects.toMatchObject({
      code: 'postgres/schema-change-unsupported',
      context: { table: expect.stringMatching(/^public\./) },
      message: expect.stringContaining(reason),
      remedy: expect.stringMatching(/.+/),
    });
  });

  test.each([
    ['a constant default', ['alter table t add b int default 5']],
    ['a volatile default', ['alter table t add b int default 5 * ceil(random())::int']],
    ['an identity', ['alter table t add b int generated by default as identity (start 5)']],
    ['the default of a domain', ['create domain d as int default 5', 'alter table t add b d']],
  ])('a column with %s is followed and says that rows may hold it', async (_, statements) => {
    const insert = 'insert into t (id, a, n, b) values (2, $$two$$, 2, 5)';
    for (const read of ['before', 'after'] as const) {
      const found = await follow([...statements, insert], read);
      expect(found.at(-1)!.rows.at(-1)).toEqual([2, 'two', 200n, 5]);
      await client.query('delete from t where id = 2; alter table t drop b');
      await client.query("select pg_drop_replication_slot('changes')");
      await client.query("select pg_create_logical_replication_slot('changes', 'pgoutput')");
      await client.query('drop domain if exists d');
    }
    await client.query(statements.join(';'));
    const { schema } = await load();
    expect(schema.fields.map(({ name, hasDefault }) => [name, hasDefault])).toEqual([
      ['id', undefined],
      ['a', undefined],
      ['n', undefined],
      ['b', true],
    ]);
  });

  test('a column that the catalog has lost since is refused', async () => {
    const statements = [
      'alter table t add b int',
      'insert into t values (2)',
      'alter table t drop b',
    ];
    await expect(follow(statements, 'before')).rejects.toMatchObject({
      code: 'postgres/schema-change-unsupported',
      message: expect.stringContaining('catalog no longer has'),
    });
  });
});

function versions(group: TransactionGroup | undefined): Version[] {
  return (group?.batches ?? []).map(({ schema, images }) => ({
    version: schema.version,
    fields: schema.fields.map(({ id, name }) => `${id} ${name}`),
    rows: Array.from({ length: images.length }, (_, i) => images.row(i)),
  }));
}
