import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Clock, Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { assertSameRows } from '@cdc-demo/judges';
import type { Judge } from '@cdc-demo/judges';
import { IcebergTable } from './iceberg-table.ts';

export const JUDGE_TIMEOUT_MS = 240_000;

/** Each question is later than the one before. */
export function tickingClock(): Clock {
  let nowMs = Date.now();
  return {
    nowMs: () => nowMs++,
    monotonicMs: () => performance.now(),
    sleep: () => Promise.resolve(),
  };
}

export function field(name: string, type: FieldType, nullable = true): Field {
  return { id: 0, name, type, nullable };
}

export function batchOf(fields: readonly Field[], rows: readonly FieldValue[][]): ColumnBatch {
  const batch = new ColumnBatch(fields);
  for (const row of rows) batch.appendRow(row);
  return batch;
}

/** Fails unless an engine reads the same rows as this library, at every snapshot. */
export async function assertReadAlike(judge: Judge, folder: string): Promise<number> {
  const table = await IcebergTable.open(folder);
  for (const { id, sequenceNumber } of table.snapshots) {
    const name = `ours, snapshot ${sequenceNumber}`;
    const rows = await canonicalRows(table.rows({ snapshotId: id }));
    const request = { op: 'rows', table: folder, format: 'iceberg', version: id } as const;
    assertSameRows({ name, rows }, { name: judge.version, rows: await judge.read(request) });
  }
  return table.snapshots.length;
}
