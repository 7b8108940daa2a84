import type { FieldValue } from '../columns/field-value.ts';
import { UNCHANGED } from '../columns/column.ts';
import type { ColumnBatch } from '../columns/column-batch.ts';
import type { TableName } from '../schema/table-schema.ts';
import { DELETE, INSERT, READ, TRUNCATE, UPDATE } from './change-batch.ts';
import type { ChangeBatch, Transaction } from './change-batch.ts';

/** What happened to a row, for people and for user code. The engine itself moves `ChangeBatch`. */
export type ChangeEvent =
  | (EventBase & { readonly op: 'read' | 'insert'; readonly after: EventRow })
  | (EventBase & { readonly op: 'update'; readonly before: OldRow; readonly after: EventRow })
  | (EventBase & { readonly op: 'delete'; readonly before: OldRow })
  | (EventBase & { readonly op: 'truncate' });

interface EventBase {
  readonly table: TableName;
  readonly transaction: Transaction | 'snapshot';
  /** The change's number within its transaction, over all tables. */
  readonly ordinal: number;
}

export interface EventRow {
  readonly values: Readonly<Record<string, FieldValue>>;
  /** Columns that the source did not send (unchanged TOAST values); they are not in `values`. */
  readonly unchanged: readonly string[];
}

/** What the source sent of the old row. */
export type OldRow =
  | { readonly kind: 'full'; readonly values: Readonly<Record<string, FieldValue>> }
  | { readonly kind: 'key'; readonly values: Readonly<Record<string, FieldValue>> }
  | { readonly kind: 'none' };

/** The changes of a batch, one event each, in commit order. */
export function* changeEvents(batch: ChangeBatch): Generator<ChangeEvent> {
  for (let row = 0; row < batch.length; row++) yield changeEvent(batch, row);
}

function changeEvent(batch: ChangeBatch, row: number): ChangeEvent {
  const base: EventBase = {
    table: batch.schema.table,
    transaction: batch.transactions[batch.transaction[row] ?? 0] ?? 'snapshot',
    ordinal: batch.ordinal[row] ?? 0,
  };
  const op = batch.ops[row];
  const after = (): EventRow => eventRow(batch.images, batch.after[row] ?? 0);
  switch (op) {
    case READ:
      return { ...base, op: 'read', after: after() };
    case INSERT:
      return { ...base, op: 'insert', after: after() };
    case UPDATE:
      return { ...base, op: 'update', before: oldRow(batch, row), after: after() };
    case DELETE:
      return { ...base, op: 'delete', before: oldRow(batch, row) };
    case TRUNCATE:
      return { ...base, op: 'truncate' };
    default:
      throw new RangeError(`Unknown operation ${String(op)}`);
  }
}

function oldRow(batch: ChangeBatch, row: number): OldRow {
  const image = batch.before[row] ?? -1;
  if (image < 0) return { kind: 'none' };
  const kind = batch.beforeIsFull[row] === 1 ? 'full' : 'key';
  return { kind, values: eventRow(batch.images, image).values };
}

function eventRow(images: ColumnBatch, row: number): EventRow {
  const values: Record<string, FieldValue> = {};
  const unchanged: string[] = [];
  images.columns.forEach((column, i) => {
    const name = images.fields[i]?.name ?? '';
    if (column.presence[row] === UNCHANGED) unchanged.push(name);
    else values[name] = column.value(row);
  });
  return { values, unchanged };
}
