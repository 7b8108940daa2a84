import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalRow, silentLogger } from '@cdc-demo/cdc-core';
import type { ColumnBatch, PipelineEvent } from '@cdc-demo/cdc-core';
import type { FeedRow } from '@cdc-demo/cdc-testing';
import { DeltaTable } from '@cdc-demo/delta';
import { parseConfig } from '@cdc-demo/pipeline';
import type { ConfigFile } from '@cdc-demo/pipeline';
import { runPipelines } from './run-pipelines.ts';

export interface TestPipeline {
  readonly id: string;
  readonly url: string;
  /** Names of tables of the schema `public`. */
  readonly tables: readonly string[];
  /** Folder below which each table has a folder of its name. */
  readonly lake: string;
  readonly outOfRange?: 'stop' | 'null';
  readonly commitIntervalMs?: number;
  readonly heartbeatIntervalMs?: number;
}

export function testConfig(pipeline: TestPipeline): ConfigFile {
  const { id, url, tables, lake, outOfRange = 'stop', commitIntervalMs = 20 } = pipeline;
  const { heartbeatIntervalMs = 10_000 } = pipeline;
  const text = `
pipelines:
  - id: ${id}
    source:
      type: postgres
      url: \${env:SOURCE_URL}
      tables: [${tables.map((table) => `public.${table}`).join(', ')}]
      outOfRange: ${outOfRange === 'null' ? '"null"' : outOfRange}
    sink: { type: delta, location: '${lake}/{table}' }
    commit: { intervalMs: ${commitIntervalMs} }
    heartbeatIntervalMs: ${heartbeatIntervalMs}
`;
  const readSecretFile = (path: string): string => {
    throw new Error(`${path} is not asked for`);
  };
  return parseConfig(text, { env: { SOURCE_URL: url }, readSecretFile }, 'the test');
}

/** Runs a pipeline until everything that the source has committed by now is in the tables. */
export async function catchUp(pipeline: TestPipeline): Promise<void> {
  await follow(pipeline, 'caught-up').ended;
}

export interface Following {
  readonly events: readonly PipelineEvent[];
  /** Resolves when `isWanted` holds for an event, earlier ones included; rejects at the end. */
  until(isWanted: (event: PipelineEvent) => boolean): Promise<void>;
  stop(): Promise<void>;
  readonly ended: Promise<void>;
}

/** Starts a pipeline in this process. */
export function follow(
  pipeline: TestPipeline,
  until: 'stopped' | 'caught-up' = 'stopped',
): Following {
  const events: PipelineEvent[] = [];
  const listeners = new Set<(event: PipelineEvent) => void>();
  const stop = new AbortController();
  const ended = runPipelines({
    config: testConfig(pipeline),
    ids: [],
    until,
    firstContact: 'fail',
    takeOver: false,
    logger: silentLogger,
    observers: () => [
      (event) => {
        events.push(event);
        for (const listener of listeners) listener(event);
      },
    ],
    stop: stop.signal,
    lagIntervalMs: 60_000,
  });
  return {
    events,
    ended,
    async until(isWanted) {
      if (events.some(isWanted)) return;
      const seen = new Promise<void>((resolve) => {
        listeners.add((event) => {
          if (isWanted(event)) resolve();
        });
      });
      const early = ended.then(() => {
        throw new Error('The pipeline ended before the event');
      });
      await Promise.race([seen, early]);
    },
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

/** The rows of a version (default: the newest) as canonical lines, in no order. */
export async function tableLines(path: string, version?: bigint): Promise<string[]> {
  const table = await DeltaTable.open(path);
  return linesOf(table.rows(version === undefined ? {} : { version }));
}

/** The change rows of one version as canonical lines, in no order. */
export async function changeLines(path: string, version: bigint): Promise<string[]> {
  const table = await DeltaTable.open(path);
  return linesOf(table.changes({ from: { version }, to: { version } }));
}

async function linesOf(batches: AsyncIterable<ColumnBatch>): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of batches) {
    for (let row = 0; row < batch.length; row++) {
      lines.push(canonicalRow(batch.fields, batch.row(row)));
    }
  }
  return lines;
}

/** The versions whose log entries are there, ascending. */
export async function logVersions(path: string): Promise<bigint[]> {
  const names = await readdir(join(path, '_delta_log'));
  return names
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort()
    .map((name) => BigInt(name.slice(0, 20)));
}

/** Change rows without the columns that tell of the commit. */
export function feedRows(lines: readonly string[]): FeedRow[] {
  return lines.map((line) => {
    const { _change_type, _commit_version, _commit_timestamp, ...row } = JSON.parse(line);
    return { type: _change_type, row: JSON.stringify(row) };
  });
}
