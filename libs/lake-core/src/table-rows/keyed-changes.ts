import { ChangeBatch, ColumnBatch, DELETE, NO_IMAGE, READ, createColumn } from '@cdc-demo/cdc-core';
import type { Field, TableName } from '@cdc-demo/cdc-core';
import type { TableColumns } from '../table-columns/table-columns.ts';

/** Rows, each in the place of the row with the same key, as changes. */
export function upsertsOf(rows: ColumnBatch, columns: TableColumns, table: TableName): ChangeBatch {
  const batch = changesOf(rows, columns, table);
  for (let row = 0; row < rows.length; row++) {
    batch.append(READ, { before: NO_IMAGE, after: row, beforeIsFull: false }, row);
  }
  return batch;
}

/** Deletes of the rows with these keys; `keys` has the key's columns. */
export function deletesOf(keys: ColumnBatch, columns: TableColumns, table: TableName): ChangeBatch {
  const batch = changesOf(withUnchanged(keys, columns.fields), columns, table);
  for (let row = 0; row < keys.length; row++) {
    batch.append(DELETE, { before: row, after: NO_IMAGE, beforeIsFull: false }, row);
  }
  return batch;
}

function changesOf(images: ColumnBatch, { fields }: TableColumns, table: TableName): ChangeBatch {
  const schema = { table, version: 1, fields, key: [] };
  return Object.assign(new ChangeBatch(schema, images.length), { images });
}

/** Rows of some columns as rows of all: the values of the others are not known. */
function withUnchanged(rows: ColumnBatch, fields: readonly Field[]): ColumnBatch {
  const columns = fields.map((field) => {
    const at = rows.fields.findIndex(({ name }) => name === field.name);
    const given = rows.columns[at];
    if (given) return given;
    const column = createColumn(field.type, rows.length);
    for (let row = 0; row < rows.length; row++) column.appendUnchanged();
    return column;
  });
  const types = fields.map((field) => rows.fields.find(({ name }) => name === field.name) ?? field);
  return ColumnBatch.of(types, columns, rows.length);
}
