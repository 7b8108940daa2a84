import type { LeafType } from '../format/schema-element.ts';
import { valueOrder } from './value-range.ts';
import type { ValueRange } from './value-range.ts';

/** Finds least and greatest among values of one physical type in PLAIN encoding. */
export interface FixedWidthRange {
  /** `count` is at least 1; 'none' when every value is NaN. `plain` begins on 8 bytes. */
  range(plain: Uint8Array, count: number): ValueRange | 'none';
  nanCount(plain: Uint8Array, count: number): number;
}

export function fixedWidthRange(type: LeafType): FixedWidthRange {
  switch (valueOrder(type)) {
    case 'int32':
      return { range: int32Range, nanCount: noNan };
    case 'int64':
      return { range: int64Range, nanCount: noNan };
    case 'float':
      return floats((plain, count) => {
        return new Float32Array(plain.buffer, plain.byteOffset, count);
      });
    case 'double':
      return floats((plain, count) => {
        return new Float64Array(plain.buffer, plain.byteOffset, count);
      });
    case 'signed bytes':
      return { range: (plain, count) => bytesRange(plain, count, 0x80), nanCount: noNan };
    case 'unsigned bytes':
      return { range: (plain, count) => bytesRange(plain, count, 0), nanCount: noNan };
  }
}

const noNan = (): number => 0;

function int32Range(plain: Uint8Array, count: number): ValueRange {
  const values = new Int32Array(plain.buffer, plain.byteOffset, count);
  let min = values[0] ?? 0;
  let max = min;
  for (let i = 1; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min: bytes(Int32Array.of(min)), max: bytes(Int32Array.of(max)) };
}

/** Compares the high words, and the low ones (as unsigned) where those are the same. */
function int64Range(plain: Uint8Array, count: number): ValueRange {
  const words = new Int32Array(plain.buffer, plain.byteOffset, count * 2);
  let minLow = words[0] ?? 0;
  let minHigh = words[1] ?? 0;
  let maxLow = minLow;
  let maxHigh = minHigh;
  for (let i = 2; i < words.length; i += 2) {
    const low = words[i] ?? 0;
    const high = words[i + 1] ?? 0;
    if (high < minHigh || (high === minHigh && low >>> 0 < minLow >>> 0)) {
      minLow = low;
      minHigh = high;
    } else if (high > maxHigh || (high === maxHigh && low >>> 0 > maxLow >>> 0)) {
      maxLow = low;
      maxHigh = high;
    }
  }
  return { min: bytes(Int32Array.of(minLow, minHigh)), max: bytes(Int32Array.of(maxLow, maxHigh)) };
}

type OpenFloats = (plain: Uint8Array, count: number) => Float32Array | Float64Array;

function bytesOf(alike: Float32Array | Float64Array, value: number): Uint8Array {
  return bytes(alike instanceof Float32Array ? Float32Array.of(value) : Float64Array.of(value));
}

/**
 * NaN takes no part. A least zero is written as -0 and a greatest as +0, since readers may compare
 * zeros either way ("ColumnOrder" of the Parquet format).
 */
function floats(open: OpenFloats): FixedWidthRange {
  return {
    range(plain, count) {
      const values = open(plain, count);
      let min = Infinity;
      let max = -Infinity;
      for (let i = 0; i < values.length; i++) {
        const value = values[i] ?? 0;
        if (value < min) min = value;
        if (value > max) max = value;
      }
      // One value that is not NaN, an infinite one included, brings them in order.
      if (min > max) return 'none';
      return {
        min: bytesOf(values, min === 0 ? -0 : min),
        max: bytesOf(values, max === 0 ? 0 : max),
      };
    },
    nanCount(plain, count) {
      const values = open(plain, count);
      let nans = 0;
      for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) nans++;
      return nans;
    },
  };
}

/** Big-endian values; `flip` 0x80 makes the first byte, and so the order, signed. */
function bytesRange(plain: Uint8Array, count: number, flip: number): ValueRange {
  const width = plain.length / count;
  let min = 0;
  let max = 0;
  for (let at = width; at < plain.length; at += width) {
    if (isLess(plain, { a: at, b: min, width, flip })) min = at;
    else if (isLess(plain, { a: max, b: at, width, flip })) max = at;
  }
  return { min: plain.subarray(min, min + width), max: plain.subarray(max, max + width) };
}

interface Comparison {
  readonly a: number;
  readonly b: number;
  readonly width: number;
  readonly flip: number;
}

function isLess(plain: Uint8Array, { a, b, width, flip }: Comparison): boolean {
  const first = ((plain[a] ?? 0) ^ flip) - ((plain[b] ?? 0) ^ flip);
  if (first !== 0) return first < 0;
  for (let i = 1; i < width; i++) {
    const difference = (plain[a + i] ?? 0) - (plain[b + i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function bytes(values: Int32Array | Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer);
}
