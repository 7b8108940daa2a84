import {
  ChangeBatch,
  ColumnBatch,
  DELETE,
  INSERT,
  TRUNCATE,
  UPDATE,
  canonicalRow,
  postgresPosition,
  silentLogger,
} from '@cdc-demo/cdc-core';
import type {
  CommitPoint,
  Field,
  FieldValue,
  ObjectStore,
  TableName,
  TableSchema,
  Writer,
} from '@cdc-demo/cdc-core';
import { DataFileReader } from '../read/data-file-reader.ts';
import { project } from '../read/projection.ts';
import { DeltaTable } from '../delta-table.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { tickingClock } from '../storage.fixture.ts';
import { DeltaSink } from './delta-sink.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import type { DeltaSinkOptions } from './sink-options.ts';

export const table: TableName = { namespace: 'public', name: 't' };

export const schema: TableSchema = {
  table,
  version: 1,
  fields: [
    { id: 1, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
    { id: 2, name: 'name', type: { kind: 'string' }, nullable: true },
    { id: 3, name: 'uid', type: { kind: 'uuid' }, nullable: true },
  ],
  key: [0],
};

export const UUID = '0188f3a2-00ff-4abc-8def-0123456789ab';

export const writer: Writer = { pipeline: 'p', incarnation: 1 };

export function point(lsn: number, changed: Partial<CommitPoint> = {}): CommitPoint {
  const position = postgresPosition(BigInt(lsn));
  return { ...writer, position, batch: lsn, committedAtUs: 1_000_000n, ...changed };
}

export async function openTable(
  store: ObjectStore,
  options: Partial<DeltaSinkOptions> = {},
  by: Writer = writer,
): Promise<TendedTableSink> {
  const sink = new DeltaSink({
    location: () => store,
    clock: tickingClock(),
    logger: silentLogger,
    upkeep: 'off',
    ...options,
  }).table(table);
  const opened = await sink.open(by);
  if (opened.outcome === 'refused') throw opened.error;
  if (opened.outcome === 'fenced') throw new Error(`fenced by ${opened.incarnation}`);
  return sink;
}

/** Rows as JavaScript values in the order of the fields. */
export function rowsOf(
  fields: readonly Field[],
  rows: readonly (readonly FieldValue[])[],
): ColumnBatch {
  const batch = new ColumnBatch(fields);
  for (const row of rows) batch.appendRow(row);
  return batch;
}

export type Row = readonly FieldValue[];
/** What a test does to a table; `old` is the whole old row, or the key only. */
export type TestChange =
  | { readonly op: 'insert'; readonly row: Row }
  | {
      readonly op: 'update';
      readonly row: Row;
      readonly old?: Row;
      readonly unchanged?: readonly number[];
      /** `old` is the key only. */
      readonly keyOnly?: boolean;
    }
  | { readonly op: 'delete'; readonly old: Row; readonly keyOnly?: boolean }
  | { readonly op: 'truncate' };

/** A batch of transactions, each with its end. */
export function changes(
  of: TableSchema,
  transactions: readonly (readonly [end: number, changes: readonly TestChange[]])[],
): ChangeBatch {
  const batch = new ChangeBatch(of);
  for (const [end, list] of transactions) {
    list.forEach((change, ordinal) => appendChange(batch, change, ordinal));
    batch.transactions.push({
      commit: postgresPosition(BigInt(end - 1)),
      end: postgresPosition(BigInt(end)),
      committedAtUs: BigInt(end) * 1_000_000n,
      id: BigInt(end),
    });
  }
  return batch;
}

export function appendChange(batch: ChangeBatch, change: TestChange, ordinal: number): void {
  const { images } = batch;
  switch (change.op) {
    case 'insert': {
      const after = images.appendRow(change.row);
      batch.append(INSERT, { before: -1, after, beforeIsFull: false }, ordinal);
      return;
    }
    case 'update': {
      const before = change.old ? oldImage(batch, change.old, change.keyOnly === true) : -1;
      images.columns.forEach((column, i) => {
        if (change.unchanged?.includes(i)) column.appendUnchanged();
        else column.appendValue(change.row[i] ?? null);
      });
      const after = images.endRow();
      batch.append(
        UPDATE,
        { before, after, beforeIsFull: before >= 0 && !change.keyOnly },
        ordinal,
      );
      return;
    }
    case 'delete': {
      const before = oldImage(batch, change.old, change.keyOnly === true);
      batch.append(DELETE, { before, after: -1, beforeIsFull: !change.keyOnly }, ordinal);
      return;
    }
    case 'truncate':
      batch.append(TRUNCATE, { before: -1, after: -1, beforeIsFull: false }, ordinal);
  }
}

function oldImage({ images, schema: { key } }: ChangeBatch, old: Row, keyOnly: boolean): number {
  images.columns.forEach((column, i) => {
    if (keyOnly && !key.includes(i)) column.appendUnchanged();
    else column.appendValue(old[i] ?? null);
  });
  return images.endRow();
}

/** Live rows of the table as canonical JSON, sorted. */
export async function tableRows(store: ObjectStore, version?: bigint): Promise<string[]> {
  const snapshot = await openSnapshot(store, version === undefined ? {} : { version });
  const reader = new DataFileReader(store);
  const projection = project(snapshot);
  const lines: string[] = [];
  for (const file of snapshot.files()) {
    for await (const rows of reader.liveRows(file, projection)) {
      for (let i = 0; i < rows.length; i++)
        lines.push(canonicalRow(projection.fields, rows.row(i)));
    }
  }
  return lines.sort();
}

/** The actions of a version as the log has them. */
export async function logLines(
  store: ObjectStore,
  version: number,
): Promise<Record<string, never>[]> {
  const key = `_delta_log/${String(version).padStart(20, '0')}.json`;
  const text = Buffer.from((await store.get(key)) ?? []).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, never>);
}

/** The change feed of one version: `insert {...}`, sorted. */
export async function feedRows(store: ObjectStore, version: bigint): Promise<string[]> {
  const feed = await DeltaTable.open(store);
  const lines: string[] = [];
  for await (const rows of feed.changes({ from: { version }, to: { version } })) {
    const at = rows.fields.findIndex((field) => field.name === '_change_type');
    const columns = rows.fields.filter((field) => !field.name.startsWith('_c'));
    for (let i = 0; i < rows.length; i++) {
      const values = rows.row(i);
      const plain = rows.fields.flatMap((field, k) =>
        columns.includes(field) ? [values[k] ?? null] : [],
      );
      lines.push(`${values[at] as string} ${canonicalRow(columns, plain)}`);
    }
  }
  return lines.sort();
}

/** The change feed of one version as canonical JSON lines. */
export async function changeLines(store: ObjectStore, version: bigint): Promise<string[]> {
  const feed = await DeltaTable.open(store);
  const lines: string[] = [];
  for await (const rows of feed.changes({ from: { version }, to: { version } })) {
    for (let i = 0; i < rows.length; i++) lines.push(canonicalRow(rows.fields, rows.row(i)));
  }
  return lines.sort();
}
