import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seededRandom } from '@cdc-demo/cdc-testing';
import { assertSameRows, startJudge, withoutCommitTimestamp } from '@cdc-demo/judges';
import type { Judge, JudgeEngine } from '@cdc-demo/judges';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Client } from 'pg';
import { catchUp, changeLines, logVersions, tableLines } from './pipeline-run.fixture.ts';
import { TYPE_SETUP, binaryTables, columnJson, textTables } from './type-columns.fixture.ts';
import type { TypeColumn } from './type-column.fixture.ts';
import type { TypeTable } from './type-columns.fixture.ts';

const SEED = Number(process.env['CDC_SEED'] ?? Date.now() % 1_000_000);
const ENGINES: readonly JudgeEngine[] = ['spark', 'delta-rs', 'duckdb', 'chdb'];
const RANDOM_ROWS = 20;
/** Added to the id of a row for its copy that comes by the stream. */
const STREAMED = 1000;
const TIMEOUT_MS = 300_000;
const tables = [...binaryTables, ...textTables];
/** Tables whose updates bring the old row along; the others' come from the Delta table. */
const FULL_IDENTITY = new Set(['texts', 'nested']);

const judges = new Map<JudgeEngine, Judge>();
beforeAll(async () => {
  for (const engine of ENGINES) judges.set(engine, await startJudge(engine));
}, TIMEOUT_MS);
afterAll(async () => {
  for (const judge of judges.values()) await judge.close();
}, TIMEOUT_MS);

/** The version that holds snapshot and stream, and the one that touched every row. */
const STREAMED_VERSION = 1n;
const TOUCHED_VERSION = 2n;

describe.each(testedVersions(process.env))(`Types of Postgres %i, CDC_SEED=${SEED}`, (version) => {
  let server: LocalPostgres;
  let client: Client;
  let folder: string;

  const columnsOf = ({ columns }: TypeTable): TypeColumn[] =>
    columns.filter(({ since = 0 }) => since <= version * 10_000);
  const path = ({ name }: TypeTable): string => join(folder, 'lake', name);

  const runAll = async (): Promise<void> => {
    const common = { url: server.url, lake: join(folder, 'lake'), outOfRange: 'null' } as const;
    for (const [id, group] of [['binary', binaryTables] as const, ['text', textTables] as const]) {
      await catchUp({ ...common, id, tables: group.map(({ name }) => name) });
    }
  };

  beforeAll(async () => {
    server = await startPostgres({ version });
    folder = await mkdtemp(join(tmpdir(), 'types-'));
    const options = '-c timezone=UTC -c intervalstyle=iso_8601 -c xmloption=content';
    client = new Client({ connectionString: server.url, options });
    await client.connect();
    await client.query(TYPE_SETUP);
    for (const table of tables) await load(client, table.name, columnsOf(table));
    await runAll();
    for (const table of tables) {
      const names = columnsOf(table).map(({ name }) => `"${name}"`);
      await client.query(
        `insert into ${table.name} select id + ${STREAMED}, note, ${names.join(', ')}
         from ${table.name}`,
      );
    }
    await runAll();
    for (const { name } of tables) await client.query(`update ${name} set note = 'touched'`);
    await runAll();
  }, TIMEOUT_MS);

  afterAll(async () => {
    await client.end();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  test.each(tables)('$name: snapshot and stream hold what the server says', async (table) => {
    const { rows } = await client.query<{ row: string }>(
      `select row_to_json(x)::text as row from (
         select t.id, null as note, ${columnsOf(table).map(columnJson).join(', ')}
         from ${table.name} t where t.id < ${STREAMED}) x`,
    );
    const expected = cells(rows.map(({ row }) => row));
    const lines = await tableLines(path(table), STREAMED_VERSION);
    expect(lines).toHaveLength(rows.length * 2);
    const snapshot = cells(lines.filter((line) => idOf(line) < STREAMED));
    const stream = cells(lines.filter((line) => idOf(line) >= STREAMED));
    assertSameRows({ name: 'snapshot', rows: snapshot }, { name: 'server', rows: expected });
    assertSameRows({ name: 'stream', rows: stream }, { name: 'snapshot', rows: snapshot });
  });

  test.each(tables)('$name: an update keeps every other value', async (table) => {
    const before = await tableLines(path(table), STREAMED_VERSION);
    const after = await tableLines(path(table), TOUCHED_VERSION);
    const touched = before.map((line) => line.replace('"note":null', '"note":"touched"'));
    assertSameRows({ name: 'after', rows: after }, { name: 'touched', rows: touched });
    const feed = withoutCommitTimestamp(await changeLines(path(table), TOUCHED_VERSION));
    const image = (type: string, line: string): string =>
      `${line.slice(0, -1)},"_change_type":"${type}","_commit_version":${TOUCHED_VERSION}}`;
    const expected = [
      ...before.map((line) => image('update_preimage', line)),
      ...touched.map((line) => image('update_postimage', line)),
    ];
    assertSameRows({ name: 'feed', rows: feed }, { name: 'rows', rows: expected });
    expect(await logVersions(path(table))).toEqual([0n, STREAMED_VERSION, TOUCHED_VERSION]);
  });

  describe.each(ENGINES)('%s', (engine) => {
    test.each(tables)(
      'reads $name as we do',
      async (table) => {
        const judge = judges.get(engine)!;
        const isNested = columnsOf(table).some(({ type }) => NESTED.test(type));
        const columns = engine === 'chdb' ? chdbColumns(columnsOf(table)) : undefined;
        // ClickHouse reads NULL lists and maps as empty: not the row that is NULL throughout.
        const where = engine === 'chdb' && isNested ? `id % ${STREAMED} > 0` : undefined;
        const ours = (await tableLines(path(table)))
          .filter((line) => where === undefined || idOf(line) % STREAMED > 0)
          .map((line) => only(line, columns));
        const found = await judge.read({
          op: 'rows',
          table: path(table),
          ...(columns ? { columns } : {}),
          ...(where === undefined ? {} : { where }),
        });
        assertSameRows({ name: engine, rows: found }, { name: 'ours', rows: ours });
      },
      TIMEOUT_MS,
    );

    test.each(tables)(
      'reads the changes of $name as we do',
      async (table) => {
        const judge = judges.get(engine)!;
        const range = { from: TOUCHED_VERSION, to: TOUCHED_VERSION };
        const request = { op: 'changes', table: path(table), ...range } as const;
        if (engine === 'duckdb') {
          await expect(judge.read(request)).rejects.toMatchObject({ code: 'judge/unsupported' });
          return;
        }
        const isNested = columnsOf(table).some(({ type }) => NESTED.test(type));
        const change = ['_change_type', '_commit_version', '_commit_timestamp'];
        const columns =
          engine === 'chdb'
            ? [
                ...chdbColumns(columnsOf(table).filter((c) => !isNested || !NESTED.test(c.type))),
              ].concat(change)
            : undefined;
        const ours = (await changeLines(path(table), TOUCHED_VERSION)).map((line) =>
          only(line, columns),
        );
        const found = await judge.read({ ...request, ...(columns ? { columns } : {}) });
        assertSameRows(
          { name: engine, rows: withoutCommitTimestamp(found) },
          { name: 'ours', rows: withoutCommitTimestamp(ours) },
        );
      },
      TIMEOUT_MS,
    );
  });
});

const NESTED = /\[\]$|^(hstore|place|address|prices)$/;

function chdbColumns(columns: readonly TypeColumn[]): string[] {
  const judged = columns.filter(({ notForChdb }) => notForChdb === undefined);
  return ['id', 'note', ...judged.map(({ name }) => name)];
}

/** Row 0 is NULL throughout; then every edge once, then random values. */
async function load(client: Client, table: string, columns: readonly TypeColumn[]): Promise<void> {
  const random = seededRandom(SEED);
  const definitions = columns.map(({ name, type }) => `"${name}" ${type}`);
  await client.query(
    `create table ${table} (id int primary key, note text, ${definitions.join(', ')})`,
  );
  if (FULL_IDENTITY.has(table)) await client.query(`alter table ${table} replica identity full`);
  const parameters = columns.map(({ type }, i) => `$${i + 2}::text::${type}`);
  const edges = Math.max(...columns.map((column) => column.edges.length));
  for (let row = 0; row <= edges + RANDOM_ROWS; row++) {
    const values = columns.map((column) => (row === 0 ? null : valueOf(column, row - 1, random)));
    await client.query(`insert into ${table} values ($1, null, ${parameters.join(', ')})`, [
      row,
      ...values,
    ]);
  }
}

function valueOf({ edges, random }: TypeColumn, index: number, next: () => number): string {
  const edge = edges[index];
  if (edge !== undefined) return edge;
  return random ? random(next) : (edges[index % edges.length] ?? '');
}

function idOf(line: string): number {
  return (JSON.parse(line) as { id: number }).id;
}

/** One line for each value, the row named by its id among its half. */
function cells(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const { id, float4, ...values } = JSON.parse(line) as Record<string, unknown>;
    // Several decimals name one 32-bit float, and not every printer takes the shortest.
    const exact = typeof float4 === 'number' ? Math.fround(float4) : float4;
    return Object.entries({ ...values, float4: exact }).map(
      ([name, value]) => `${Number(id) % STREAMED} ${name} ${JSON.stringify(value)}`,
    );
  });
}

/** A row with some columns only: what is canonical JSON stays so through JSON.parse. */
function only(line: string, columns: readonly string[] | undefined): string {
  if (!columns) return line;
  const values = JSON.parse(line) as Record<string, unknown>;
  return JSON.stringify(Object.fromEntries(columns.map((name) => [name, values[name]])));
}
