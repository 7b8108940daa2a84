import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeBatch,
  DELETE,
  INSERT,
  NO_IMAGE,
  postgresPosition,
  silentLogger,
} from '@cdc-demo/cdc-core';
import type { Clock, CommitPoint, FieldValue, TableSchema, Writer } from '@cdc-demo/cdc-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { IcebergTable } from '../iceberg-table.ts';
import { IcebergSink } from './iceberg-sink.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import type { IcebergSinkOptions } from './sink-options.ts';

export const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: () => Promise.resolve(),
};
export const schema: TableSchema = {
  table: { namespace: 'public', name: 't' },
  version: 1,
  fields: [
    { id: 1, name: 'id', type: { kind: 'int', bits: 16 }, nullable: false },
    { id: 2, name: 'name', type: { kind: 'string' }, nullable: true },
    { id: 3, name: 'amount', type: { kind: 'decimal', precision: 5, scale: 2 }, nullable: true },
  ],
  key: [0],
};
export const writer: Writer = { pipeline: 'p', incarnation: 1 };

export function point(lsn: number): CommitPoint {
  return { ...writer, position: postgresPosition(BigInt(lsn)), batch: lsn, committedAtUs: 0n };
}

/** Inserts in one transaction. */
export function inserts(of: TableSchema, lsn: number, rows: readonly FieldValue[][]): ChangeBatch {
  const batch = new ChangeBatch(of);
  rows.forEach((row, i) => {
    const after = batch.images.appendRow(row);
    batch.append(INSERT, { before: NO_IMAGE, after, beforeIsFull: false }, i);
  });
  const [commit, end] = [postgresPosition(BigInt(lsn - 1)), postgresPosition(BigInt(lsn))];
  batch.transactions.push({ commit, end, committedAtUs: 5n, id: 1n });
  return batch;
}

/** Deletes of rows of `schema` by their ids, in one transaction. */
export function deletes(lsn: number, ids: readonly number[]): ChangeBatch {
  const batch = new ChangeBatch(schema);
  ids.forEach((id, i) => {
    const before = batch.images.appendRow([id, null, null]);
    batch.append(DELETE, { before, after: NO_IMAGE, beforeIsFull: false }, i);
  });
  const [commit, end] = [postgresPosition(BigInt(lsn - 1)), postgresPosition(BigInt(lsn))];
  batch.transactions.push({ commit, end, committedAtUs: 5n, id: 1n });
  return batch;
}

/** A folder for one table, removed in the end. */
export class TableFolder implements AsyncDisposable {
  readonly path: string;
  readonly store: LocalObjectStore;

  private constructor(path: string) {
    this.path = path;
    this.store = new LocalObjectStore(path);
  }

  static async create(): Promise<TableFolder> {
    return new TableFolder(await mkdtemp(join(tmpdir(), 'iceberg-table-')));
  }

  sink(options: Partial<IcebergSinkOptions> = {}, of = schema.table): TendedTableSink {
    const given = { clock, logger: silentLogger, location: () => this.store };
    return new IcebergSink({ ...given, ...options }).table(of);
  }

  /** A sink whose table is made, without rows, at position 100. */
  async created(options: Partial<IcebergSinkOptions> = {}): Promise<TendedTableSink> {
    const sink = this.sink(options);
    await sink.open(writer);
    const { outcome } = await sink.create(schema, point(100));
    if (outcome !== 'committed') throw new Error(`The table was not created: ${outcome}`);
    return sink;
  }

  async rows(): Promise<string[]> {
    return canonicalRows((await IcebergTable.open(this.path)).rows());
  }

  /** Keys of all files. */
  async keys(): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of this.store.list('')) found.push(key);
    return found;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.path, { recursive: true });
  }
}
