import { PRESENT } from '@cdc-demo/cdc-core';
import type { BooleanColumn, Column } from '@cdc-demo/cdc-core';
import { ByteBuffer } from '../format/byte-buffer.ts';
import type { PageValues, RowRange } from './page-values.ts';
import type { ValueRange } from './value-range.ts';

const FALSE = Uint8Array.of(0);
const TRUE = Uint8Array.of(1);

/** Booleans: PLAIN packs eight into a byte, the first into the lowest bit. */
export class BooleanValues implements PageValues {
  readonly #values = new ByteBuffer();
  readonly #packed = new ByteBuffer();

  get count(): number {
    return this.#values.length;
  }

  get byteSize(): number {
    return (this.count + 7) >> 3;
  }

  fitting(_column: Column, rows: RowRange): number {
    return rows.to - rows.from;
  }

  append(column: Column, rows: RowRange): void {
    this.#values.append((column as BooleanColumn).values.subarray(rows.from, rows.to));
  }

  appendPresent(column: Column, rows: RowRange, present: number): void {
    const { values, presence } = column as BooleanColumn;
    const staged = this.#values.reserve(present);
    let at = this.#values.length;
    for (let row = rows.from; row < rows.to; row++) {
      if (presence[row] === PRESENT) staged[at++] = values[row] ?? 0;
    }
    this.#values.length = at;
  }

  appendAt(column: Column, indexes: Int32Array, count: number): void {
    const { values } = column as BooleanColumn;
    const staged = this.#values.reserve(count);
    let at = this.#values.length;
    for (let i = 0; i < count; i++) {
      const row = indexes[i] ?? -1;
      if (row >= 0) staged[at++] = values[row] ?? 0;
    }
    this.#values.length = at;
  }

  plain(): Uint8Array {
    const values = this.#values.view();
    this.#packed.clear();
    const packed = this.#packed.reserve(this.byteSize);
    packed.fill(0);
    for (let i = 0; i < values.length; i++) {
      packed[i >> 3] = (packed[i >> 3] ?? 0) | ((values[i] ?? 0) << (i & 7));
    }
    this.#packed.length = this.byteSize;
    return this.#packed.view();
  }

  range(): ValueRange | 'none' {
    if (this.count === 0) return 'none';
    const values = this.#values.view();
    return {
      min: values.includes(0) ? FALSE : TRUE,
      max: values.includes(1) ? TRUE : FALSE,
    };
  }

  nanCount(): number {
    return 0;
  }

  clear(): void {
    this.#values.clear();
  }
}
