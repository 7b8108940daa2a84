import {
  BytesColumn,
  ColumnBatch,
  DELETE,
  INSERT,
  Int64Column,
  NO_IMAGE,
  READ,
  TRUNCATE,
  UNCHANGED,
  UPDATE,
  createColumn,
  formatLsn,
} from '@cdc-demo/cdc-core';
import type { ChangeBatch, Column, Transaction } from '@cdc-demo/cdc-core';
import { APPEND_COLUMNS } from '../table-columns/table-columns.ts';

const OPERATIONS: Readonly<Record<number, Uint8Array>> = {
  [READ]: Buffer.from('read'),
  [INSERT]: Buffer.from('insert'),
  [UPDATE]: Buffer.from('update'),
  [DELETE]: Buffer.from('delete'),
  [TRUNCATE]: Buffer.from('truncate'),
};

/**
 * Every change of a batch as a row of a table in append mode: the new row of an insert or update,
 * the old row (or its key) of a delete, no values for a truncate. A value that the source did not
 * send is NULL, and its column's name stands in `_cdc_unchanged`.
 * @param batch in the table's columns
 */
export function changeRows(batch: ChangeBatch): ColumnBatch {
  const { fields } = batch.images;
  const { length } = batch;
  const unchanged = new Map<number, string[]>();
  const values = batch.images.columns.slice(APPEND_COLUMNS.length).map((images, i) => {
    const name = fields[APPEND_COLUMNS.length + i]?.name ?? '';
    return changedValues(batch, images, (row) => {
      const names = unchanged.get(row);
      if (names) names.push(name);
      else unchanged.set(row, [name]);
    });
  });
  const columns = [...originColumns(batch), unchangedColumn(unchanged, length), ...values];
  return ColumnBatch.of(fields, columns, length);
}

/** The values of one column; `missing` is told the rows whose value the source did not send. */
function changedValues(batch: ChangeBatch, images: Column, missing: (row: number) => void): Column {
  const column = createColumn(images.type, batch.length);
  for (let row = 0; row < batch.length; row++) {
    const before = batch.before[row] ?? NO_IMAGE;
    const after = batch.after[row] ?? NO_IMAGE;
    let image = after === NO_IMAGE ? before : after;
    if (image >= 0 && before >= 0 && images.presence[image] === UNCHANGED) image = before;
    if (image < 0) column.appendNull();
    else if (images.presence[image] !== UNCHANGED) column.appendFrom(images, image);
    else {
      column.appendNull();
      missing(row);
    }
  }
  return column;
}

function originColumns(batch: ChangeBatch): Column[] {
  const operation = new BytesColumn({ kind: 'string' }, batch.length);
  const time = new Int64Column({ kind: 'timestamp', zone: 'utc' }, batch.length);
  const lsn = new BytesColumn({ kind: 'string' }, batch.length);
  let known: Transaction | undefined;
  let text: Uint8Array = Buffer.alloc(0);
  for (let row = 0; row < batch.length; row++) {
    const name = OPERATIONS[batch.ops[row] ?? INSERT] ?? Buffer.alloc(0);
    operation.append(name, 0, name.length);
    const transaction = batch.transactions[batch.transaction[row] ?? 0];
    if (!transaction) {
      time.appendNull();
      lsn.appendNull();
      continue;
    }
    if (transaction !== known) {
      known = transaction;
      text = Buffer.from(formatLsn(transaction.commit.lsn));
    }
    time.appendBigInt(transaction.committedAtUs);
    lsn.append(text, 0, text.length);
  }
  return [operation, time, lsn];
}

function unchangedColumn(names: ReadonlyMap<number, readonly string[]>, length: number): Column {
  const type = APPEND_COLUMNS[3]?.type ?? { kind: 'string' };
  const column = createColumn(type, length);
  for (let row = 0; row < length; row++) column.appendValue(names.get(row) ?? null);
  return column;
}
