import type { Field } from '../schema/field.ts';
import type { Column } from './column.ts';
import { createColumn } from './create-column.ts';
import type { FieldValue } from './field-value.ts';

/**
 * Rows as columns of equal length, one for each field.
 *
 * To append a row: append one value to every column, then call `endRow`. A row that was begun and
 * not ended is taken back by `truncate(length)`.
 */
export class ColumnBatch {
  readonly fields: readonly Field[];
  readonly columns: readonly Column[];
  /** Rows that were ended. */
  length = 0;

  constructor(fields: readonly Field[], capacity = 16) {
    this.fields = fields;
    this.columns = fields.map((field) => createColumn(field.type, capacity));
  }

  /** A batch over columns that exist already and are `length` rows long each. */
  static of(fields: readonly Field[], columns: readonly Column[], length: number): ColumnBatch {
    const batch = Object.create(ColumnBatch.prototype) as {
      -readonly [K in keyof ColumnBatch]: ColumnBatch[K];
    };
    batch.fields = fields;
    batch.columns = columns;
    batch.length = length;
    return batch;
  }

  /** Bytes that the values take, capacity not counted. */
  get byteSize(): number {
    let size = 0;
    for (const column of this.columns) size += column.byteSize;
    return size;
  }

  /** Ends the row for which each column got one value; returns its index. */
  endRow(): number {
    return this.length++;
  }

  /** Appends row `row` of a batch with the same types in the same order; returns its index here. */
  appendRowFrom(source: ColumnBatch, row: number): number {
    const { columns } = this;
    for (let i = 0; i < columns.length; i++) {
      const from = source.columns[i];
      if (from) columns[i]?.appendFrom(from, row);
    }
    return this.endRow();
  }

  /** Appends a row given as JS values in the order of `fields`; returns its index. */
  appendRow(values: readonly FieldValue[]): number {
    this.columns.forEach((column, i) => {
      column.appendValue(values[i] ?? null);
    });
    return this.endRow();
  }

  /** A row as JS values in the order of `fields`. */
  row(row: number): FieldValue[] {
    return this.columns.map((column) => column.value(row));
  }

  /** Drops every row from `length` on, a row that was begun included. */
  truncate(length: number): void {
    for (const column of this.columns) column.truncate(length);
    this.length = length;
  }
}
