import type { FieldType } from '../schema/field.ts';
import type { FieldValue } from './field-value.ts';

/** The value is NULL. */
export const NULL = 0;
/** The value is there. */
export const PRESENT = 1;
/**
 * The source did not send the value: an unchanged TOAST value, or a column outside a key-only old
 * row. It is whatever the stored row holds, never NULL and never a default.
 */
export const UNCHANGED = 2;
export type Presence = typeof NULL | typeof PRESENT | typeof UNCHANGED;

/**
 * The values of one field for many rows, laid out as Parquet stores them.
 *
 * A column is append-only; `truncate` takes back what an aborted transaction appended. Its arrays
 * are longer than `length`; everything past `length` is undefined. A slot that is not PRESENT
 * takes its place in fixed-width arrays (undefined content) and no bytes in `BytesColumn.data`.
 */
export abstract class Column {
  readonly type: FieldType;
  length = 0;
  /** One of NULL, PRESENT, UNCHANGED for each row. */
  presence: Uint8Array;

  constructor(type: FieldType, capacity: number) {
    this.type = type;
    this.presence = new Uint8Array(capacity);
  }

  get capacity(): number {
    return this.presence.length;
  }

  /** Bytes that the values take, capacity not counted. */
  abstract get byteSize(): number;

  appendNull(): void {
    this.#appendAbsent(NULL);
  }

  appendUnchanged(): void {
    this.#appendAbsent(UNCHANGED);
  }

  /** Appends row `row` of a column of the same type, its presence included. */
  appendFrom(source: this, row: number): void {
    const presence = source.presence[row];
    if (presence === PRESENT) this.copyValue(source, row);
    else this.#appendAbsent(presence ?? NULL);
  }

  /** Appends rows [start, end) of a column of the same type. */
  appendRange(source: this, start: number, end: number): void {
    for (let row = start; row < end; row++) this.appendFrom(source, row);
  }

  /** Makes room for `rows` rows more, for those who fill the arrays themselves. */
  reserve(rows: number): void {
    const needed = this.length + rows;
    if (needed > this.presence.length) this.#growTo(needed);
  }

  /** Drops every row from `length` on. */
  truncate(length: number): void {
    this.length = length;
  }

  /** The value of a row for people and user code; NULL and UNCHANGED both come as null. */
  abstract value(row: number): FieldValue;

  /** Appends a value given as JS value; null appends NULL. */
  abstract appendValue(value: FieldValue): void;

  /** Same presence, and the same value where both are present? `other` has the same type. */
  equalAt(row: number, other: Column, otherRow: number): boolean {
    if (this.presence[row] !== other.presence[otherRow]) return false;
    return this.presence[row] !== PRESENT || this.equalValue(row, other as this, otherRow);
  }

  /** Is the present value of `row` the same as the present value of `otherRow` in `other`? */
  abstract equalValue(row: number, other: this, otherRow: number): boolean;

  /** Appends the present value of `row` in `source`. */
  protected abstract copyValue(source: this, row: number): void;

  /** Grows the arrays that belong to the subclass to `capacity` rows. */
  protected abstract grow(capacity: number): void;

  /** Called after a row without value was appended. */
  protected onAbsent(): void {
    // Fixed-width columns leave the slot as it is.
  }

  /** Claims the next row as PRESENT and returns its index. */
  protected claim(): number {
    const row = this.length;
    if (row === this.presence.length) this.#growTo(row + 1);
    this.presence[row] = PRESENT;
    this.length = row + 1;
    return row;
  }

  #appendAbsent(presence: number): void {
    const row = this.length;
    if (row === this.presence.length) this.#growTo(row + 1);
    this.presence[row] = presence;
    this.length = row + 1;
    this.onAbsent();
  }

  #growTo(rows: number): void {
    const capacity = Math.max(rows, this.presence.length * 2, 16);
    this.presence = grown(this.presence, capacity);
    this.grow(capacity);
  }
}

type Typed = Uint8Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/** A copy of `array` with room for `capacity` elements. */
export function grown<T extends Typed>(array: T, capacity: number): T {
  const larger = new (array.constructor as new (length: number) => T)(capacity);
  larger.set(array);
  return larger;
}
