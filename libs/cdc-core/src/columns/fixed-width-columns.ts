import type { FieldType } from '../schema/field.ts';
import { Column, grown } from './column.ts';
import type { FieldValue } from './field-value.ts';
import { assertValue } from './value-mismatch.ts';

/** One byte a value, 0 or 1. */
export class BooleanColumn extends Column {
  values: Uint8Array;

  constructor(type: FieldType, capacity = 16) {
    super(type, capacity);
    this.values = new Uint8Array(capacity);
  }

  get byteSize(): number {
    return this.length * 2;
  }

  append(value: number): void {
    const row = this.claim();
    this.values[row] = value;
  }

  value(row: number): FieldValue {
    return this.presence[row] === 1 ? this.values[row] === 1 : null;
  }

  appendValue(value: FieldValue): void {
    if (value === null) this.appendNull();
    else this.append(assertValue('boolean', value, this.type) ? 1 : 0);
  }

  equalValue(row: number, other: this, otherRow: number): boolean {
    return this.values[row] === other.values[otherRow];
  }

  protected copyValue(source: this, row: number): void {
    this.append(source.values[row] ?? 0);
  }

  protected grow(capacity: number): void {
    this.values = grown(this.values, capacity);
  }
}

/** Integers of 8 to 32 bits, decimals of up to 9 digits (unscaled), dates (days). */
export class Int32Column extends Column {
  values: Int32Array;

  constructor(type: FieldType, capacity = 16) {
    super(type, capacity);
    this.values = new Int32Array(capacity);
  }

  get byteSize(): number {
    return this.length * 5;
  }

  append(value: number): void {
    const row = this.claim();
    this.values[row] = value;
  }

  value(row: number): FieldValue {
    if (this.presence[row] !== 1) return null;
    const value = this.values[row] ?? 0;
    return this.type.kind === 'decimal' ? BigInt(value) : value;
  }

  appendValue(value: FieldValue): void {
    if (value === null) this.appendNull();
    else if (this.type.kind === 'decimal') {
      this.append(Number(assertValue('bigint', value, this.type)));
    } else this.append(assertValue('number', value, this.type));
  }

  equalValue(row: number, other: this, otherRow: number): boolean {
    return this.values[row] === other.values[otherRow];
  }

  protected copyValue(source: this, row: number): void {
    this.append(source.values[row] ?? 0);
  }

  protected grow(capacity: number): void {
    this.values = grown(this.values, capacity);
  }
}

/** 64-bit integers, decimals of 10 to 18 digits (unscaled), times and timestamps (µs). */
export class Int64Column extends Column {
  /** Two words a value: low, then high. In memory this is Parquet's little-endian INT64. */
  words: Int32Array;
  #bigints: BigInt64Array;

  constructor(type: FieldType, capacity = 16) {
    super(type, capacity);
    this.words = new Int32Array(capacity * 2);
    this.#bigints = new BigInt64Array(this.words.buffer);
  }

  /** The same memory as `words`, one element a value. Invalid after the next append. */
  get bigints(): BigInt64Array {
    const { buffer, byteOffset, length } = this.words;
    if (this.#bigints.buffer !== buffer || this.#bigints.byteOffset !== byteOffset) {
      this.#bigints = new BigInt64Array(buffer, byteOffset, length >>> 1);
    }
    return this.#bigints;
  }

  get byteSize(): number {
    return this.length * 9;
  }

  /** Appends a value by its halves, as they come from the wire. */
  append(low: number, high: number): void {
    const row = this.claim();
    this.words[row * 2] = low;
    this.words[row * 2 + 1] = high;
  }

  appendBigInt(value: bigint): void {
    const row = this.claim();
    this.bigints[row] = value;
  }

  value(row: number): FieldValue {
    return this.presence[row] === 1 ? (this.bigints[row] ?? 0n) : null;
  }

  appendValue(value: FieldValue): void {
    if (value === null) this.appendNull();
    else this.appendBigInt(assertValue('bigint', value, this.type));
  }

  equalValue(row: number, other: this, otherRow: number): boolean {
    return (
      this.words[row * 2] === other.words[otherRow * 2] &&
      this.words[row * 2 + 1] === other.words[otherRow * 2 + 1]
    );
  }

  protected copyValue(source: this, row: number): void {
    this.append(source.words[row * 2] ?? 0, source.words[row * 2 + 1] ?? 0);
  }

  protected grow(capacity: number): void {
    this.words = grown(this.words, capacity * 2);
  }
}

/** 32-bit or 64-bit floats; -0 and the bits of NaN are kept as far as typed arrays keep them. */
export class FloatColumn extends Column {
  values: Float32Array | Float64Array;

  constructor(type: FieldType & { kind: 'float' }, capacity = 16) {
    super(type, capacity);
    this.values = type.bits === 32 ? new Float32Array(capacity) : new Float64Array(capacity);
  }

  get byteSize(): number {
    return this.length * (this.values.BYTES_PER_ELEMENT + 1);
  }

  append(value: number): void {
    const row = this.claim();
    this.values[row] = value;
  }

  value(row: number): FieldValue {
    return this.presence[row] === 1 ? (this.values[row] ?? 0) : null;
  }

  appendValue(value: FieldValue): void {
    if (value === null) this.appendNull();
    else this.append(assertValue('number', value, this.type));
  }

  equalValue(row: number, other: this, otherRow: number): boolean {
    return Object.is(this.values[row], other.values[otherRow]);
  }

  protected copyValue(source: this, row: number): void {
    this.append(source.values[row] ?? 0);
  }

  protected grow(capacity: number): void {
    this.values = grown(this.values, capacity);
  }
}
