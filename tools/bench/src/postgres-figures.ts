import { setTimeout as sleep } from 'node:timers/promises';
import { parseLsn } from '@cdc-demo/cdc-core';
import { DeltaTable } from '@cdc-demo/delta';
import { startPostgres } from '@cdc-demo/local-servers';
import { Client } from 'pg';
import { percentile } from './bench-result.ts';
import type { BenchResult } from './bench-result.ts';
import { copyRate, drainSeconds } from './limits.ts';
import { RunnerUnderTest } from './runner-under-test.ts';
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

/** Snapshot, streaming upsert and latency, on one server and one table. */
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
    await using runner = await RunnerUnderTest.start(server.url, 500);
    const begun = await runner.until(({ event }) => event === 'snapshotting');
    const read = await runner.until(({ event }) => event === 'streaming');
    if (options.withSnapshot) {
      say('measuring COPY');
      const limit = await copyRate(server.url, rows);
      const value = rows / ((read.at - begun.at) / 1000);
      results.push({
        name: 'snapshot',
        value,
        unit: 'rows/s',
        limit,
        ratio: value / limit,
        cpuSeconds: read.cpuSeconds - begun.cpuSeconds,
        peakMemoryBytes: read.peakMemoryBytes,
        note: `${rows.toLocaleString('en')} rows into a Delta table; limit: COPY to nowhere`,
      });
    }
    results.push(await streaming({ ...options, client, url: server.url }, runner));
    if (options.withLatency) results.push(await latency(client, runner, say));
  } finally {
    await client.end();
  }
  return results;
}

interface Streaming extends PostgresBenchOptions {
  readonly client: Client;
  readonly url: string;
}

/** The backlog is made while the runner is stopped, so that making it costs it nothing. */
async function streaming(options: Streaming, runner: RunnerUnderTest): Promise<BenchResult> {
  const { client, url, changes, identity, rows, say } = options;
  await client.query('CALL make_changes(0, 1)');
  const primed = await runner.untilDurable(await logEnd(client));
  await client.query(`SELECT pg_create_logical_replication_slot('drain', 'pgoutput')`);
  runner.pause();
  say(`making ${changes.toLocaleString('en')} changes`);
  await client.query(`CALL make_changes(1, ${changes / 100})`);
  const end = await logEnd(client);
  say('streaming them');
  const started = Date.now();
  runner.goOn();
  const done = await runner.untilDurable(end);
  runner.pause();
  say('draining the same slot contents');
  const publication = await onlyPublication(client);
  const seconds = await drainSeconds(url, { slot: 'drain', publication, end });
  runner.goOn();
  const value = changes / ((done.at - started) / 1000);
  const limit = changes / seconds;
  return {
    name: `stream-upsert-${identity}`,
    value,
    unit: 'changes/s',
    limit,
    ratio: value / limit,
    cpuSeconds: done.cpuSeconds - primed.cpuSeconds,
    peakMemoryBytes: done.peakMemoryBytes,
    note:
      `${changes.toLocaleString('en')} changes (50 % inserts, 30 % updates, 20 % deletes) into ` +
      `${rows.toLocaleString('en')} rows with change feed; limit: a client that drops the stream`,
  };
}

/** Each row carries when it was made; its version tells when it was durable. */
async function latency(
  client: Client,
  runner: RunnerUnderTest,
  say: (line: string) => void,
): Promise<BenchResult> {
  say(`${CHANGES_PER_SECOND} changes/s for ${LATENCY_SECONDS} s`);
  const before = runner.marks.at(-1);
  const perTick = CHANGES_PER_SECOND / 50;
  const first = 1_000_000_000;
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
  const durable = new Map(
    runner.marks.flatMap(({ event, version, at }) =>
      event === 'table' && version !== undefined ? [[version, at] as const] : [],
    ),
  );
  const delays = await delaysOf(runner.table, first, durable);
  return {
    name: 'latency-p99',
    value: percentile(delays, 0.99) / 1000,
    unit: 's',
    limit: null,
    ratio: null,
    cpuSeconds: last.cpuSeconds - (before?.cpuSeconds ?? 0),
    peakMemoryBytes: last.peakMemoryBytes,
    note:
      `from the row's own clock to its durable version, ${CHANGES_PER_SECOND} changes/s, ` +
      `interval 500 ms; p50 ${(percentile(delays, 0.5) / 1000).toFixed(3)} s`,
  };
}

async function delaysOf(
  path: string,
  firstId: number,
  durable: ReadonlyMap<number, number>,
): Promise<number[]> {
  const table = await DeltaTable.open(path);
  const delays: number[] = [];
  const from = Math.min(...durable.keys());
  for await (const { fields, columns, length } of table.changes({
    from: { version: Math.max(1, from) },
  })) {
    const at = (name: string) => columns[fields.findIndex((field) => field.name === name)];
    for (let row = 0; row < length; row++) {
      if (Number(at('id')?.value(row)) < firstId) continue;
      const version = Number(at('_commit_version')?.value(row));
      const made = Number(at('at')?.value(row)) / 1000;
      const when = durable.get(version);
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
