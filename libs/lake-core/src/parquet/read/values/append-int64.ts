import type { Int64Column } from '@cdc-demo/cdc-core';
import type { Place } from '../place.ts';
import type { PlainValues } from '../plain-values.ts';
import { LOOP_COPY_VALUES, claimRows } from './append.ts';
import type { Append } from './append.ts';
import { tooLarge } from './append-int32.ts';

/** INT64 as it is. */
export function appendInt64(column: Int64Column): Append {
  return (source, start, count) => {
    const row = claimRows(column, count);
    const { words } = column;
    const { ints } = source;
    if (count < LOOP_COPY_VALUES) {
      for (let i = 0; i < count * 2; i++) words[row * 2 + i] = ints[start * 2 + i] ?? 0;
    } else words.set(ints.subarray(start * 2, (start + count) * 2), row * 2);
  };
}

/** Unsigned INT64 into a signed type. */
export function appendUnsignedInt64(column: Int64Column, place: Place): Append {
  const append = appendInt64(column);
  return (source, start, count) => {
    for (let i = start; i < start + count; i++) {
      if ((source.ints[i * 2 + 1] ?? 0) < 0) throw tooLarge(place);
    }
    append(source, start, count);
  };
}

/** INT32, signed or not. */
export function appendInt32Widened(column: Int64Column, signed: boolean): Append {
  return ({ ints }, start, count) => {
    const row = claimRows(column, count);
    const { words } = column;
    for (let i = 0; i < count; i++) {
      const value = ints[start + i] ?? 0;
      words[(row + i) * 2] = value;
      words[(row + i) * 2 + 1] = signed ? value >> 31 : 0;
    }
  };
}

/** The value at an index of `source`, or undefined when no 64-bit integer is its equal. */
export type Int64At = (source: PlainValues, index: number) => bigint | undefined;

/** Values that have to be computed. */
export function appendComputedInt64(column: Int64Column, at: Int64At, place: Place): Append {
  return (source, start, count) => {
    const row = claimRows(column, count);
    const { bigints } = column;
    for (let i = 0; i < count; i++) {
      const value = at(source, start + i);
      if (value === undefined || BigInt.asIntN(64, value) !== value) throw tooLarge(place);
      bigints[row + i] = value;
    }
  };
}
