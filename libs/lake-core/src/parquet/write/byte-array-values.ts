import type { BytesColumn, Column } from '@cdc-demo/cdc-core';
import { ByteBuffer } from '../format/byte-buffer.ts';
import type { PageValues, RowRange } from './page-values.ts';
import type { ValueRange } from './value-range.ts';

/** Text and binary. A column's data is PLAIN already, and rows without value take no bytes. */
export class ByteArrayValues implements PageValues {
  readonly #data = new ByteBuffer();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get byteSize(): number {
    return this.#data.length;
  }

  fitting(column: Column, rows: RowRange, bytes: number): number {
    const { ends } = column as BytesColumn;
    const limit = (ends[rows.from] ?? 0) + bytes;
    if ((ends[rows.to] ?? 0) <= limit) return rows.to - rows.from;
    // The greatest `fits` with ends[fits] <= limit.
    let fits = rows.from;
    let above = rows.to;
    while (above - fits > 1) {
      const middle = (fits + above) >> 1;
      if ((ends[middle] ?? 0) <= limit) fits = middle;
      else above = middle;
    }
    return fits - rows.from;
  }

  append(column: Column, rows: RowRange): void {
    this.appendPresent(column, rows, rows.to - rows.from);
  }

  appendPresent(column: Column, rows: RowRange, present: number): void {
    const { data, ends } = column as BytesColumn;
    this.#data.append(data.subarray(ends[rows.from] ?? 0, ends[rows.to] ?? 0));
    this.#count += present;
  }

  appendAt(column: Column, indexes: Int32Array, count: number): void {
    const { data, ends } = column as BytesColumn;
    for (let i = 0; i < count; i++) {
      const row = indexes[i] ?? -1;
      if (row < 0) continue;
      this.#data.append(data.subarray(ends[row] ?? 0, ends[row + 1] ?? 0));
      this.#count++;
    }
  }

  plain(): Uint8Array {
    return this.#data.view();
  }

  range(): ValueRange | 'none' {
    return this.#count === 0 ? 'none' : rangeOf(this.#data.bytes, this.#count);
  }

  nanCount(): number {
    return 0;
  }

  clear(): void {
    this.#data.clear();
    this.#count = 0;
  }
}

/**
 * Most comparisons are decided by the first four bytes or the next four, each read as one integer
 * whose order is that of the bytes (filled up with zeros where the value ends before).
 */
function rangeOf(data: Uint8Array, count: number): ValueRange {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let end = 4 + view.getUint32(0, true);
  const min = { start: 4, end, head: headAt(view, 4, end), next: headAt(view, 8, end) };
  const max = { ...min };
  for (let i = 1; i < count; i++) {
    const start = end + 4;
    end = start + view.getUint32(end, true);
    const head = headAt(view, start, end);
    if (head > min.head && head < max.head) continue;
    const next = headAt(view, start + 4, end);
    if (head === min.head ? next <= min.next : head < min.head) {
      const decided = head !== min.head || next !== min.next;
      if (decided || compareRest(data, { start, end }, min) < 0) {
        Object.assign(min, { start, end, head, next });
      }
    }
    if (head === max.head ? next >= max.next : head > max.head) {
      const decided = head !== max.head || next !== max.next;
      if (decided || compareRest(data, { start, end }, max) > 0) {
        Object.assign(max, { start, end, head, next });
      }
    }
  }
  return { min: bytesOf(data, min), max: bytesOf(data, max) };
}

function headAt(view: DataView, start: number, end: number): number {
  if (end - start >= 4) return view.getInt32(start) ^ 0x80000000;
  let head = 0;
  for (let i = start; i < end; i++) head |= view.getUint8(i) << (24 - (i - start) * 8);
  return head ^ 0x80000000;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Compares two values whose first eight bytes are the same, filled up with zeros. */
function compareRest(data: Uint8Array, a: Span, b: Span): number {
  const length = Math.min(a.end - a.start, b.end - b.start);
  for (let i = 8; i < length; i++) {
    const difference = (data[a.start + i] ?? 0) - (data[b.start + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.end - a.start - (b.end - b.start);
}

function bytesOf(data: Uint8Array, { start, end }: Span): Uint8Array {
  return data.subarray(start, end);
}
