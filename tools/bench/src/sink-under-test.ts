import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import type {
  CommitOutcome,
  CommitPoint,
  FieldValue,
  Sink,
  TableSchema,
  TableSink,
} from '@cdc-demo/cdc-core';
import { DeltaSink } from '@cdc-demo/delta';
import { IcebergSink } from '@cdc-demo/iceberg';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { systemClock } from '@cdc-demo/pipeline';
import { CountedStore } from './counted-store.ts';

export const FORMATS = ['delta', 'iceberg'] as const;
export type TableFormat = (typeof FORMATS)[number];

const SINKS: Record<TableFormat, (store: CountedStore) => Sink> = {
  delta: (store) => new DeltaSink(sinkOptions(store)),
  iceberg: (store) => new IcebergSink(sinkOptions(store)),
};

const CHUNK_ROWS = 65_536;

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

export interface CommitFigures {
  readonly version: bigint;
  readonly seconds: number;
  /** Data, change and deletion files. */
  readonly bytes: number;
  readonly logBytes: number;
}

/** A table that is written through its format's sink alone, without a source. */
export class SinkUnderTest {
  readonly folder: string;
  /** Of the first snapshot, the making of its rows left out. */
  readonly snapshot: { readonly version: bigint; readonly seconds: number };
  readonly #sink: Sink;
  readonly #table: TableSink;
  readonly #store: CountedStore;
  #batch = 1;

  private constructor(
    parts: { readonly folder: string; readonly sink: Sink; readonly table: TableSink },
    store: CountedStore,
    snapshot: SinkUnderTest['snapshot'],
  ) {
    this.folder = parts.folder;
    this.#sink = parts.sink;
    this.#table = parts.table;
    this.#store = store;
    this.snapshot = snapshot;
  }

  /** A table with the rows 1 to `rows`. */
  static async create(format: TableFormat, rows: number): Promise<SinkUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), `bench-${format}-`));
    const store = new CountedStore(new LocalObjectStore(folder));
    const sink = SINKS[format](store);
    const table = sink.table(schema.table);
    await table.open(pointOf(1));
    let seconds = 0;
    const timed = async <T>(work: () => Promise<T>): Promise<T> => {
      const started = performance.now();
      const done = await work();
      seconds += (performance.now() - started) / 1000;
      return done;
    };
    const stage = await timed(() => table.stageSnapshot(schema));
    for (let first = 1; first <= rows; first += CHUNK_ROWS) {
      const chunk = new ColumnBatch(schema.fields, CHUNK_ROWS);
      for (let id = first; id < Math.min(first + CHUNK_ROWS, rows + 1); id++) {
        chunk.appendRow(rowOf(id, 0));
      }
      await timed(() => stage.write(chunk));
    }
    const outcome = await timed(async () => {
      return table.publishSnapshot([await stage.finish()], pointOf(1));
    });
    const { version } = committed(outcome);
    return new SinkUnderTest({ folder, sink, table }, store, { version, seconds });
  }

  /** One commit of `changes`. */
  async commit(changes: ChangeBatch): Promise<CommitFigures> {
    this.#batch++;
    const point = pointOf(this.#batch);
    changes.transactions.push({
      commit: point.position,
      end: point.position,
      committedAtUs: 0n,
      id: 1n,
    });
    const logged = this.#store.puts.log.bytes;
    const started = performance.now();
    await this.#table.write(changes);
    const outcome = await this.#table.commit(point);
    const seconds = (performance.now() - started) / 1000;
    const { version, stats } = committed(outcome);
    return { version, seconds, bytes: stats.bytes, logBytes: this.#store.puts.log.bytes - logged };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink.close();
    await rm(this.folder, { recursive: true });
  }
}

/** Half inserts, a third updates, the rest deletes; ids spread over `rows` without repetition. */
export function changesOf(count: number, rows: number, round: number): ChangeBatch {
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

/** Updates of the rows with these ids, as they were first. */
export function updatesOf(ids: readonly number[]): ChangeBatch {
  const batch = new ChangeBatch(schema, ids.length);
  ids.forEach((id, i) => {
    const before = batch.images.appendRow(rowOf(id, 0));
    const after = batch.images.appendRow(rowOf(id, 1));
    batch.append(UPDATE, { before, after, beforeIsFull: true }, i);
  });
  return batch;
}

function sinkOptions(store: CountedStore) {
  return { location: () => store, clock: systemClock, logger: silentLogger };
}

function committed(outcome: CommitOutcome): Extract<CommitOutcome, { outcome: 'committed' }> {
  if (outcome.outcome === 'committed') return outcome;
  throw new Error(`The commit ended as ${outcome.outcome}`);
}

function pointOf(batch: number): CommitPoint {
  return {
    pipeline: 'bench',
    incarnation: 1,
    batch,
    position: postgresPosition(BigInt(batch)),
    committedAtUs: 0n,
  };
}
