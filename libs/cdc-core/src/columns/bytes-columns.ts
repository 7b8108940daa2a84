import type { FieldType } from '../schema/field.ts';
import { formatUuid, parseUuid } from '../values/uuid.ts';
import { bigIntToBytes, bytesToBigInt } from '../values/decimal.ts';
import { Column, grown } from './column.ts';
import type { FieldValue } from './field-value.ts';
import { assertValue, valueMismatch } from './value-mismatch.ts';

// Without `ignoreBOM`, a text that begins with U+FEFF would lose it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
/** Below this length a loop beats a call that makes a view. */
const LOOP_COPY_BYTES = 32;

/**
 * Strings, json, variants and binary. `data` is Parquet's PLAIN encoding of BYTE_ARRAY: for every
 * present value its length in 4 little-endian bytes, then its bytes. Row i takes
 * data[ends[i], ends[i + 1]).
 */
export class BytesColumn extends Column {
  data: Uint8Array;
  /** One element more than rows: ends[0] is 0, ends[i + 1] is where row i ends. */
  ends: Uint32Array;

  constructor(type: FieldType, capacity = 16) {
    super(type, capacity);
    this.data = new Uint8Array(capacity * 16);
    this.ends = new Uint32Array(capacity + 1);
  }

  get byteSize(): number {
    return this.length * 5 + (this.ends[this.length] ?? 0);
  }

  /** Appends source[start, end) as one value. */
  append(source: Uint8Array, start: number, end: number): void {
    const row = this.claim();
    const length = end - start;
    let at = this.ends[row] ?? 0;
    const last = at + 4 + length;
    if (last > this.data.length) this.#growData(last);
    const data = this.data;
    data[at] = length;
    data[at + 1] = length >>> 8;
    data[at + 2] = length >>> 16;
    data[at + 3] = length >>> 24;
    at += 4;
    if (length < LOOP_COPY_BYTES) {
      for (let i = start; i < end; i++) data[at++] = source[i] ?? 0;
    } else {
      data.set(source.subarray(start, end), at);
    }
    this.ends[row + 1] = last;
  }

  appendString(value: string): void {
    const bytes = encoder.encode(value);
    this.append(bytes, 0, bytes.length);
  }

  /** The bytes of a present value, without its length; a view, valid until the next append. */
  bytes(row: number): Uint8Array {
    return this.data.subarray((this.ends[row] ?? 0) + 4, this.ends[row + 1] ?? 0);
  }

  value(row: number): FieldValue {
    if (this.presence[row] !== 1) return null;
    const bytes = this.bytes(row);
    return this.type.kind === 'binary' ? bytes.slice() : decoder.decode(bytes);
  }

  appendValue(value: FieldValue): void {
    if (value === null) this.appendNull();
    else if (this.type.kind !== 'binary') {
      this.appendString(assertValue('string', value, this.type));
    } else if (value instanceof Uint8Array) this.append(value, 0, value.length);
    else throw valueMismatch('bytes', value, this.type);
  }

  equalValue(row: number, other: this, otherRow: number): boolean {
    return equalBytes(this.bytes(row), other.bytes(otherRow));
  }

  protected copyValue(source: this, row: number): void {
    this.append(source.data, (source.ends[row] ?? 0) + 4, source.ends[row + 1] ?? 0);
  }

  protected override onAbsent(): void {
    this.ends[this.length] = this.ends[this.length - 1] ?? 0;
  }

  protected grow(capacity: number): void {
    this.ends = grown(this.ends, capacity + 1);
  }

  #growData(bytes: number): void {
    this.data = grown(this.data, Math.max(bytes, this.data.length * 2, 256));
  }
}

/**
 * Values of `width` bytes each: UUIDs (16) and decimals of 19 to 38 digits (big-endian,
 * signed).
 */
export class FixedBytesColumn extends Column {
  readonly width: number;
  data: Uint8Array;

  constructor(type: FieldType, width: number, capacity = 16) {
    super(type, capacity);
    this.width = width;
    this.data = new Uint8Array(capacity * width);
  }

  get byteSize(): number {
    return this.length * (this.width + 1);
  }

  /** Appends the `width` bytes of `source` that begin at `start`. */
  append(source: Uint8Array, start: number): void {
    const row = this.claim();
    let at = row * this.width;
    const end = start + this.width;
    for (let i = start; i < end; i++) this.data[at++] = source[i] ?? 0;
  }

  /** The bytes of a row; a view, valid until the next append. */
  bytes(row: number): Uint8Array {
    return this.data.subarray(row * this.width, (row + 1) * this.width);
  }

  value(row: number): FieldValue {
    if (this.presence[row] !== 1) return null;
    const bytes = this.bytes(row);
    return this.type.kind === 'uuid' ? formatUuid(bytes) : bytesToBigInt(bytes);
  }

  appendValue(value: FieldValue): void {
    if (value === null) this.appendNull();
    else if (this.type.kind === 'uuid') {
      this.append(parseUuid(assertValue('string', value, this.type)), 0);
    } else this.append(bigIntToBytes(assertValue('bigint', value, this.type), this.width), 0);
  }

  equalValue(row: number, other: this, otherRow: number): boolean {
    return equalBytes(this.bytes(row), other.bytes(otherRow));
  }

  protected copyValue(source: this, row: number): void {
    this.append(source.data, row * this.width);
  }

  protected grow(capacity: number): void {
    this.data = grown(this.data, capacity * this.width);
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
