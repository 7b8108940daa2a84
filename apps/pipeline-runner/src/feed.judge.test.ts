import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { applyFeed, sortedFeed } from '@cdc-demo/cdc-testing';
import type { FeedRow } from '@cdc-demo/cdc-testing';
import { assertSameRows, startJudge, withoutCommitTimestamp } from '@cdc-demo/judges';
import type { Judge, JudgeEngine } from '@cdc-demo/judges';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Client } from 'pg';
import { FEED_SETUP, feedSteps, feedTables } from './feed-steps.fixture.ts';
import type { FeedTable } from './feed-steps.fixture.ts';
import {
  catchUp,
  changeLines,
  feedRows,
  follow,
  logVersions,
  tableLines,
} from './pipeline-run.fixture.ts';
import type { TestPipeline } from './pipeline-run.fixture.ts';

const ENGINES: readonly JudgeEngine[] = ['spark', 'delta-rs', 'duckdb', 'chdb'];
const WITH_CHANGES: readonly JudgeEngine[] = ['spark', 'delta-rs', 'chdb'];
const TIMEOUT_MS = 300_000;

const judges = new Map<JudgeEngine, Judge>();
let server: LocalPostgres;
let client: Client;
let folder: string;

beforeAll(async () => {
  for (const engine of ENGINES) judges.set(engine, await startJudge(engine));
  server = await startPostgres({ version: 18 });
  client = new Client({ connectionString: server.url });
  await client.connect();
  folder = await mkdtemp(join(tmpdir(), 'feed-'));
}, TIMEOUT_MS);

afterAll(async () => {
  for (const judge of judges.values()) await judge.close();
  await client.end();
  await server.stop();
  await rm(folder, { recursive: true });
}, TIMEOUT_MS);

describe('a history of every kind of change', () => {
  const path = (table: string): string => join(folder, 'lake', table);
  /** After each step: per table its newest version and the source's rows. */
  const seen: Map<string, { readonly version: bigint; readonly rows: readonly string[] }>[] = [];

  beforeAll(async () => {
    const pipeline: TestPipeline = {
      id: 'feed',
      url: server.url,
      tables: feedTables.map(({ name }) => name),
      lake: join(folder, 'lake'),
    };
    await client.query(FEED_SETUP);
    await observe(pipeline);
    for (const { transactions } of feedSteps) {
      for (const statements of transactions) {
        await client.query('begin');
        for (const statement of statements) await client.query(statement);
        await client.query('commit');
      }
      await observe(pipeline);
    }
  }, TIMEOUT_MS);

  async function observe(pipeline: TestPipeline): Promise<void> {
    await catchUp(pipeline);
    const state = new Map<string, { version: bigint; rows: string[] }>();
    for (const table of feedTables) {
      const version = (await logVersions(path(table.name))).at(-1) ?? -1n;
      state.set(table.name, { version, rows: await sourceRows(table) });
    }
    seen.push(state);
  }

  async function sourceRows({ name, json }: FeedTable): Promise<string[]> {
    const { rows } = await client.query<{ row: string }>(`select ${json} as row from ${name} t`);
    return rows.map(({ row }) => normal(row));
  }

  test.each(feedTables)('$name equals the source after every step', async ({ name }) => {
    for (const [step, state] of seen.entries()) {
      const { version, rows } = state.get(name)!;
      const found = await tableLines(path(name), version);
      assertSameRows({ name: `step ${step}`, rows: found.map(normal) }, { name: 'source', rows });
    }
  });

  test.each(feedSteps.map((step, i) => ({ ...step, i })))('$name', async ({ i, feed, table }) => {
    const before = seen[i]!.get(table)!.version;
    const { version } = seen[i + 1]!.get(table)!;
    if (feed.length === 0) return expect(version).toBe(before);
    expect(version).toBe(before + 1n);
    const found = feedRows(await changeLines(path(table), version)).map(({ type, row }) => {
      const { id, code, label } = JSON.parse(row) as Record<string, unknown>;
      return `${type} ${String(id ?? code)} ${String(label)}`;
    });
    expect(found.sort()).toEqual([...feed].sort());
    for (const other of feedTables) {
      if (other.name === table) continue;
      expect(seen[i + 1]!.get(other.name)!.version).toBe(seen[i]!.get(other.name)!.version);
    }
  });

  test.each(feedTables)('the feed of $name makes each version of the one before', async (table) => {
    let rows = new Map<string, string>();
    for (const version of await logVersions(path(table.name))) {
      const feed = feedRows(await changeLines(path(table.name), version)).map(
        (change): FeedRow => ({ ...change, row: normal(change.row) }),
      );
      rows = applyFeed(rows, feed, table.key);
      const stored = (await tableLines(path(table.name), version)).map(normal);
      expect({ version, rows: stored.sort() }).toEqual({
        version,
        rows: [...rows.values()].sort(),
      });
    }
  });

  describe.each(ENGINES)('%s', (engine) => {
    test.each(feedTables)(
      'reads every version of $name as we do',
      async ({ name }) => {
        const judge = judges.get(engine)!;
        for (const version of await logVersions(path(name))) {
          const ours = { name: `ours, v${version}`, rows: await tableLines(path(name), version) };
          assertSameRows({ name: engine, rows: await judge.rows(path(name), version) }, ours);
        }
      },
      TIMEOUT_MS,
    );
  });

  describe.each(WITH_CHANGES)('%s', (engine) => {
    test.each(feedTables)(
      'reads the changes of every version of $name as we do',
      async ({ name }) => {
        const judge = judges.get(engine)!;
        for (const version of await logVersions(path(name))) {
          // Spark gives old changes the columns of the newest version.
          const ours = withoutCommitTimestamp(await changeLines(path(name), version)).map(normal);
          const found = await judge.changes(path(name), version, version);
          assertSameRows(
            { name: engine, rows: withoutCommitTimestamp(found).map(normal) },
            { name: `ours, v${version}`, rows: ours },
          );
        }
      },
      TIMEOUT_MS,
    );
  });
});

describe('a table with a checkpoint', () => {
  const COMMITS = 30;
  let table: string;
  let withoutLog: string;
  let checkpoint: bigint;

  beforeAll(async () => {
    await client.query(`
      create table counted (id int primary key, label text);
      insert into counted select i, 'first' from generate_series(1, 20) i`);
    const lake = join(folder, 'checkpointed');
    table = join(lake, 'counted');
    const running = follow({ id: 'counted', url: server.url, tables: ['counted'], lake });
    await running.until(({ kind }) => kind === 'batch-committed' || isStreaming(running.events));
    for (let i = 1; i <= COMMITS; i++) {
      await client.query(`
        begin;
        insert into counted values (${100 + i}, 'added');
        update counted set label = 'at ${i}' where id = ${1 + (i % 20)};
        delete from counted where id = ${100 + i - 5};
        commit`);
      const wanted = BigInt(i);
      await running.until((event) => event.kind === 'table-committed' && event.version >= wanted);
    }
    await running.stop();
    checkpoint = await newestCheckpoint(table);
    withoutLog = join(folder, 'without-log');
    await cp(table, withoutLog, { recursive: true });
    for (const version of await logVersions(withoutLog)) {
      if (version < checkpoint) await rm(join(withoutLog, '_delta_log', logName(version)));
    }
  }, TIMEOUT_MS);

  test('is written while the pipeline runs', () => {
    expect(checkpoint).toBeGreaterThanOrEqual(10n);
  });

  test(
    'is written by runs of one commit each too',
    async () => {
      await client.query(`create table single (id int primary key)`);
      const pipeline = { id: 'single', url: server.url, tables: ['single'], lake: folder };
      await catchUp(pipeline);
      for (let version = 1; version <= 10; version++) {
        await client.query(`insert into single values (${version})`);
        await catchUp(pipeline);
      }
      expect(await newestCheckpoint(join(folder, 'single'))).toBe(10n);
      expect(await tableLines(join(folder, 'single'))).toHaveLength(10);
    },
    TIMEOUT_MS,
  );

  test('opens from the checkpoint alone, for every version since', async () => {
    const versions = await logVersions(withoutLog);
    expect(versions[0]).toBe(checkpoint);
    expect(versions.at(-1)).toBe(BigInt(COMMITS));
    for (const version of versions) {
      assertSameRows(
        { name: `checkpoint, v${version}`, rows: await tableLines(withoutLog, version) },
        { name: 'log', rows: await tableLines(table, version) },
      );
    }
  });

  test.each(ENGINES)(
    '%s opens it from the checkpoint alone',
    async (engine) => {
      const judge = judges.get(engine)!;
      for (const version of [checkpoint, BigInt(COMMITS)]) {
        assertSameRows(
          { name: engine, rows: await judge.rows(withoutLog, version) },
          { name: `ours, v${version}`, rows: await tableLines(table, version) },
        );
      }
    },
    TIMEOUT_MS,
  );

  test('the next run of the pipeline goes on from the checkpoint alone', async () => {
    const before = await logVersions(table);
    for (const version of before) {
      if (version < checkpoint) await rm(join(table, '_delta_log', logName(version)));
    }
    await client.query(`update counted set label = 'last'`);
    const lake = join(folder, 'checkpointed');
    await catchUp({ id: 'counted', url: server.url, tables: ['counted'], lake });
    const { rows } = await client.query<{ row: string }>(
      `select json_build_object('id', id, 'label', label)::text as row from counted`,
    );
    assertSameRows(
      { name: 'table', rows: await tableLines(table) },
      { name: 'source', rows: rows.map(({ row }) => normal(row)) },
    );
    const newest = (await logVersions(table)).at(-1) ?? 0n;
    expect(newest).toBe((before.at(-1) ?? 0n) + 1n);
    const changed = sortedFeed(feedRows(await changeLines(table, newest)));
    expect(changed).toHaveLength(rows.length * 2);
  });
});

function isStreaming(events: readonly { readonly kind: string }[]): boolean {
  return events.some((event) => 'to' in event && event.to === 'streaming');
}

async function newestCheckpoint(table: string): Promise<bigint> {
  const names = await readdir(join(table, '_delta_log'));
  const versions = names.flatMap((name) => {
    const [, version] = /^(\d{20})\.checkpoint\.parquet$/.exec(name) ?? [];
    return version === undefined ? [] : [BigInt(version)];
  });
  const hint = await readFile(join(table, '_delta_log', '_last_checkpoint'), 'utf8');
  const { version } = JSON.parse(hint) as { readonly version: number };
  expect(versions.sort((a, b) => (a < b ? -1 : 1)).at(-1)).toBe(BigInt(version));
  return BigInt(version);
}

function logName(version: bigint): string {
  return `${version.toString().padStart(20, '0')}.json`;
}

/**
 * A row without the columns that came later and that it has not: a version before them does not
 * have them at all, later ones have NULL there.
 */
function withoutAbsent(row: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(row).filter(([name, value]) => name !== 'extra' || value !== null);
  return Object.fromEntries(entries);
}

function normal(row: string): string {
  return JSON.stringify(withoutAbsent(JSON.parse(row) as Record<string, unknown>));
}
