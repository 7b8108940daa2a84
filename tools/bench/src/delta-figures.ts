import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  ChangeBatch,
  ColumnBatch,
  DELETE,
  INSERT,
  NO_IMAGE,
  UPDATE,
  postgresPosition,
  silentLogger,
} from '@cdc-demo/cdc-core';
import type { CommitPoint, FieldValue, TableSchema, TableSink } from '@cdc-demo/cdc-core';
import { DeltaSink } from '@cdc-demo/delta';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { systemClock } from '@cdc-demo/pipeline';
import { percentile } from './bench-result.ts';
import type { BenchResult } from './bench-result.ts';

type Say = (line: string) => void;

const schema: TableSchema = {
  table: { namespace: 'public', name: 'bench' },
  version: 1,
  fields: [
    { id: 1, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
    { id: 2, name: 'customer', type: { kind: 'int', bits: 32 }, nullable: true },
    { id: 3, name: 'quantity', type: { kind: 'int', bits: 32 }, nullable: true },
    { id: 4, name: 'amount', type: { kind: 'decimal', precision: 12, scale: 2 }, nullable: true },
    { id: 5, name: 'price', type: { kind: 'float', bits: 64 }, nullable: true },
    { id: 6, name: 'at', type: { kind: 'timestamp', zone: 'utc' }, nullable: true },
    { id: 7, name: 'day', type: { kind: 'date' }, nullable: true },
    { id: 8, name: 'status', type: { kind: 'string' }, nullable: true },
    { id: 9, name: 'name', type: { kind: 'string' }, nullable: true },
    { id: 10, name: 'note', type: { kind: 'string' }, nullable: true },
  ],
  key: [0],
};

const STATUS = ['new', 'paid', 'shipped', 'returned'];

function rowOf(id: number, revision: number): FieldValue[] {
  const hash = Math.imul(id, 0x9e3779b1) >>> 0;
  return [
    BigInt(id),
    hash % 100_000,
    revision,
    BigInt(hash % 1_000_000),
    id * 1.5,
    1_767_225_600_000_000n + BigInt(id) * 1_000_000n,
    20_454 + (hash % 365),
    STATUS[hash % 4] ?? null,
    `customer number ${hash % 5000}`,
    hash.toString(16).padStart(8, '0').repeat(4),
  ];
}

interface CommitFigures {
  readonly seconds: number;
  /** Data, change and deletion vector files. */
  readonly bytes: number;
  readonly logBytes: number;
}

/** A Delta table that is written through the sink alone, without a source. */
class SinkUnderTest {
  readonly folder: string;
  readonly #sink: DeltaSink;
  readonly #table: TableSink;
  #batch = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.#sink = new DeltaSink({
      location: () => new LocalObjectStore(folder),
      clock: systemClock,
      logger: silentLogger,
    });
    this.#table = this.#sink.table(schema.table);
  }

  static async create(rows: number): Promise<SinkUnderTest> {
    const under = new SinkUnderTest(await mkdtemp(join(tmpdir(), 'bench-delta-')));
    await under.#table.open(under.#point());
    const stage = await under.#table.stageSnapshot(schema);
    for (let first = 1; first <= rows; first += 65_536) {
      const chunk = new ColumnBatch(schema.fields, 65_536);
      for (let id = first; id < Math.min(first + 65_536, rows + 1); id++) {
        chunk.appendRow(rowOf(id, 0));
      }
      await stage.write(chunk);
    }
    await under.#table.publishSnapshot([await stage.finish()], under.#point());
    return under;
  }

  /** One commit of `changes`. */
  async commit(changes: ChangeBatch): Promise<CommitFigures> {
    const point = this.#point();
    changes.transactions.push({
      commit: point.position,
      end: point.position,
      committedAtUs: 0n,
      id: 1n,
    });
    const started = performance.now();
    await this.#table.write(changes);
    const done = await this.#table.commit(point);
    const seconds = (performance.now() - started) / 1000;
    if (done.outcome !== 'committed') throw new Error(`The commit ended as ${done.outcome}`);
    const entry = `_delta_log/${done.version.toString().padStart(20, '0')}.json`;
    const { size } = await stat(join(this.folder, entry));
    return { seconds, bytes: done.stats.bytes, logBytes: size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink.close();
    await rm(this.folder, { recursive: true });
  }

  #point(): CommitPoint {
    this.#batch++;
    return {
      pipeline: 'bench',
      incarnation: 1,
      batch: this.#batch,
      position: postgresPosition(BigInt(this.#batch)),
      committedAtUs: 0n,
    };
  }
}

/** Half inserts, a third updates, the rest deletes; ids spread over `rows` without repetition. */
function changesOf(count: number, rows: number, round: number): ChangeBatch {
  const batch = new ChangeBatch(schema, count);
  for (let i = 0; i < count; i++) {
    const n = round * count + i;
    const kind = i % 10;
    const old = ((n * 7919) % rows) + 1;
    if (kind < 5) {
      const after = batch.images.appendRow(rowOf(rows + n + 1, 1));
      batch.append(INSERT, { before: NO_IMAGE, after, beforeIsFull: false }, i);
    } else {
      const before = batch.images.appendRow(rowOf(old, 0));
      const isUpdate = kind < 8;
      const after = isUpdate ? batch.images.appendRow(rowOf(old, 1)) : NO_IMAGE;
      batch.append(isUpdate ? UPDATE : DELETE, { before, after, beforeIsFull: true }, i);
    }
  }
  return batch;
}

/** How much the last commits of `commits` take longer than the first, compaction beside them. */
export async function commitGrowth(commits: number, say: Say): Promise<BenchResult[]> {
  const rows = 100_003;
  await using table = await SinkUnderTest.create(rows);
  const done: CommitFigures[] = [];
  for (let round = 0; round < commits; round++) {
    if (round % 250 === 0) say(`commit ${round} of ${commits}`);
    done.push(await table.commit(changesOf(100, rows, round)));
  }
  const head = done.slice(100, 300);
  const tail = done.slice(-200);
  const growth = (
    name: string,
    of: (figures: CommitFigures) => number,
    {
      share,
      unit,
      scale,
    }: { readonly share: number; readonly unit: string; readonly scale: number },
  ): BenchResult => {
    const [first, last] = [head, tail].map((some) => percentile(some.map(of), share));
    const shown = [last, first].map((value) => `${((value ?? 0) * scale).toFixed(1)} ${unit}`);
    return {
      name: `commit-growth-${name}`,
      value: (last ?? 0) / (first ?? 1),
      unit: 'x',
      limit: null,
      ratio: null,
      cpuSeconds: null,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      note:
        `commits of 100 changes: the last 200 of ${commits.toLocaleString('en')} ` +
        `(${shown[0] ?? ''}) over those after the hundredth (${shown[1] ?? ''})`,
    };
  };
  const ms = { unit: 'ms', scale: 1000 } as const;
  const kB = { unit: 'kB', scale: 1 / 1000 } as const;
  return [
    growth('p50', ({ seconds }) => seconds, { share: 0.5, ...ms }),
    growth('p99', ({ seconds }) => seconds, { share: 0.99, ...ms }),
    growth('bytes', ({ bytes }) => bytes, { share: 0.5, ...kB }),
    growth('log', ({ logBytes }) => logBytes, { share: 0.5, ...kB }),
  ];
}

/** One commit of 100 000 changes into a large table, beside MERGE by delta-rs. */
export async function mergeIntoLarge(rows: number, say: Say): Promise<BenchResult> {
  say(`writing ${rows.toLocaleString('en')} rows`);
  await using table = await SinkUnderTest.create(rows);
  say('indexing, with a commit of 10 changes');
  const { seconds: indexing } = await table.commit(changesOf(10, rows, 50_000));
  const changes = changesOf(100_000, rows, 0);
  const cpu = process.cpuUsage();
  const { seconds: value } = await table.commit(changes);
  const { user, system } = process.cpuUsage(cpu);
  say('the same by MERGE of delta-rs');
  const peer = await deltaRsMerge(table.folder, rows);
  return {
    name: 'merge-100k-into-10m',
    value,
    unit: 's',
    limit: peer,
    ratio: peer === null ? null : peer / value,
    cpuSeconds: (user + system) / 1e6,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    note:
      `100 000 changes into ${rows.toLocaleString('en')} rows with change feed (the index was built ` +
      `before, in ${indexing.toFixed(1)} s); limit: MERGE by delta-rs`,
  };
}

/** Seconds of a MERGE of 100 000 rows by delta-rs, or null where it is not installed. */
async function deltaRsMerge(folder: string, rows: number): Promise<number | null> {
  const cache = process.env['CDC_CACHE'] ?? join(homedir(), '.cache/cdc-demo');
  const homes = existsSync(cache) ? await readdir(cache) : [];
  const home = homes.find((name) => /^judges-[0-9a-f]+$/.test(name));
  if (home === undefined) return null;
  const script = fileURLToPath(new URL('../merge_with_delta_rs.py', import.meta.url));
  const python = join(cache, home, 'venv/bin/python');
  const { stdout } = await promisify(execFile)(python, [script, folder, String(rows)]);
  return Number(stdout.trim());
}
