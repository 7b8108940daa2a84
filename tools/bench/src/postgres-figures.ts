import { setTimeout as sleep } from 'node:timers/promises';
import { parseLsn } from '@cdc-demo/cdc-core';
import type { ColumnBatch } from '@cdc-demo/cdc-core';
import { DeltaTable } from '@cdc-demo/delta';
import { IcebergTable } from '@cdc-demo/iceberg';
import { startPostgres } from '@cdc-demo/local-servers';
import { Client } from 'pg';
import { median, percentile } from './bench-result.ts';
import type { BenchResult } from './bench-result.ts';
import { copyRate, drainSeconds } from './limits.ts';
import { RunnerUnderTest } from './runner-under-test.ts';
import { inTurns, spreadOf } from './sink-figures.ts';
import { FORMATS } from './sink-under-test.ts';
import type { TableFormat } from './sink-under-test.ts';
import { CREATE_TABLE, createWorkload, loadRows } from './source-table.ts';

export interface PostgresBenchOptions {
  /** Rows of the table before the workload. */
  readonly rows: number;
  /** Changes that are streamed, a multiple of 100. */
  readonly changes: number;
  readonly identity: 'full' | 'default';
  /** Whether the snapshot and latency figures are wanted beside the streaming one. */
  readonly withSnapshot: boolean;
  readonly withLatency: boolean;
  readonly say: (line: string) => void;
}

const LATENCY_SECONDS = 15;
const CHANGES_PER_SECOND = 1000;
/** The backlog is streamed in so many parts, each by one format after the other. */
const ROUNDS = 3;

interface Bench extends PostgresBenchOptions {
  readonly client: Client;
  readonly url: string;
  readonly runners: Readonly<Record<TableFormat, RunnerUnderTest>>;
}

/** Snapshot, streaming upsert and latency of both formats, on one server and one table. */
export async function postgresFigures(options: PostgresBenchOptions): Promise<BenchResult[]> {
  const { rows, identity, say } = options;
  const settings = { max_wal_size: '8GB', checkpoint_timeout: '1h', wal_sender_timeout: 0 };
  await using server = await startPostgres({ version: 18, settings });
  const client = new Client({ connectionString: server.url });
  await client.connect();
  const results: BenchResult[] = [];
  try {
    say(`loading ${rows.toLocaleString('en')} rows`);
    await client.query(CREATE_TABLE);
    if (identity === 'full') await client.query('ALTER TABLE bench REPLICA IDENTITY FULL');
    await loadRows(client, rows);
    await client.query(createWorkload(rows));
    const limit = options.withSnapshot ? await copyRate(server.url, rows) : Number.NaN;
    await using delta = await RunnerUnderTest.start(server.url, 500, 'delta');
    const first = await snapshot(delta, { format: 'delta', rows, limit });
    await using iceberg = await RunnerUnderTest.start(server.url, 500, 'iceberg');
    const second = await snapshot(iceberg, { format: 'iceberg', rows, limit });
    if (options.withSnapshot) results.push(first, second);
    const bench = { ...options, client, url: server.url, runners: { delta, iceberg } };
    results.push(...(await streaming(bench)));
    if (options.withLatency) {
      for (const format of FORMATS) results.push(await latency(bench, format));
    }
  } finally {
    await client.end();
  }
  return results;
}

/** The first rows; the runner is paused afterwards. */
async function snapshot(
  runner: RunnerUnderTest,
  { format, rows, limit }: { format: TableFormat; rows: number; limit: number },
): Promise<BenchResult> {
  const begun = await runner.until(({ event }) => event === 'snapshotting');
  const read = await runner.until(({ event }) => event === 'streaming');
  runner.pause();
  const value = rows / ((read.at - begun.at) / 1000);
  return {
    name: `snapshot-${format}`,
    value,
    unit: 'rows/s',
    limit,
    ratio: value / limit,
    cpuSeconds: read.cpuSeconds - begun.cpuSeconds,
    peakMemoryBytes: read.peakMemoryBytes,
    note: `${rows.toLocaleString('en')} rows into a table; limit: COPY to nowhere`,
  };
}

/** The backlog is made while the runners are stopped, so that making it costs them nothing. */
async function streaming(bench: Bench): Promise<BenchResult[]> {
  const { client, url, changes, identity, rows, runners, say } = bench;
  await client.query('CALL make_changes(0, 1)');
  const primed = await logEnd(client);
  for (const format of FORMATS) await streamed(runners[format], primed);
  await client.query(`SELECT pg_create_logical_replication_slot('drain', 'pgoutput')`);
  const each = changes / 100 / ROUNDS;
  const done: Record<TableFormat, Streamed[]> = { delta: [], iceberg: [] };
  let end = primed;
  for (let round = 0; round < ROUNDS; round++) {
    say(`making and streaming changes, ${round + 1} of ${ROUNDS}`);
    await client.query(`CALL make_changes(${1 + Math.floor(round * each)}, ${Math.floor(each)})`);
    end = await logEnd(client);
    for (const format of inTurns(round)) done[format].push(await streamed(runners[format], end));
  }
  say('draining the same slot contents');
  const total = Math.floor(each) * 100 * ROUNDS;
  const publication = await onlyPublication(client);
  const limit = total / (await drainSeconds(url, { slot: 'drain', publication, end }));
  const ofDelta = done.iceberg.map(({ seconds }, i) => (done.delta[i]?.seconds ?? 0) / seconds);
  return FORMATS.map((format): BenchResult => {
    const rates = done[format].map(({ seconds }) => (Math.floor(each) * 100) / seconds);
    const value = median(rates);
    const beside =
      format === 'delta'
        ? ''
        : `; of Delta's rate in turns with it ${median(ofDelta).toFixed(2)}, ${spreadOf(ofDelta)}`;
    return {
      name: `stream-upsert-${identity}-${format}`,
      value,
      unit: 'changes/s',
      limit,
      ratio: value / limit,
      cpuSeconds: done[format].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      peakMemoryBytes: Math.max(...done[format].map(({ peakMemoryBytes }) => peakMemoryBytes)),
      note:
        `${total.toLocaleString('en')} changes (50 % inserts, 30 % updates, 20 % deletes) into ` +
        `${rows.toLocaleString('en')} rows, median of ${ROUNDS} parts; limit: a client that drops ` +
        `the stream${beside}`,
    };
  });
}

interface Streamed {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMemoryBytes: number;
}

/** Lets a paused runner go on until everything before `end` is durable. */
async function streamed(runner: RunnerUnderTest, end: bigint): Promise<Streamed> {
  const before = runner.marks.at(-1);
  const started = Date.now();
  runner.goOn();
  const { at, cpuSeconds, peakMemoryBytes } = await runner.untilDurable(end);
  runner.pause();
  const spent = cpuSeconds - (before?.cpuSeconds ?? 0);
  return { seconds: (at - started) / 1000, cpuSeconds: spent, peakMemoryBytes };
}

/** Each row carries when it was made; its version tells when it was durable. */
async function latency({ client, runners, say }: Bench, format: TableFormat): Promise<BenchResult> {
  say(`${format}: ${CHANGES_PER_SECOND} changes/s for ${LATENCY_SECONDS} s`);
  const runner = runners[format];
  runner.goOn();
  await runner.untilDurable(await logEnd(client));
  const before = runner.marks.findLast(({ event }) => event === 'table');
  const perTick = CHANGES_PER_SECOND / 50;
  const first = 1_000_000_000 * (1 + FORMATS.indexOf(format));
  const started = performance.now();
  for (let tick = 0; tick < LATENCY_SECONDS * 50; tick++) {
    const id = first + tick * perTick;
    await client.query(
      `INSERT INTO bench SELECT i, 1, 1, 1, 1, clock_timestamp(), now()::date, 'new', 'n', 'x'
       FROM generate_series(${id}::bigint, ${id + perTick - 1}::bigint) i`,
    );
    await sleep(Math.max(0, started + (tick + 1) * 20 - performance.now()));
  }
  const last = await runner.untilDurable(await logEnd(client));
  runner.pause();
  const durable = new Map(
    runner.marks.flatMap(({ event, version, at }) =>
      event === 'table' && version !== undefined ? [[version, at] as const] : [],
    ),
  );
  const from = BigInt(before?.version ?? 0);
  const delays = await delaysOf(changesAfter[format](runner.table, from), first, durable);
  return {
    name: `latency-p99-${format}`,
    value: percentile(delays, 0.99) / 1000,
    unit: 's',
    limit: null,
    ratio: null,
    cpuSeconds: last.cpuSeconds - (before?.cpuSeconds ?? 0),
    peakMemoryBytes: last.peakMemoryBytes,
    note:
      `from the row's own clock to its durable version, ${CHANGES_PER_SECOND} changes/s, ` +
      `interval 500 ms, ${delays.length.toLocaleString('en')} rows; ` +
      `p50 ${(percentile(delays, 0.5) / 1000).toFixed(3)} s`,
  };
}

/** The changes after a version, each with the version that made it. */
const changesAfter: Record<
  TableFormat,
  (path: string, version: bigint) => AsyncIterable<ColumnBatch>
> = {
  delta: async function* (path, version) {
    const table = await DeltaTable.open(path);
    yield* table.changes({ from: { version: Number(version) + 1 } });
  },
  iceberg: async function* (path, snapshotId) {
    const table = await IcebergTable.open(path);
    yield* table.changes({ from: { snapshotId } });
  },
};

async function delaysOf(
  changes: AsyncIterable<ColumnBatch>,
  firstId: number,
  durable: ReadonlyMap<string, number>,
): Promise<number[]> {
  const delays: number[] = [];
  for await (const { fields, columns, length } of changes) {
    const at = (...names: string[]) => {
      return columns[fields.findIndex((field) => names.includes(field.name))];
    };
    const version = at('_commit_version', '_commit_snapshot_id');
    for (let row = 0; row < length; row++) {
      if (Number(at('id')?.value(row)) < firstId) continue;
      const made = Number(at('at')?.value(row)) / 1000;
      const when = durable.get(String(version?.value(row) as bigint));
      if (when !== undefined) delays.push(when - made);
    }
  }
  return delays;
}

/** Where the log ends now; one more change follows, so that some batch reaches past it. */
async function logEnd(client: Client): Promise<bigint> {
  const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
  await client.query('UPDATE bench SET quantity = quantity WHERE id = 2');
  return parseLsn(rows[0]?.lsn ?? '0/0');
}

async function onlyPublication(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT pubname AS name FROM pg_publication',
  );
  return rows[0]?.name ?? '';
}
