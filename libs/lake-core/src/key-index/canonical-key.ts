import {
  BooleanColumn,
  BytesColumn,
  FixedBytesColumn,
  FloatColumn,
  Int32Column,
  Int64Column,
  describeType,
  grown,
} from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import { canonicalFloat32, canonicalFloat64, floatBits } from './float-bits.ts';

/** The canonical form of one key of several columns, built value by value. */
export class CanonicalKey {
  bytes = new Uint8Array(64);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  /**
   * Appends the present value of a row. No value's form is the beginning of another's of the same
   * type, so two keys of the same types have the same form only when they are equal.
   */
  append(column: Column, row: number): void {
    if (column instanceof BytesColumn) {
      this.#copy(column.data, column.ends[row] ?? 0, column.ends[row + 1] ?? 0);
    } else if (column instanceof Int64Column) {
      this.#word(column.words[row * 2] ?? 0);
      this.#word(column.words[row * 2 + 1] ?? 0);
    } else if (column instanceof Int32Column || column instanceof BooleanColumn) {
      this.#word(column.values[row] ?? 0);
    } else if (column instanceof FixedBytesColumn) {
      this.#copy(column.data, row * column.width, (row + 1) * column.width);
    } else if (column instanceof FloatColumn) {
      this.#float(column.values, row);
    } else {
      throw new TypeError(`A ${describeType(column.type)} column is no part of a key`);
    }
  }

  #float(values: Float32Array | Float64Array, row: number): void {
    if (values instanceof Float64Array) {
      canonicalFloat64(values[row] ?? 0);
      this.#word(floatBits[0] ?? 0);
      this.#word(floatBits[1] ?? 0);
    } else {
      canonicalFloat32(values[row] ?? 0);
      this.#word(floatBits[0] ?? 0);
    }
  }

  #word(value: number): void {
    const at = this.#claim(4);
    this.bytes[at] = value;
    this.bytes[at + 1] = value >>> 8;
    this.bytes[at + 2] = value >>> 16;
    this.bytes[at + 3] = value >>> 24;
  }

  #copy(source: Uint8Array, start: number, end: number): void {
    let at = this.#claim(end - start);
    for (let i = start; i < end; i++) this.bytes[at++] = source[i] ?? 0;
  }

  #claim(count: number): number {
    const at = this.length;
    this.length = at + count;
    if (this.length > this.bytes.length) {
      this.bytes = grown(this.bytes, Math.max(this.length, this.bytes.length * 2));
    }
    return at;
  }
}
