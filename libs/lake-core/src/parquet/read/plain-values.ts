import type { ParquetType } from 'hyparquet';
import type { Place } from './place.ts';
import type { StoredType } from './stored-type.ts';

const NO_INTS = new Int32Array(0);
const NO_LONGS = new BigInt64Array(0);
const NO_FLOATS = new Float32Array(0);
const NO_OFFSETS = new Uint32Array(0);

const WIDTHS: Readonly<Partial<Record<ParquetType, number>>> = {
  BOOLEAN: 1,
  INT32: 4,
  INT64: 8,
  INT96: 12,
  FLOAT: 4,
  DOUBLE: 8,
};

/**
 * Values in PLAIN encoding ("Plain" of the Parquet format), but booleans as a byte each. Only the
 * views that fit the physical type hold something.
 */
export class PlainValues {
  readonly count: number;
  /** For BYTE_ARRAY each value with its length before it, as PLAIN has it. */
  readonly bytes: Uint8Array;
  /** Bytes of one value; 0 for BYTE_ARRAY. */
  readonly width: number;
  /** BYTE_ARRAY: value i takes bytes [starts[i], starts[i + 1]), its length among them. */
  readonly starts: Uint32Array;
  /** INT32; of INT64 the halves, low before high. */
  readonly ints: Int32Array;
  readonly longs: BigInt64Array;
  readonly floats: Float32Array | Float64Array;

  private constructor(physical: ParquetType, bytes: Uint8Array, sizes: Sizes) {
    const { count, width, starts } = sizes;
    const { buffer, byteOffset } = bytes;
    this.count = count;
    this.bytes = bytes;
    this.width = width;
    this.starts = starts;
    const isInteger = physical === 'INT32' || physical === 'INT64';
    this.ints = isInteger ? new Int32Array(buffer, byteOffset, count * (width >> 2)) : NO_INTS;
    this.longs = physical === 'INT64' ? new BigInt64Array(buffer, byteOffset, count) : NO_LONGS;
    if (physical === 'FLOAT') this.floats = new Float32Array(buffer, byteOffset, count);
    else if (physical === 'DOUBLE') this.floats = new Float64Array(buffer, byteOffset, count);
    else this.floats = NO_FLOATS;
  }

  /**
   * The first `count` values of `bytes`. A view where memory allows, else a copy.
   * @throws LakeError when `bytes` holds fewer
   */
  static of(
    { physical, width: fixedWidth }: StoredType,
    source: { readonly bytes: Uint8Array; readonly count: number },
    place: Place,
  ): PlainValues {
    const { bytes, count } = source;
    if (physical === 'BOOLEAN') return PlainValues.ofBooleans(unpackBooleans(source, place));
    if (physical === 'BYTE_ARRAY') {
      const starts = valueStarts(source, place);
      return new PlainValues(physical, bytes, { count, width: 0, starts });
    }
    const width = WIDTHS[physical] ?? fixedWidth;
    const size = count * width;
    if (size > bytes.length) throw tooShort(place);
    const view = bytes.subarray(0, size);
    const own = view.byteOffset % 8 === 0 ? view : new Uint8Array(view);
    return new PlainValues(physical, own, { count, width, starts: NO_OFFSETS });
  }

  /** Booleans given as a byte each, 0 or 1. */
  static ofBooleans(bytes: Uint8Array): PlainValues {
    return new PlainValues('BOOLEAN', bytes, { count: bytes.length, width: 1, starts: NO_OFFSETS });
  }

  /** Memory that the values keep alive. */
  get byteSize(): number {
    return this.bytes.length + this.starts.byteLength;
  }
}

interface Sizes {
  readonly count: number;
  readonly width: number;
  readonly starts: Uint32Array;
}

interface Encoded {
  readonly bytes: Uint8Array;
  readonly count: number;
}

function unpackBooleans({ bytes, count }: Encoded, place: Place): Uint8Array {
  if (count > bytes.length * 8) throw tooShort(place);
  const values = new Uint8Array(count);
  for (let i = 0; i < count; i++) values[i] = ((bytes[i >> 3] ?? 0) >> (i & 7)) & 1;
  return values;
}

function valueStarts({ bytes, count }: Encoded, place: Place): Uint32Array {
  if (count * 4 > bytes.length) throw tooShort(place);
  const starts = new Uint32Array(count + 1);
  const last = bytes.length - 4;
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at > last) throw tooShort(place);
    const length =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    if (length < 0) throw tooShort(place);
    at += 4 + length;
    starts[i + 1] = at;
  }
  if (at > bytes.length) throw tooShort(place);
  return starts;
}

function tooShort(place: Place): Error {
  return place.corrupt('a page holds fewer values than it says');
}
