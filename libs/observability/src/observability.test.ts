import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CdcError, postgresPosition } from '@cdc-demo/cdc-core';
import type { PipelineEvent } from '@cdc-demo/cdc-core';
import {
  Health,
  Metrics,
  jsonLogger,
  logPipeline,
  measurePipeline,
  metricDefinitions,
  redact,
  serveObservability,
} from './index.ts';
import type { ObservabilityServer } from './index.ts';

const table = { namespace: 'public', name: 'customers' };
const position = postgresPosition(0x16b374d848n);
const stats = { inserted: 2, updated: 1, deleted: 3, files: 2, bytes: 100 };
const error = new CdcError({
  code: 'postgres/connection-lost',
  message: 'The connection was lost',
  policy: { retry: 'backoff', kind: 'failed', remedy: 'Check the network' },
});

const reading = { kind: 'snapshot-progress', table, estimatedRows: 20 } as const;

const life: readonly PipelineEvent[] = [
  { kind: 'state', from: 'created', to: 'starting' },
  { kind: 'state', from: 'starting', to: 'snapshotting' },
  { ...reading, rows: 10, rowsPerSecond: 0, remainingMs: 'unknown', done: false },
  { ...reading, rows: 20, rowsPerSecond: 5, remainingMs: 0, done: true },
  { kind: 'state', from: 'snapshotting', to: 'streaming' },
  { kind: 'resync-progress', table, rows: 5, estimatedRows: 20, done: false },
  { kind: 'resync-progress', table, rows: 7, estimatedRows: 20, done: true },
  { kind: 'received', transactions: 2, changes: 6, bytes: 600, position },
  { kind: 'table-committed', table, version: 1n, stats, durationMs: 20 },
  { kind: 'table-condition', table, files: 12, bytes: 5000, rows: 90, deletedRows: 7 },
  {
    kind: 'table-tended',
    table,
    task: 'compact',
    durationMs: 40,
    outcome: 'done',
    filesBefore: 10,
    filesAfter: 1,
    bytes: 800,
  },
  { kind: 'table-tended', table, task: 'vacuum', durationMs: 1, outcome: 'failed' },
  {
    kind: 'batch-committed',
    batch: 2,
    position,
    transactions: 2,
    changes: 6,
    durationMs: 30,
    latencyMs: 250,
  },
  { kind: 'acknowledged', position },
  { kind: 'lag', retainedBytes: 4096n, behindBytes: 0n },
  { kind: 'retry', error, attempt: 1, delayMs: 500 },
  { kind: 'warning', message: 'The progress is lost', remedy: 'Keep the folder' },
  { kind: 'failed', error },
  { kind: 'failed', error: new Error('a mistake of ours') },
];

describe('metrics', () => {
  it('follow the life of a pipeline', async () => {
    const metrics = new Metrics();
    const observe = measurePipeline(metrics, 'p');
    life.forEach(observe);
    const text = await metrics.text();
    for (const line of [
      'cdc_demo_snapshot_rows{pipeline="p",table="public.customers"} 20',
      'cdc_demo_snapshot_remaining_seconds{pipeline="p",table="public.customers"} 0',
      'cdc_demo_transactions_received_total{pipeline="p"} 2',
      'cdc_demo_changes_received_total{pipeline="p"} 6',
      'cdc_demo_resync_rows{pipeline="p",table="public.customers"} 7',
      'cdc_demo_resyncing{pipeline="p",table="public.customers"} 0',
      'cdc_demo_rows_committed_total{pipeline="p",table="public.customers",operation="insert"} 2',
      'cdc_demo_table_files{pipeline="p",table="public.customers"} 12',
      'cdc_demo_table_bytes{pipeline="p",table="public.customers"} 5000',
      'cdc_demo_table_rows{pipeline="p",table="public.customers"} 90',
      'cdc_demo_table_deleted_rows{pipeline="p",table="public.customers"} 7',
      'cdc_demo_upkeep_files_total{pipeline="p",table="public.customers",task="compact"} 10',
      'cdc_demo_upkeep_bytes_total{pipeline="p",table="public.customers",task="compact"} 800',
      'cdc_demo_upkeep_tasks_total{pipeline="p",table="public.customers",task="vacuum",outcome="failed"} 1',
      'cdc_demo_rows_committed_total{pipeline="p",table="public.customers",operation="delete"} 3',
      'cdc_demo_latency_seconds_bucket{le="0.25",pipeline="p"} 1',
      'cdc_demo_latency_seconds_bucket{le="0.1",pipeline="p"} 0',
      'cdc_demo_lag_seconds{pipeline="p"} 0',
      'cdc_demo_source_retained_bytes{pipeline="p"} 4096',
      'cdc_demo_snapshot_rows{pipeline="p",table="public.customers"} 20',
      'cdc_demo_pipeline_state{pipeline="p",state="streaming"} 1',
      'cdc_demo_pipeline_state{pipeline="p",state="starting"} 0',
      'cdc_demo_retries_total{pipeline="p",code="postgres/connection-lost"} 1',
      'cdc_demo_errors_total{pipeline="p",code="unknown"} 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  it('include those of the process when asked', async () => {
    expect(await new Metrics({ process: true }).text()).toContain('process_cpu_seconds_total');
    expect(await new Metrics().text()).not.toContain('process_cpu_seconds_total');
  });

  it('refuse to be used as another kind', () => {
    const metrics = new Metrics();
    expect(() => metrics.add('cdc_demo_lag_seconds', {}, 1)).toThrow('no counter');
    expect(() => metrics.set('cdc_demo_latency_seconds', {}, 1)).toThrow('no gauge');
    expect(() => metrics.observe('cdc_demo_lag_seconds', {}, 1)).toThrow('no histogram');
  });

  it('stand in METRICS.md with kind, labels and meaning', () => {
    const document = readFileSync(new URL('../METRICS.md', import.meta.url), 'utf8');
    const documented = document.split('\n').filter((line) => line.startsWith('| `'));
    const defined = Object.entries(metricDefinitions).map(([name, { kind, labels, help }]) =>
      [`| \`${name}\``, kind, labels.join(', '), `${help} |`].join(' | '),
    );
    expect(documented.map((line) => line.replaceAll(/ +/g, ' '))).toEqual(defined);
  });
});

describe('logs', () => {
  it('are one JSON object a line for every event', () => {
    const lines: string[] = [];
    const logger = jsonLogger('debug', (line) => lines.push(line));
    life.forEach(logPipeline(logger.child({ pipeline: 'p' })));
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(logged).toHaveLength(life.length);
    expect(logged[0]).toMatchObject({
      level: 'info',
      message: 'pipeline is starting',
      pipeline: 'p',
      state: 'starting',
    });
    expect(logged[8]).toMatchObject({ table: 'public.customers', version: '1', inserted: 2 });
    expect(logged[9]).toMatchObject({ level: 'debug', files: 12, deletedRows: 7 });
    expect(logged[10]).toMatchObject({ level: 'info', task: 'compact', filesBefore: 10 });
    expect(logged[12]).toMatchObject({ position: 'postgres:16/B374D848', latencyMs: 250 });
    expect(logged[15]).toMatchObject({ level: 'warn', code: 'postgres/connection-lost' });
    expect(logged[18]).toMatchObject({ level: 'error', message: 'a mistake of ours' });
    expect(new Date(String(logged[0]?.['timestamp'])).toISOString()).toBe(logged[0]?.['timestamp']);
  });

  it('leave out what is below the level', () => {
    const lines: string[] = [];
    const logger = jsonLogger('warn', (line) => lines.push(line));
    logger.info('quiet');
    logger.error('loud');
    expect(lines).toHaveLength(1);
  });

  it('carry no secret', () => {
    const lines: string[] = [];
    const logger = jsonLogger('info', (line) => lines.push(line));
    logger.info('connecting to postgres://me:canary@host/db', {
      password: 'canary',
      apiToken: 'canary',
      target: 'postgres://me:canary@host/db',
    });
    expect(lines.join('')).not.toContain('canary');
    expect(redact('rows', 7n)).toBe('7');
  });
});

describe('HTTP', () => {
  let server: ObservabilityServer;
  afterEach(() => server.close());

  it('serves metrics, liveness and readiness, and nothing else', async () => {
    const metrics = new Metrics();
    const health = new Health();
    const observe = health.observe('p');
    server = await serveObservability({ metrics, health, port: 0 });
    const status = async (path: string, method = 'GET'): Promise<number> =>
      (await fetch(`${server.url}${path}`, { method })).status;

    expect(await status('/healthz')).toBe(200);
    expect(await status('/readyz')).toBe(503);
    observe({ kind: 'state', from: 'starting', to: 'streaming' });
    expect(await status('/readyz')).toBe(200);
    observe({ kind: 'retry', error, attempt: 1, delayMs: 1 });
    const report = await (await fetch(`${server.url}/healthz`)).json();
    expect(report).toEqual({
      ok: true,
      pipelines: { p: { state: 'streaming', error: error.code, lagSeconds: null } },
    });
    life.forEach(observe);
    observe({ kind: 'state', from: 'streaming', to: 'failed' });
    expect(await status('/healthz')).toBe(503);

    expect(await (await fetch(`${server.url}/metrics`)).text()).toContain('# HELP cdc_demo_');
    expect(await status('/elsewhere')).toBe(404);
    expect(await status('/metrics', 'POST')).toBe(405);
  });

  it('says when its port is taken', async () => {
    const parts = { metrics: new Metrics(), health: new Health() };
    server = await serveObservability({ ...parts, port: 0 });
    const { port } = new URL(server.url);
    await expect(serveObservability({ ...parts, port: Number(port) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});
