import {
  BooleanColumn,
  BytesColumn,
  FixedBytesColumn,
  FloatColumn,
  Int32Column,
  Int64Column,
  decimalWidth,
  describeType,
} from '@cdc-demo/cdc-core';
import type { Column, Field, FieldType } from '@cdc-demo/cdc-core';
import { LakeError } from '../errors.ts';
import { CanonicalKey } from './canonical-key.ts';
import { canonicalFloat32, canonicalFloat64, floatBits } from './float-bits.ts';
import type { KeyBlock, KeyWidth } from './key-block.ts';
import { SipHash128 } from './sip-hash.ts';
import type { Span } from './sip-hash.ts';

export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Turns primary keys into 1, 2 or 4 words that are equal exactly where the keys are equal.
 *
 * A key of fixed-width columns that together take at most four whole words is kept as it is; any
 * other key is the SipHash-128 of its canonical form (the columns' values in the key's order,
 * little-endian, text and bytes behind their length). -0 is 0 and every NaN is one NaN.
 */
export class KeyEncoder {
  readonly width: KeyWidth;
  /** Are keys kept as they are, or hashed? */
  readonly isHashed: boolean;
  readonly #parts: readonly number[];
  readonly #hash: SipHash128;
  readonly #canonical = new CanonicalKey();
  readonly #span: Span = { bytes: new Uint8Array(0), start: 0, end: 0 };

  /**
   * @param fields the key's columns in the key's order
   * @param secret 16 random bytes; keys of two encoders compare only under the same secret
   * @throws LakeError `lake/key-type` for lists, maps and structs; RangeError without fields.
   */
  constructor(fields: readonly Field[], secret: Uint8Array) {
    if (fields.length === 0) throw new RangeError('A key has at least one column');
    this.#parts = fields.map((field) => fixedWords(field));
    const total = this.#parts.reduce((sum, words) => sum + words, 0);
    this.isHashed = total > 4;
    this.width = total === 1 || total === 2 ? total : 4;
    this.#hash = new SipHash128(secret);
  }

  /**
   * Encodes the keys of some rows; `out` holds one for each of them then, in order.
   * @param columns the key's columns, of the types that the encoder was made for
   * @returns how many of the keys have a NULL or UNCHANGED part and so are no keys; `out.presence`
   * says which
   */
  encode(columns: readonly Column[], rows: RowRange, out: KeyBlock): number {
    out.reset(rows.end - rows.start);
    let missing = 0;
    for (const column of columns) missing += out.markMissing(column.presence, rows.start);
    if (this.isHashed) this.#encodeHashed(columns, rows, out);
    else this.#encodePlain(columns, rows, out);
    return missing;
  }

  #encodePlain(columns: readonly Column[], rows: RowRange, out: KeyBlock): void {
    if (this.#parts.reduce((sum, words) => sum + words, 0) < this.width) {
      out.words.fill(0, 0, out.length * this.width);
    }
    let at = 0;
    columns.forEach((column, i) => {
      writeWords(column, rows, { words: out.words, at, width: this.width });
      at += this.#parts[i] ?? 0;
    });
  }

  #encodeHashed(columns: readonly Column[], rows: RowRange, out: KeyBlock): void {
    const [first] = columns;
    if (columns.length === 1 && first instanceof BytesColumn) {
      this.#hashBytes(first, rows, out);
      return;
    }
    const canonical = this.#canonical;
    const span = this.#span;
    for (let i = 0; i < out.length; i++) {
      if (out.presence[i] !== 1) continue;
      canonical.clear();
      for (const column of columns) canonical.append(column, rows.start + i);
      span.bytes = canonical.bytes;
      span.start = 0;
      span.end = canonical.length;
      this.#hash.hash(span, out.words, i * 4);
    }
  }

  /** A BytesColumn holds the canonical form: the length before the bytes. */
  #hashBytes(column: BytesColumn, rows: RowRange, out: KeyBlock): void {
    const { data, ends } = column;
    const span = this.#span;
    span.bytes = data;
    for (let i = 0; i < out.length; i++) {
      if (out.presence[i] !== 1) continue;
      span.start = ends[rows.start + i] ?? 0;
      span.end = ends[rows.start + i + 1] ?? 0;
      this.#hash.hash(span, out.words, i * 4);
    }
    span.bytes = new Uint8Array(0);
  }
}

/** Whole words that a value takes; more than four when it has to be hashed. */
function fixedWords(field: Field): number {
  const { type } = field;
  switch (type.kind) {
    case 'boolean':
    case 'date':
      return 1;
    case 'int':
    case 'float':
      return type.bits === 64 ? 2 : 1;
    case 'time':
    case 'timestamp':
      return 2;
    case 'decimal':
      return decimalWords(type);
    case 'uuid':
      return 4;
    case 'string':
    case 'json':
    case 'binary':
      return 5;
    default:
      throw new LakeError(
        'lake/key-type',
        `The key column "${field.name}" has the type ${describeType(type)}, which is no key`,
        { context: { column: field.name, type: describeType(type) } },
      );
  }
}

function decimalWords(type: FieldType & { kind: 'decimal' }): number {
  if (type.precision <= 9) return 1;
  return type.precision <= 18 ? 2 : Math.ceil(decimalWidth(type.precision) / 4);
}

/** Where the words of one column go: words[at], words[at + width], … */
interface Target {
  readonly words: Uint32Array;
  readonly at: number;
  readonly width: number;
}

function writeWords(column: Column, rows: RowRange, target: Target): void {
  if (column instanceof Int64Column) writeInt64(column, rows, target);
  else if (column instanceof FloatColumn) writeFloat(column, rows, target);
  else if (column instanceof FixedBytesColumn) writeFixed(column, rows, target);
  else if (column instanceof Int32Column) writeInt32(column.values, rows, target);
  else if (column instanceof BooleanColumn) writeInt32(column.values, rows, target);
  else throw new TypeError(`A ${describeType(column.type)} column has no fixed width`);
}

function writeInt32(values: Int32Array | Uint8Array, rows: RowRange, target: Target): void {
  const { words, width } = target;
  let { at } = target;
  for (let row = rows.start; row < rows.end; row++) {
    words[at] = values[row] ?? 0;
    at += width;
  }
}

function writeInt64(column: Int64Column, rows: RowRange, target: Target): void {
  const source = column.words;
  const { words, width } = target;
  let { at } = target;
  for (let row = rows.start; row < rows.end; row++) {
    words[at] = source[row * 2] ?? 0;
    words[at + 1] = source[row * 2 + 1] ?? 0;
    at += width;
  }
}

function writeFloat(column: FloatColumn, rows: RowRange, target: Target): void {
  const { values } = column;
  const { words, width } = target;
  const isDouble = values instanceof Float64Array;
  let { at } = target;
  for (let row = rows.start; row < rows.end; row++) {
    const value = values[row] ?? 0;
    if (isDouble) {
      canonicalFloat64(value);
      words[at] = floatBits[0] ?? 0;
      words[at + 1] = floatBits[1] ?? 0;
    } else {
      canonicalFloat32(value);
      words[at] = floatBits[0] ?? 0;
    }
    at += width;
  }
}

function writeFixed(column: FixedBytesColumn, rows: RowRange, target: Target): void {
  const { data, width: bytes } = column;
  const { words, width } = target;
  const used = Math.ceil(bytes / 4);
  let { at } = target;
  for (let row = rows.start; row < rows.end; row++) {
    const start = row * bytes;
    for (let i = 0; i < used; i++) {
      let value = 0;
      for (let k = Math.min(bytes, i * 4 + 4) - 1; k >= i * 4; k--) {
        value = (value << 8) | (data[start + k] ?? 0);
      }
      words[at + i] = value;
    }
    at += width;
  }
}
