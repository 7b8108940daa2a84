import type { Int32Column } from '@cdc-demo/cdc-core';
import type { Place } from '../place.ts';
import { LOOP_COPY_VALUES, claimRows } from './append.ts';
import type { Append } from './append.ts';

/** INT32 as it is. */
export function appendInt32(column: Int32Column): Append {
  return (source, start, count) => {
    const row = claimRows(column, count);
    const { values } = column;
    const { ints } = source;
    if (count < LOOP_COPY_VALUES) {
      for (let i = 0; i < count; i++) values[row + i] = ints[start + i] ?? 0;
    } else values.set(ints.subarray(start, start + count), row);
  };
}

/** What a 32-bit or smaller integer may be. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

export function integerRange(bits: 8 | 16 | 32): IntegerRange {
  return { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 };
}

/** INT32, signed or not, into a type that does not hold all of them. */
export function appendInt32InRange(
  column: Int32Column,
  stored: { readonly signed: boolean; readonly range: IntegerRange },
  place: Place,
): Append {
  const { signed, range } = stored;
  return ({ ints }, start, count) => {
    const row = claimRows(column, count);
    for (let i = 0; i < count; i++) {
      const bits = ints[start + i] ?? 0;
      const value = signed ? bits : bits >>> 0;
      if (value < range.min || value > range.max) throw tooLarge(place);
      column.values[row + i] = value;
    }
  };
}

/** INT64, signed or not, into a type of at most 32 bits. */
export function appendInt64Narrowed(
  column: Int32Column,
  range: IntegerRange,
  place: Place,
): Append {
  return ({ ints }, start, count) => {
    const row = claimRows(column, count);
    for (let i = 0; i < count; i++) {
      const low = ints[(start + i) * 2] ?? 0;
      const fits = (ints[(start + i) * 2 + 1] ?? 0) === low >> 31;
      if (!fits || low < range.min || low > range.max) throw tooLarge(place);
      column.values[row + i] = low;
    }
  };
}

export function tooLarge(place: Place): Error {
  return place.mismatch('it holds a value that the wanted type does not');
}
