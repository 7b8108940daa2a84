import type { Int64Column } from '@cdc-demo/cdc-core';
import type { TimeUnit } from 'hyparquet';
import type { Place } from '../place.ts';
import type { PlainValues } from '../plain-values.ts';
import type { Append } from './append.ts';
import { appendComputedInt64, appendInt64 } from './append-int64.ts';

const MICROS_PER_DAY = 86_400_000_000n;
/** Julian day number of 1970-01-01. */
const EPOCH_JULIAN_DAY = 2_440_588;

/** Times and timestamps of any unit as microseconds. Nanoseconds must be whole microseconds. */
export function appendMicros(column: Int64Column, unit: TimeUnit, place: Place): Append {
  switch (unit) {
    case 'MICROS':
      return appendInt64(column);
    case 'MILLIS':
      return appendComputedInt64(column, (source, i) => integerAt(source, i) * 1000n, place);
    case 'NANOS':
      return appendComputedInt64(column, nanosAsMicros, place);
  }
}

/** Dates as midnight of their day. */
export function appendDaysAsMicros(column: Int64Column, place: Place): Append {
  return appendComputedInt64(column, (source, i) => integerAt(source, i) * MICROS_PER_DAY, place);
}

/**
 * INT96: nanoseconds of the day in 8 bytes, then the Julian day number in 4, little-endian ("INT96
 * Timestamps", deprecated). Nanoseconds must be whole microseconds.
 */
export function appendInt96(column: Int64Column, place: Place): Append {
  const at = ({ bytes, width }: PlainValues, index: number): bigint | undefined => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + index * width, width);
    const nanos = view.getBigInt64(0, true);
    if (nanos % 1000n !== 0n) return undefined;
    const days = view.getInt32(8, true) - EPOCH_JULIAN_DAY;
    return BigInt(days) * MICROS_PER_DAY + nanos / 1000n;
  };
  return appendComputedInt64(column, at, place);
}

function nanosAsMicros(source: PlainValues, index: number): bigint | undefined {
  const nanos = source.longs[index] ?? 0n;
  return nanos % 1000n === 0n ? nanos / 1000n : undefined;
}

function integerAt({ longs, ints }: PlainValues, index: number): bigint {
  return longs.length > 0 ? (longs[index] ?? 0n) : BigInt(ints[index] ?? 0);
}
