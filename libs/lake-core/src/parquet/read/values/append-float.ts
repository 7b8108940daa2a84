import type { FloatColumn } from '@cdc-demo/cdc-core';
import { claimRows, LOOP_COPY_VALUES } from './append.ts';
import type { Append } from './append.ts';

/** FLOAT and DOUBLE into the same type or a wider one. */
export function appendFloats(column: FloatColumn): Append {
  return ({ floats }, start, count) => {
    const row = claimRows(column, count);
    const { values } = column;
    if (count < LOOP_COPY_VALUES) {
      for (let i = 0; i < count; i++) values[row + i] = floats[start + i] ?? 0;
    } else values.set(floats.subarray(start, start + count), row);
  };
}

/** INT32 as 64-bit floats. */
export function appendInt32AsFloats(column: FloatColumn, signed: boolean): Append {
  return ({ ints }, start, count) => {
    const row = claimRows(column, count);
    for (let i = 0; i < count; i++) {
      const value = ints[start + i] ?? 0;
      column.values[row + i] = signed ? value : value >>> 0;
    }
  };
}

/** FLOAT16 (two bytes, little-endian). */
export function appendHalfFloats(column: FloatColumn): Append {
  return ({ bytes }, start, count) => {
    const row = claimRows(column, count);
    for (let i = 0; i < count; i++) {
      const at = (start + i) * 2;
      column.values[row + i] = halfFloat((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
    }
  };
}

/** The value of 16 bits by IEEE 754: sign, 5 bits of exponent, 10 bits of fraction. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
