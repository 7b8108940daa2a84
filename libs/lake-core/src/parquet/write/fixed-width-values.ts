import {
  FixedBytesColumn,
  FloatColumn,
  Int32Column,
  Int64Column,
  PRESENT,
} from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import type { FixedWidthRange } from './fixed-width-range.ts';
import type { PageValues, RowRange } from './page-values.ts';
import type { ValueRange } from './value-range.ts';

const FIRST_CAPACITY_BYTES = 1024;

/** Values of 4, 8 or any other fixed number of bytes, moved as words where they consist of such. */
export class FixedWidthValues implements PageValues {
  readonly width: number;
  readonly #wordsEach: number;
  readonly #ranges: FixedWidthRange;
  #bytes = new Uint8Array(0);
  #words = new Int32Array(0);
  #count = 0;

  /** `ranges` finds least and greatest among values of this width. */
  constructor(width: number, ranges: FixedWidthRange) {
    this.width = width;
    this.#wordsEach = width === 4 || width === 8 ? width / 4 : 0;
    this.#ranges = ranges;
  }

  get count(): number {
    return this.#count;
  }

  get byteSize(): number {
    return this.#count * this.width;
  }

  fitting(_column: Column, rows: RowRange): number {
    return rows.to - rows.from;
  }

  append(column: Column, rows: RowRange): void {
    const { width } = this;
    const count = rows.to - rows.from;
    this.#reserve(count);
    const bytes = bytesOf(column).subarray(rows.from * width, rows.to * width);
    this.#bytes.set(bytes, this.#count * width);
    this.#count += count;
  }

  appendPresent(column: Column, rows: RowRange, present: number): void {
    this.#reserve(present);
    if (this.#wordsEach === 1) this.#appendWords(wordsOf(column), column.presence, rows);
    else if (this.#wordsEach === 2) this.#appendPairs(wordsOf(column), column.presence, rows);
    else this.#appendBytes(bytesOf(column), column.presence, rows);
  }

  appendAt(column: Column, indexes: Int32Array, count: number): void {
    this.#reserve(count);
    const { width } = this;
    const source = bytesOf(column);
    const bytes = this.#bytes;
    let at = this.#count * width;
    for (let i = 0; i < count; i++) {
      const row = indexes[i] ?? -1;
      if (row < 0) continue;
      const from = row * width;
      for (let k = 0; k < width; k++) bytes[at++] = source[from + k] ?? 0;
    }
    this.#count = at / width;
  }

  plain(): Uint8Array {
    return this.#bytes.subarray(0, this.#count * this.width);
  }

  range(): ValueRange | 'none' {
    return this.#count === 0 ? 'none' : this.#ranges.range(this.plain(), this.#count);
  }

  nanCount(): number {
    return this.#ranges.nanCount(this.plain(), this.#count);
  }

  clear(): void {
    this.#count = 0;
  }

  #appendWords(source: Int32Array, presence: Uint8Array, rows: RowRange): void {
    const words = this.#words;
    let at = this.#count;
    for (let row = rows.from; row < rows.to; row++) {
      if (presence[row] === PRESENT) words[at++] = source[row] ?? 0;
    }
    this.#count = at;
  }

  #appendPairs(source: Int32Array, presence: Uint8Array, rows: RowRange): void {
    const words = this.#words;
    let at = this.#count * 2;
    for (let row = rows.from; row < rows.to; row++) {
      if (presence[row] !== PRESENT) continue;
      words[at] = source[row * 2] ?? 0;
      words[at + 1] = source[row * 2 + 1] ?? 0;
      at += 2;
    }
    this.#count = at / 2;
  }

  #appendBytes(source: Uint8Array, presence: Uint8Array, rows: RowRange): void {
    const { width } = this;
    const bytes = this.#bytes;
    let at = this.#count * width;
    for (let row = rows.from; row < rows.to; row++) {
      if (presence[row] !== PRESENT) continue;
      const from = row * width;
      for (let k = 0; k < width; k++) bytes[at++] = source[from + k] ?? 0;
    }
    this.#count = at / width;
  }

  #reserve(count: number): void {
    const needed = (this.#count + count) * this.width;
    if (needed <= this.#bytes.length) return;
    const capacity = Math.max(needed, this.#bytes.length * 2, FIRST_CAPACITY_BYTES);
    const larger = new Uint8Array((capacity + 7) & ~7);
    larger.set(this.plain());
    this.#bytes = larger;
    this.#words = new Int32Array(larger.buffer);
  }
}

function valuesOf(column: Column): Uint8Array | Int32Array | Float32Array | Float64Array {
  if (column instanceof Int32Column || column instanceof FloatColumn) return column.values;
  if (column instanceof Int64Column) return column.words;
  if (column instanceof FixedBytesColumn) return column.data;
  throw new TypeError(`${column.constructor.name} has no values of fixed width`);
}

function bytesOf(column: Column): Uint8Array {
  const values = valuesOf(column);
  if (values instanceof Uint8Array) return values;
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function wordsOf(column: Column): Int32Array {
  const values = valuesOf(column);
  if (values instanceof Int32Array) return values;
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2);
}
