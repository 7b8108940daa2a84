import { expect } from '@jest/globals';
import {
  ChangeBatch,
  DELETE,
  INSERT,
  NO_IMAGE,
  TRUNCATE,
  UPDATE,
  canonicalRow,
} from '@cdc-demo/cdc-core';
import type { Field, FieldValue, Op, TableSchema } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { ADDED } from './planned-images.ts';
import type { FeedLine } from './stored-table.fixture.ts';

const field = (id: number, name: string, type: Field['type']): Field => ({
  id,
  name,
  type,
  nullable: true,
});
const text = { kind: 'string' } as const;
export const fields: readonly Field[] = [
  field(1, 'id', { kind: 'int', bits: 32 }),
  field(2, 'code', text),
  field(3, 'note', text),
  field(4, 'doc', { kind: 'json' }),
  field(5, 'tags', { kind: 'list', element: field(6, 'element', text) }),
  field(7, 'amount', { kind: 'decimal', precision: 20, scale: 2 }),
  field(8, 'late', { kind: 'timestamp', zone: 'utc' }),
];
export const LATE = 6;
export type Row = readonly FieldValue[];

/** The source's columns before `late` was added, in another order than the table's. */
export const OLD_COLUMNS = [5, 0, 1, 4, 3, 2, ADDED];
export const oldFields = Array.from({ length: 6 }, (_, i) => fields[OLD_COLUMNS.indexOf(i)]!);
export const NEW_COLUMNS = fields.map((_, i) => i);

export const operation = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'update', 'update', 'update', 'delete', 'move', 'rare'),
  pick: fc.nat(1_000),
  key: fc.nat(11),
  values: fc.array(fc.nat(4), { minLength: 7, maxLength: 7 }),
  /** Bit i: update leaves column i as it is and does not send it. */
  unchanged: fc.nat(127),
  isFull: fc.boolean(),
});
export type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

export const commit = fc.record({
  batches: fc.array(fc.array(operation, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
  conflicts: fc.boolean(),
});

/** The row objects and their history, kept the simple way. */
export class Model {
  readonly key: readonly number[];
  rows = new Map<string, Row>();
  touched = new Set<string>();

  constructor(key: readonly number[]) {
    this.key = key;
  }

  keyOf(row: Row): string {
    return JSON.stringify(this.key.map((at) => row[at]));
  }
}

function valueOf(column: number, seed: number, hasLate: boolean): FieldValue {
  if (seed === 0) return null;
  switch (column) {
    case 3:
      return `{"v":${String(seed)}}`;
    case 4:
      return Array.from({ length: seed - 1 }, (_, i) => (i === 1 ? null : `t${String(seed)}`));
    case 5:
      return BigInt(seed) * 10n ** 17n;
    case LATE:
      return hasLate ? BigInt(seed) : null;
    default:
      return 'x'.repeat(seed * 9);
  }
}

/** Applies operations to the model and writes down what a source would send. */
export class BatchWriter {
  readonly batch: ChangeBatch;
  readonly #model: Model;
  readonly #columns: readonly number[];

  constructor(model: Model, isNew: boolean) {
    this.#model = model;
    this.#columns = isNew ? NEW_COLUMNS : OLD_COLUMNS;
    const schema: TableSchema = {
      table: { namespace: 'public', name: 't' },
      version: isNew ? 2 : 1,
      fields: isNew ? fields : oldFields,
      key: model.key.map((at) => this.#columns[at]!),
    };
    this.batch = new ChangeBatch(schema, 1);
  }

  get #hasLate(): boolean {
    return this.#columns[LATE] !== ADDED;
  }

  apply(op: Operation): void {
    const { rows, touched } = this.#model;
    const alive = [...rows.values()];
    const old = alive[op.pick % Math.max(1, alive.length)];
    if (op.kind === 'rare') {
      if (op.pick % 6 !== 0) return;
      for (const key of rows.keys()) touched.add(key);
      rows.clear();
      this.#append(TRUNCATE, { before: NO_IMAGE, after: NO_IMAGE, beforeIsFull: false });
    } else if (op.kind === 'insert') this.#insert(op);
    else if (old && op.kind === 'delete') this.#delete(op, old);
    else if (old) this.#update(op, old);
  }

  #insert(op: Operation): void {
    const row = this.#row(op, op.key);
    const key = this.#model.keyOf(row);
    if (this.#model.rows.has(key)) return;
    this.#model.rows.set(key, row);
    this.#model.touched.add(key);
    const after = this.#image(row, () => true);
    this.#append(INSERT, { before: NO_IMAGE, after, beforeIsFull: false });
  }

  #delete(op: Operation, old: Row): void {
    const key = this.#model.keyOf(old);
    this.#model.rows.delete(key);
    this.#model.touched.add(key);
    const before = this.#image(old, (column) => op.isFull || this.#model.key.includes(column));
    this.#append(DELETE, { before, after: NO_IMAGE, beforeIsFull: op.isFull });
  }

  #update(op: Operation, old: Row): void {
    const model = this.#model;
    const isMove = op.kind === 'move';
    const wanted = this.#row(op, op.key);
    const isKept = (column: number): boolean => ((op.unchanged >> column) & 1) === 1;
    const row = old.map((value, column) => {
      if (model.key.includes(column)) return isMove ? wanted[column]! : value;
      return isKept(column) || (column === LATE && !this.#hasLate) ? value : wanted[column]!;
    });
    const [from, to] = [model.keyOf(old), model.keyOf(row)];
    if (from !== to && model.rows.has(to)) return;
    model.rows.delete(from);
    model.rows.set(to, row);
    model.touched.add(from).add(to);
    const sendsBefore = op.isFull || from !== to;
    const isSent = (column: number): boolean => {
      // A column of the key can be left out only where the old image has it.
      if (model.key.includes(column) && !sendsBefore) return true;
      return !isKept(column) || row[column] !== old[column];
    };
    const before = sendsBefore
      ? this.#image(old, (column) => op.isFull || model.key.includes(column))
      : NO_IMAGE;
    const after = this.#image(row, isSent);
    this.#append(UPDATE, { before, after, beforeIsFull: op.isFull && sendsBefore });
  }

  /** A row of the key with this number; other columns by the operation's values. */
  #row(op: Operation, key: number): Row {
    const keyColumns = this.#model.key;
    return fields.map((_, column) => {
      if (column === 0) return keyColumns.includes(0) ? key % 4 : (op.values[0] ?? 0);
      if (column === 1 && keyColumns.includes(1)) {
        const part = keyColumns.length > 1 ? key >> 2 : key;
        return 'k'.repeat(part + 1);
      }
      return valueOf(column, op.values[column]!, this.#hasLate);
    });
  }

  #image(row: Row, isSent: (column: number) => boolean): number {
    const { images } = this.batch;
    fields.forEach((_, column) => {
      const at = this.#columns[column]!;
      if (at === ADDED) return;
      if (isSent(column)) images.columns[at]!.appendValue(row[column]!);
      else images.columns[at]!.appendUnchanged();
    });
    return images.endRow();
  }

  #append(op: Op, images: { before: number; after: number; beforeIsFull: boolean }): void {
    this.batch.append(op, images, this.batch.length);
  }
}

export const asText = (row: Row): string => canonicalRow(fields, row);

/** The feed that history says: for every key touched its first row and its last. */
export function expectedFeed(before: Map<string, Row>, model: Model): string[] {
  const lines: string[] = [];
  for (const key of model.touched) {
    const [first, last] = [before.get(key), model.rows.get(key)];
    if (first && last) lines.push(`update ${asText(first)} to ${asText(last)}`);
    else if (first) lines.push(`delete ${asText(first)}`);
    else if (last) lines.push(`insert ${asText(last)}`);
  }
  return lines.sort();
}

/** The feed with each update's two images in one line, as they must stand side by side. */
export function actualFeed(feed: readonly FeedLine[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < feed.length; i++) {
    const { type, row } = feed[i]!;
    if (type !== 'update_preimage') lines.push(`${type} ${asText(row)}`);
    else {
      const next = feed[++i]!;
      expect(next.type).toBe('update_postimage');
      lines.push(`update ${asText(row)} to ${asText(next.row)}`);
    }
  }
  return lines.sort();
}
