import {
  BytesColumn,
  ChangeBatch,
  ColumnBatch,
  Int64Column,
  createColumn,
} from '@cdc-demo/cdc-core';
import type { Column, Field, TableSchema } from '@cdc-demo/cdc-core';
import type { TableColumns } from '../table-columns/table-columns.ts';
import { convertColumn } from './convert-column.ts';

/**
 * Rows of the source in the table's columns. A column that these rows do not have is NULL, one of
 * a narrower type is widened. Shares memory with `rows`, which must not change afterwards.
 * @param sourceIds the source's number of each of `fields`, which tells columns apart whatever
 * their names are; by default, and for columns without number, by name
 */
export function toTableRows(
  rows: ColumnBatch,
  fields: readonly Field[],
  sourceIds: readonly number[] = [],
): ColumnBatch {
  const columns = fields.map((field, i) => {
    const sourceId = sourceIds[i] ?? 0;
    const at = rows.fields.findIndex(({ id, name }) => {
      return sourceId === 0 || id === 0 ? name === field.name : id === sourceId;
    });
    const column = rows.columns[at];
    return column ? convertColumn(column, field.type) : nullColumn(field, rows.length);
  });
  return ColumnBatch.of(fields, columns, rows.length);
}

/** Changes of the source in the table's columns; as `toTableRows`. */
export function toTableChanges(batch: ChangeBatch, columns: TableColumns): ChangeBatch {
  const { fields, sourceIds, key } = columns;
  const schema: TableSchema = {
    ...batch.schema,
    fields,
    key: key.map((name) => fields.findIndex((field) => field.name === name)),
  };
  const { length, ops, before, after, beforeIsFull, transaction, ordinal } = batch;
  const images = toTableRows(batch.images, fields, sourceIds);
  const changes = Object.assign(new ChangeBatch(schema, 0), {
    images,
    length,
    ops,
    before,
    after,
    beforeIsFull,
    transaction,
    ordinal,
  });
  for (const done of batch.transactions) changes.transactions.push(done);
  return changes;
}

/** A column of `length` rows without value. */
export function nullColumn(field: Field, length: number): Column {
  const column = createColumn(field.type, length);
  for (let row = 0; row < length; row++) column.appendNull();
  return column;
}

/** A column with the same text in every row. */
export function textColumn(text: string, length: number): BytesColumn {
  const column = new BytesColumn({ kind: 'string' }, length);
  const bytes = Buffer.from(text);
  for (let row = 0; row < length; row++) column.append(bytes, 0, bytes.length);
  return column;
}

/** A column with the same time in every row. */
export function timestampColumn(micros: bigint, length: number): Int64Column {
  const column = new Int64Column({ kind: 'timestamp', zone: 'utc' }, length);
  for (let row = 0; row < length; row++) column.appendBigInt(micros);
  return column;
}
