import { formatTableName } from '@cdc-demo/cdc-core';
import type { PipelineEvent } from '@cdc-demo/cdc-core';
import type { LakeTable } from './demo-lake.ts';
import { demoTables } from './demo-tables.ts';
import { shorten } from './feed-lines.ts';

export interface PipelineWatch {
  readonly observe: (event: PipelineEvent) => void;
  /** Resolves when the pipeline streams. */
  readonly streaming: Promise<void>;
  /** Whether the tables hold everything before `lsn`. */
  readonly isPublished: (lsn: bigint) => boolean;
  /** Resolves when everything that was seen is printed. */
  finish(): Promise<void>;
  summary(): string;
}

/** Changes of a version that are shown. */
const SAMPLE = 3;
/** Columns that are shown of a change, beside what tells it apart. */
const SHOWN = 5;

/** Prints a sample of each version's feed as it is committed, and sums up lag and throughput. */
export function watchPipeline(
  open: (table: string) => Promise<LakeTable>,
  print: (line: string) => void,
): PipelineWatch {
  let printing = Promise.resolve();
  let begin: () => void = () => undefined;
  const streaming = new Promise<void>((resolve) => (begin = resolve));
  const latencies: number[] = [];
  let changes = 0;
  let published = 0n;
  let startedMs = performance.now();
  return {
    streaming,
    observe(event) {
      if (event.kind === 'state' && event.to === 'streaming') {
        startedMs = performance.now();
        begin();
      } else if (event.kind === 'snapshot-progress' && event.done) {
        print(`   read ${formatTableName(event.table)}: ${event.rows} rows`);
      } else if (event.kind === 'table-committed') {
        const { table, version, stats } = event;
        const counts = `+${stats.inserted} ~${stats.updated} -${stats.deleted}`;
        printing = printing.then(async () => {
          const lakeTable = await open(table.name);
          const label = lakeTable.labelOf(version);
          if (label === undefined) return;
          print(`   ${table.name} ${label}: ${counts}`);
          await printSample({ table: lakeTable, name: table.name, version }, print);
        });
      } else if (event.kind === 'batch-committed') {
        changes += event.changes;
        published = event.position.lsn;
        latencies.push(event.latencyMs);
      }
    },
    isPublished: (lsn) => lsn <= published,
    finish: () => printing,
    summary() {
      const sorted = latencies.toSorted((a, b) => a - b);
      const ms = (share: number): string =>
        `${Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)} ms`;
      const rate = Math.round(changes / ((performance.now() - startedMs) / 1000));
      const times = `median ${ms(0.5)}, longest ${ms(1)}`;
      return `${changes} changes, ${rate}/s; from the commit in Postgres to the table: ${times}`;
    },
  };
}

interface Version {
  readonly table: LakeTable;
  readonly name: string;
  readonly version: bigint;
}

async function printSample(
  { table, name, version }: Version,
  print: (line: string) => void,
): Promise<void> {
  const columns = demoTables.find((each) => each.name === name)?.columns ?? {};
  const shown = Object.keys(columns).slice(0, SHOWN);
  let left = SAMPLE;
  for await (const line of table.changes(version)) {
    if (left-- === 0) return;
    print(`      ${line.change.padEnd(17)} ${shorten(line.show(shown))}`);
  }
}
