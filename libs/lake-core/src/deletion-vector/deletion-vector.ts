import { ByteCursor } from './byte-cursor.ts';
import { RoaringBitmap } from './roaring-bitmap.ts';
import { planBitmap, readBitmap, writeBitmap } from './roaring-format.ts';

const TWO_32 = 0x1_0000_0000;
/** Bytes of the smallest bucket: its key, and an empty bitmap. */
const SMALLEST_BUCKET = 12;
/** Above it a row number is no safe integer. */
const LARGEST_KEY = 0x1f_ffff;

/**
 * The rows of one data file that are deleted: a set of row numbers from 0 to 2^53 - 1, as 64-bit
 * Roaring bitmap. Rows below 2^32 cost no more than in a 32-bit bitmap.
 */
export class DeletionVector {
  /** Rows below 2^32. */
  #first = new RoaringBitmap();
  /** The others, by their high 32 bits. */
  readonly #others = new Map<number, RoaringBitmap>();

  static of(rows: Iterable<number>): DeletionVector {
    const vector = new DeletionVector();
    for (const row of rows) vector.add(row);
    return vector;
  }

  /**
   * Reads the portable form of 64-bit Roaring bitmaps (RoaringFormatSpec, "Extension for 64-bit
   * implementations"), all of `bytes` and nothing behind it. Array, bitmap and run containers are
   * read; memory is in proportion to `bytes`.
   * @throws LakeError `lake/deletion-vector-corrupt` when a length, an order or a count is wrong,
   * or a row is above 2^53 - 1.
   */
  static parse(bytes: Uint8Array): DeletionVector {
    const cursor = new ByteCursor(bytes);
    const vector = new DeletionVector();
    const buckets = cursor.u32() + cursor.u32() * TWO_32;
    if (buckets * SMALLEST_BUCKET > cursor.left) throw cursor.corrupt('it ends too early');
    let last = -1;
    for (let i = 0; i < buckets; i++) {
      const key = cursor.u32();
      if (key <= last) throw cursor.corrupt('its bitmaps are not in order');
      if (key > LARGEST_KEY) throw cursor.corrupt('it has a row number above 2^53');
      last = key;
      const bitmap = readBitmap(cursor);
      if (key === 0) vector.#first = bitmap;
      else if (bitmap.cardinality > 0) vector.#others.set(key, bitmap);
    }
    if (cursor.left > 0) throw cursor.corrupt('it has bytes behind its end');
    return vector;
  }

  get cardinality(): number {
    let rows = this.#first.cardinality;
    for (const bitmap of this.#others.values()) rows += bitmap.cardinality;
    return rows;
  }

  has(row: number): boolean {
    if (row < TWO_32) return this.#first.has(row);
    return this.#others.get(Math.floor(row / TWO_32))?.has(row % TWO_32) ?? false;
  }

  /**
   * Adds a row; false when it was there.
   * @throws RangeError when `row` is no integer from 0 to 2^53 - 1.
   */
  add(row: number): boolean {
    if (!Number.isSafeInteger(row) || row < 0) {
      throw new RangeError('A row number is an integer from 0 to 2^53 - 1');
    }
    if (row < TWO_32) return this.#first.add(row);
    const key = Math.floor(row / TWO_32);
    let bitmap = this.#others.get(key);
    if (!bitmap) {
      bitmap = new RoaringBitmap();
      this.#others.set(key, bitmap);
    }
    return bitmap.add(row % TWO_32);
  }

  /** Adds rows, cheapest when they ascend; returns how many were not there. */
  addRows(rows: Iterable<number>): number {
    let added = 0;
    for (const row of rows) if (this.add(row)) added++;
    return added;
  }

  /** Adds the rows of another vector; returns how many were not there. */
  addAll(other: DeletionVector): number {
    return this.addRows(other.rows());
  }

  clone(): DeletionVector {
    const copy = new DeletionVector();
    copy.#first = this.#first.clone();
    for (const [key, bitmap] of this.#others) copy.#others.set(key, bitmap.clone());
    return copy;
  }

  /** The rows in ascending order. The vector must not change meanwhile. */
  *rows(): Generator<number, void, undefined> {
    for (const [key, bitmap] of this.#buckets()) {
      for (const [i, container] of bitmap.containers.entries()) {
        const base = key * TWO_32 + (bitmap.highs[i] ?? 0) * 0x10000;
        for (const low of container.lows()) yield base + low;
      }
    }
  }

  /** Sets mask[i] to 1 for every row `firstRow + i` of the vector, within the mask's length. */
  mark(firstRow: number, mask: Uint8Array): void {
    const end = firstRow + mask.length;
    for (const [key, bitmap] of this.#buckets()) {
      for (const [i, container] of bitmap.containers.entries()) {
        const base = key * TWO_32 + (bitmap.highs[i] ?? 0) * 0x10000;
        if (base >= end) return;
        if (base + 0x10000 <= firstRow) continue;
        for (const low of container.lows()) {
          const at = base + low - firstRow;
          if (at >= 0 && at < mask.length) mask[at] = 1;
        }
      }
    }
  }

  /**
   * The portable form that `parse` reads. Equal sets give equal bytes: each container in the
   * smallest of its forms, empty bitmaps left out.
   */
  serialize(): Uint8Array {
    const parts = this.#buckets().map(([key, bitmap]) => ({
      key,
      bitmap,
      plan: planBitmap(bitmap),
    }));
    const size = parts.reduce((sum, part) => sum + 4 + part.plan.size, 8);
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, parts.length, true);
    let at = 8;
    for (const { key, bitmap, plan } of parts) {
      view.setUint32(at, key, true);
      writeBitmap(bitmap, plan, bytes.subarray(at + 4));
      at += 4 + plan.size;
    }
    return bytes;
  }

  equals(other: DeletionVector): boolean {
    if (this.cardinality !== other.cardinality) return false;
    const theirs = other.rows();
    for (const row of this.rows()) if (theirs.next().value !== row) return false;
    return true;
  }

  /** Bitmaps with rows by their high 32 bits, ascending. */
  #buckets(): [number, RoaringBitmap][] {
    const others = [...this.#others].sort(([a], [b]) => a - b);
    return this.#first.cardinality > 0 ? [[0, this.#first], ...others] : others;
  }
}
