import { ChangeBatch, DELETE, INSERT, NO_IMAGE, READ, UPDATE } from '@cdc-demo/cdc-core';
import type { ResyncRange, ResyncRows, TableSchema, ColumnBatch } from '@cdc-demo/cdc-core';
import { materialiseFeed } from '../row-plan/materialise.ts';
import { FEED_DELETE, FEED_INSERT, FEED_UPDATE_PREIMAGE } from '../row-plan/row-plan.ts';
import type { RowPlan } from '../row-plan/row-plan.ts';
import type { TableColumns } from '../table-columns/table-columns.ts';
import { toTableChanges, toTableRows } from './table-rows.ts';

/** Rows of a key range in the table's columns. */
export interface TableRange {
  readonly range: ResyncRange;
  /** The rows as READs, and what changed after them. */
  readonly changes: readonly ChangeBatch[];
}

export function toTableRange(resync: ResyncRows, columns: TableColumns): TableRange {
  const { schema, rows, later, range } = resync;
  const read = new ChangeBatch(tableSchema(schema, columns), Math.max(1, rows.length));
  for (let row = 0; row < rows.length; row++) {
    read.append(READ, { before: NO_IMAGE, after: row, beforeIsFull: false }, row);
  }
  const changes = Object.assign(read, { images: toTableRows(rows, columns.fields) });
  return { range, changes: [changes, ...later.map((batch) => toTableChanges(batch, columns))] };
}

/** The schema of rows in the table's columns. */
export function tableSchema(source: TableSchema, { fields, key }: TableColumns): TableSchema {
  const at = key.map((name) => fields.findIndex((field) => field.name === name));
  return { ...source, fields, key: at };
}

/**
 * What a plan changes, without the updates whose two rows are equal; undefined when nothing is
 * left. Every old image is the whole stored row.
 * @param stored as for `materialiseFeed`
 */
export function unequalChanges(
  plan: RowPlan,
  stored: readonly ColumnBatch[],
  schema: TableSchema,
): ChangeBatch | undefined {
  const { rows, changeTypes } = materialiseFeed(plan, stored);
  const batch = new ChangeBatch(schema, 16);
  const noImage = { before: NO_IMAGE, after: NO_IMAGE, beforeIsFull: true };
  for (let row = 0; row < rows.length; row++) {
    const ordinal = batch.length;
    const type = changeTypes[row];
    if (type === FEED_INSERT) batch.append(INSERT, { ...noImage, after: row }, ordinal);
    else if (type === FEED_DELETE) batch.append(DELETE, { ...noImage, before: row }, ordinal);
    else if (type === FEED_UPDATE_PREIMAGE && !isEqual(rows, row)) {
      batch.append(UPDATE, { ...noImage, before: row, after: row + 1 }, ordinal);
    }
  }
  return batch.length === 0 ? undefined : Object.assign(batch, { images: rows });
}

/** Is a row equal to the next one? */
function isEqual({ columns }: ColumnBatch, row: number): boolean {
  return columns.every((column) => column.equalAt(row, column, row + 1));
}
