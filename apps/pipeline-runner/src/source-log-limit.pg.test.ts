import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '@cdc-demo/cdc-core';
import type { PipelineEvent } from '@cdc-demo/cdc-core';
import { FaultyStore } from '@cdc-demo/cdc-testing';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { openObjectStore } from '@cdc-demo/object-store';
import { parseConfig } from '@cdc-demo/pipeline';
import { Client } from 'pg';
import { systemPorts } from './compose-pipeline.ts';
import { runPipelines } from './run-pipelines.ts';

const SLOTS = 'SELECT slot_name FROM pg_replication_slots';
/** More than one segment of log in each. */
const WRITE = `INSERT INTO items SELECT i, repeat(md5(i::text), 40) FROM generate_series(1, 20000) i
               ON CONFLICT (id) DO UPDATE SET name = excluded.name || 'x'`;

describe('a sink that hangs while the source writes', () => {
  let server: LocalPostgres;
  let client: Client;
  let folder: string;
  beforeAll(async () => {
    server = await startPostgres({ version: 18 });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'log-limit-'));
    client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query('CREATE TABLE items (id int PRIMARY KEY, name text)');
  });
  afterEach(async () => {
    await client.query(`SELECT pg_terminate_backend(active_pid, 30000) FROM pg_replication_slots
                        WHERE active_pid IS NOT NULL`);
    await client.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots');
    await client.query('DROP PUBLICATION IF EXISTS cdc_demo_limited');
    await client.query('DROP TABLE items');
    await client.end();
    await rm(folder, { recursive: true });
  });

  /** Runs a pipeline whose stores take no file any more once it streams. */
  function run(action: string): {
    readonly events: PipelineEvent[];
    readonly ended: Promise<unknown>;
    readonly release: () => void;
    readonly stop: () => void;
    readonly streaming: Promise<void>;
  } {
    const text = `
pipelines:
  - id: limited
    source:
      type: postgres
      url: '\${env:URL}'
      tables: [public.items]
      maxRetainedBytes: 40000000
      onMaxRetainedBytes: ${action}
    sink: { type: delta, location: '${folder}/lake/{table}' }
    commit: { intervalMs: 50 }`;
    const sources = { env: { URL: server.url }, readSecretFile: (path: string) => path };
    const events: PipelineEvent[] = [];
    const stop = new AbortController();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let begun = (): void => undefined;
    const streaming = new Promise<void>((resolve) => (begun = resolve));
    let isStreaming = false;
    const plan = async (): Promise<'none'> => {
      if (isStreaming) await held;
      return 'none';
    };
    const ended = runPipelines({
      config: parseConfig(text, sources, 'f.yaml'),
      ids: [],
      until: 'stopped',
      firstContact: 'fail',
      takeOver: false,
      logger: silentLogger,
      observers: () => [
        (event) => {
          events.push(event);
          if (event.kind !== 'state' || event.to !== 'streaming') return;
          isStreaming = true;
          begun();
        },
      ],
      stop: stop.signal,
      lagIntervalMs: 50,
      ports: {
        ...systemPorts,
        openStore: (location, s3) => new FaultyStore(openObjectStore(location, s3), plan),
      },
    }).then(
      () => undefined,
      (error: unknown) => error,
    );
    return { events, ended, release, stop: () => stop.abort(), streaming };
  }

  async function writeUntil(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      await client.query(WRITE);
      await client.query('CHECKPOINT');
    }
  }

  const slots = async (): Promise<unknown[]> => (await client.query<object>(SLOTS)).rows;

  test('warn: says so once, and goes on when the sink does', async () => {
    const running = run('warn');
    await running.streaming;
    const warnings = (): PipelineEvent[] => running.events.filter(({ kind }) => kind === 'warning');
    await writeUntil(() => warnings().length > 0);
    expect(warnings()).toMatchObject([
      { message: expect.stringMatching(/keeps \d+ bytes of log .* it may 40000000/) },
    ]);
    const lags = running.events.filter((event) => event.kind === 'lag');
    expect(lags.at(-1)).toMatchObject({ limitBytes: 40_000_000n });
    running.release();
    await writeUntil(() => running.events.some(({ kind }) => kind === 'acknowledged'));
    running.stop();
    expect(await running.ended).toBeUndefined();
    expect(await slots()).toHaveLength(1);
  });

  test('stop: ends with the remedy, and loses nothing', async () => {
    const running = run('stop');
    await running.streaming;
    let isEnded = false;
    void running.ended.then(() => (isEnded = true));
    await writeUntil(() => isEnded);
    expect(await running.ended).toMatchObject({
      code: 'pipeline/source-log-limit',
      kind: 'source-refused',
      remedy: expect.stringContaining('raise maxRetainedBytes'),
    });
    expect(await slots()).toEqual([{ slot_name: 'cdc_demo_limited' }]);
    running.release();
  });

  test('dropSlot: frees the source, says what is lost, and the next start refuses', async () => {
    const running = run('dropSlot');
    await running.streaming;
    let isEnded = false;
    void running.ended.then(() => (isEnded = true));
    await writeUntil(() => isEnded);
    expect(await running.ended).toMatchObject({
      code: 'pipeline/source-log-limit',
      remedy: expect.stringContaining('changes are lost'),
    });
    expect(await slots()).toEqual([]);
    running.release();
    const again = run('dropSlot');
    expect(await again.ended).toMatchObject({ code: 'postgres/slot-lost' });
    again.release();
  });
});
