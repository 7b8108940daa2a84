import process from 'node:process';
import { formatPosition, silentLogger } from '@cdc-demo/cdc-core';
import type { PipelineEvent } from '@cdc-demo/cdc-core';
import { loadConfig } from '@cdc-demo/pipeline';
import { runPipelines, stopOnSignal } from '@cdc-demo/pipeline-runner';

/** What the runner under measurement prints, one JSON object a line. */
export interface Mark {
  readonly event: 'snapshotting' | 'streaming' | 'batch' | 'table';
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly cpuSeconds: number;
  readonly peakMemoryBytes: number;
  readonly position?: string;
  readonly changes?: number;
  /** Of the table; an Iceberg snapshot's id has 63 bits. */
  readonly version?: string;
  readonly durationMs?: number;
}

function mark(event: Mark['event'], more: Partial<Mark> = {}): void {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMemoryBytes: maxRSS * 1024 };
  const line: Mark = { event, at: Date.now(), ...usage, ...more };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function observe(event: PipelineEvent): void {
  if (event.kind === 'state' && (event.to === 'snapshotting' || event.to === 'streaming')) {
    mark(event.to);
  } else if (event.kind === 'table-committed') {
    mark('table', { version: event.version.toString(), durationMs: event.durationMs });
  } else if (event.kind === 'batch-committed') {
    mark('batch', { position: formatPosition(event.position), changes: event.changes });
  }
}

using stop = stopOnSignal(() => undefined);
const [config = ''] = process.argv.slice(2);
await runPipelines({
  config: loadConfig(config, process.env),
  ids: [],
  until: 'stopped',
  firstContact: 'fail',
  takeOver: false,
  logger: silentLogger,
  observers: () => [observe],
  stop: stop.signal,
  lagIntervalMs: 60_000,
});
