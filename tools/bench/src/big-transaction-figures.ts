import { parseLsn } from '@cdc-demo/cdc-core';
import { startPostgres } from '@cdc-demo/local-servers';
import { Client } from 'pg';
import type { BenchResult } from './bench-result.ts';
import { RunnerUnderTest } from './runner-under-test.ts';
import type { Mark } from './measured-runner.ts';
import { CREATE_TABLE, insertRows, loadRows } from './source-table.ts';

export interface BigTransactionOptions {
  /** Rows of the table, all of which one transaction changes. */
  readonly rows: number;
  readonly isWanted: (figure: string) => boolean;
  readonly say: (line: string) => void;
}

interface Step {
  readonly name: string;
  readonly identity: 'full' | 'default';
  /** Has the table its rows before, read by a snapshot? */
  readonly rowsBefore: boolean;
  /** The transaction; without one it is the snapshot that is measured. */
  readonly sql?: string;
  readonly note: string;
}

/** What `isWanted` is asked for. */
export const BIG_FIGURES: readonly string[] = steps(0).map(({ name }) => name);

/**
 * Transactions and a table that are larger than the memory that the runner may have. Each figure is
 * that of a runner of its own, so that its peak is its own too: the updates and the delete begin
 * with a runner that has just been restarted, and so read the keys of the table first.
 */
export async function bigTransactionFigures(
  options: BigTransactionOptions,
): Promise<BenchResult[]> {
  const { rows, isWanted, say } = options;
  const results: BenchResult[] = [];
  for (const step of steps(rows)) {
    if (!isWanted(step.name)) continue;
    say(step.name);
    results.push(...(await onNewServer(step, options)));
  }
  return results;
}

async function onNewServer(
  step: Step,
  { rows, say }: BigTransactionOptions,
): Promise<BenchResult[]> {
  const settings = { max_wal_size: '16GB', checkpoint_timeout: '1h', wal_sender_timeout: 0 };
  await using server = await startPostgres({ version: 18, settings });
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query(CREATE_TABLE);
    if (step.identity === 'full') await client.query('ALTER TABLE bench REPLICA IDENTITY FULL');
    if (step.rowsBefore) await loadRows(client, rows);
    await using runner = await RunnerUnderTest.start(server.url, 500);
    const begun = await runner.until(({ event }) => event === 'snapshotting');
    const read = await runner.until(({ event }) => event === 'streaming');
    const bench = { client, runner, rows };
    if (step.sql === undefined) {
      say('big-table-restart');
      const snapshot = { name: step.name, rows, note: step.note };
      return [figure(snapshot, read, read.at - begun.at), await restartFigure(bench)];
    }
    if (step.rowsBefore) await runner.restart();
    return [await measure(bench, step, step.sql)];
  } finally {
    await client.end();
  }
}

function steps(rows: number): Step[] {
  const count = rows.toLocaleString('en');
  const all = `all ${count} rows in one transaction, with change feed`;
  const update = `UPDATE bench SET quantity = quantity + 1, status = 'changed', amount = amount + 1`;
  const twice = `${update}; UPDATE bench SET quantity = quantity + 1 WHERE id % 2 = 0`;
  const before = { identity: 'default', rowsBefore: true } as const;
  return [
    {
      name: 'big-transaction-insert',
      identity: 'default',
      rowsBefore: false,
      sql: insertRows(rows),
      note: `${count} rows in one transaction, into an empty table`,
    },
    {
      ...before,
      name: 'big-transaction-update-full',
      identity: 'full',
      sql: update,
      note: `${all}; whole old rows from the source`,
    },
    {
      ...before,
      name: 'big-transaction-update-default',
      sql: update,
      note: `${all}; old rows read from the table`,
    },
    {
      ...before,
      name: 'big-transaction-update-twice',
      sql: twice,
      note: `${all}, half of them twice, so that changes are put together by key`,
    },
    {
      ...before,
      name: 'big-transaction-delete',
      sql: 'DELETE FROM bench',
      note: `${all}; old rows read from the table`,
    },
    {
      ...before,
      name: 'big-table-snapshot',
      note: `a table of ${count} rows, read and published`,
    },
  ];
}

interface Bench {
  readonly client: Client;
  readonly runner: RunnerUnderTest;
  readonly rows: number;
}

/** From the COMMIT at the source until the transaction is in the table, durably. */
async function measure(
  { client, runner, rows }: Bench,
  { name, note }: Step,
  sql: string,
): Promise<BenchResult> {
  await client.query(sql);
  const committed = Date.now();
  const done = await runner.untilDurable(await logEnd(client));
  return figure({ name, rows, note }, done, done.at - committed);
}

/** The first change after a restart, which needs all keys of the table. */
async function restartFigure({ client, runner, rows }: Bench): Promise<BenchResult> {
  await runner.restart();
  const started = Date.now();
  await client.query(`UPDATE bench SET status = 'x' WHERE id = 1`);
  const done = await runner.untilDurable(await logEnd(client));
  const note =
    `a table of ${rows.toLocaleString('en')} rows: from the start of the runner until its first ` +
    'change is durable';
  return figure({ name: 'big-table-restart', rows, note }, done, done.at - started);
}

function figure(
  { name, rows, note }: { name: string; rows: number; note: string },
  done: Mark,
  durationMs: number,
): BenchResult {
  return {
    name,
    value: rows / (durationMs / 1000),
    unit: 'rows/s',
    limit: null,
    ratio: null,
    cpuSeconds: done.cpuSeconds,
    peakMemoryBytes: done.peakMemoryBytes,
    note,
  };
}

async function logEnd(client: Client): Promise<bigint> {
  const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
  // One more change, so that some batch reaches past it; the table may have no row to change.
  await client.query(
    `INSERT INTO bench (id) VALUES (0) ON CONFLICT (id) DO UPDATE SET quantity = 1`,
  );
  await client.query(`DELETE FROM bench WHERE id = 0`);
  return parseLsn(rows[0]?.lsn ?? '0/0');
}
