import { ColumnBatch } from '@cdc-demo/cdc-core';
import { APPEND_COLUMNS } from '../table-columns/table-columns.ts';
import type { TableColumns } from '../table-columns/table-columns.ts';
import { nullColumn, textColumn, timestampColumn, toTableRows } from './table-rows.ts';

/**
 * Rows that a source had before its changes, in the table's columns: in append mode as changes of
 * the kind `read`.
 * @param readUs when they were read, microseconds
 */
export function firstRows(
  rows: ColumnBatch,
  { fields, mode }: TableColumns,
  readUs: bigint,
): ColumnBatch {
  if (mode === 'upsert') return toTableRows(rows, fields);
  const { length } = rows;
  const source = toTableRows(rows, fields.slice(APPEND_COLUMNS.length));
  const absent = fields.slice(2, APPEND_COLUMNS.length).map((field) => nullColumn(field, length));
  const leading = [textColumn('read', length), timestampColumn(readUs, length), ...absent];
  return ColumnBatch.of(fields, [...leading, ...source.columns], length);
}
