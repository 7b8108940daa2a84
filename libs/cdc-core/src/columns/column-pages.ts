import type { FieldType } from '../schema/field.ts';
import { BytesColumn, FixedBytesColumn } from './bytes-columns.ts';
import type { Column } from './column.ts';
import { createColumn } from './create-column.ts';
import { BooleanColumn, FloatColumn, Int32Column, Int64Column } from './fixed-width-columns.ts';
import { ListColumn, MapColumn, StructColumn } from './nested-columns.ts';

/** Every array begins at a multiple of it, so that it can be read where it lies. */
const ALIGNMENT = 8;
const PADDING = new Uint8Array(ALIGNMENT);

/** Gathers arrays as they lie in memory, without copying them. */
export class PageWriter {
  readonly pieces: Uint8Array[] = [];
  size = 0;

  put({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
    if (byteLength === 0) return;
    this.pieces.push(new Uint8Array(buffer, byteOffset, byteLength));
    const padding = padded(byteLength) - byteLength;
    if (padding > 0) this.pieces.push(PADDING.subarray(0, padding));
    this.size += byteLength + padding;
  }
}

/** Gives the arrays back in the order of `put`, as views. */
export class PageReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param bytes what a `PageWriter` gathered, at an offset in its buffer that is aligned */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  bytes(length: number): Uint8Array {
    const [buffer, at] = this.#take(length);
    return new Uint8Array(buffer, at, length);
  }

  int32(length: number): Int32Array {
    const [buffer, at] = this.#take(length * 4);
    return new Int32Array(buffer, at, length);
  }

  uint32(length: number): Uint32Array {
    const [buffer, at] = this.#take(length * 4);
    return new Uint32Array(buffer, at, length);
  }

  float32(length: number): Float32Array {
    const [buffer, at] = this.#take(length * 4);
    return new Float32Array(buffer, at, length);
  }

  float64(length: number): Float64Array {
    const [buffer, at] = this.#take(length * 8);
    return new Float64Array(buffer, at, length);
  }

  #take(byteLength: number): [ArrayBufferLike, number] {
    const { buffer, byteOffset, length } = this.#bytes;
    const at = this.#at;
    if (at + byteLength > length) throw new RangeError('The pages end before the columns do');
    this.#at = at + padded(byteLength);
    return [buffer, byteOffset + at];
  }
}

/** Puts rows [start, end) of a column. */
export function writeColumn(column: Column, [start, end]: RowSpan, out: PageWriter): void {
  out.put(column.presence.subarray(start, end));
  if (column instanceof BytesColumn) {
    const { ends, data } = column;
    out.put(ends.subarray(start, end + 1));
    out.put(data.subarray(ends[start], ends[end]));
  } else if (column instanceof FixedBytesColumn) {
    out.put(column.data.subarray(start * column.width, end * column.width));
  } else if (column instanceof Int64Column) {
    out.put(column.words.subarray(start * 2, end * 2));
  } else if (
    column instanceof Int32Column ||
    column instanceof BooleanColumn ||
    column instanceof FloatColumn
  ) {
    out.put(column.values.subarray(start, end));
  } else if (column instanceof StructColumn) {
    for (const field of column.fields) writeColumn(field, [start, end], out);
  } else if (column instanceof ListColumn || column instanceof MapColumn) {
    const { offsets } = column;
    out.put(offsets.subarray(start, end + 1));
    const children = column instanceof ListColumn ? [column.element] : [column.key, column.val];
    const span: RowSpan = [offsets[start] ?? 0, offsets[end] ?? 0];
    for (const child of children) writeColumn(child, span, out);
  }
}

/** First row, and the one behind the last. */
export type RowSpan = readonly [start: number, end: number];

/** A column of `length` rows from what `writeColumn` put; it shares memory with the pages. */
export function readColumn(type: FieldType, length: number, from: PageReader): Column {
  const presence = from.bytes(length);
  const column = readValues(type, length, from);
  column.presence = presence;
  column.length = length;
  return column;
}

function readValues(type: FieldType, length: number, from: PageReader): Column {
  switch (type.kind) {
    case 'list': {
      const offsets = rebased(from.uint32(length + 1));
      const element = readColumn(type.element.type, offsets[length] ?? 0, from);
      return Object.assign(new ListColumn(type, element, 0), { offsets });
    }
    case 'map': {
      const offsets = rebased(from.uint32(length + 1));
      const entries = offsets[length] ?? 0;
      const key = readColumn(type.key.type, entries, from);
      const value = readColumn(type.value.type, entries, from);
      return Object.assign(new MapColumn(type, { key, value }, 0), { offsets });
    }
    case 'struct': {
      const fields = type.fields.map((field) => readColumn(field.type, length, from));
      return new StructColumn(type, fields, 0);
    }
    default:
  }
  const column = createColumn(type, 0);
  if (column instanceof BytesColumn) {
    column.ends = rebased(from.uint32(length + 1));
    column.data = from.bytes(column.ends[length] ?? 0);
  } else if (column instanceof FixedBytesColumn) {
    column.data = from.bytes(length * column.width);
  } else if (column instanceof Int64Column) column.words = from.int32(length * 2);
  else if (column instanceof Int32Column) column.values = from.int32(length);
  else if (column instanceof BooleanColumn) column.values = from.bytes(length);
  else if (column instanceof FloatColumn) {
    const isSingle = column.values instanceof Float32Array;
    column.values = isSingle ? from.float32(length) : from.float64(length);
  }
  return column;
}

/** Offsets that begin at 0, as if nothing had stood before their first row. */
function rebased(offsets: Uint32Array): Uint32Array {
  const base = offsets[0] ?? 0;
  if (base > 0) for (let i = 0; i < offsets.length; i++) offsets[i] = (offsets[i] ?? 0) - base;
  return offsets;
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
