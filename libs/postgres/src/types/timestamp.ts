import type { Int64Column } from '@cdc-demo/cdc-core';
import { takeEnd, takeExpected } from './ascii-reader.ts';
import { takeDate, takeOffset, takeTime } from './calendar.ts';
import { columnCodec } from './column-codec.ts';
import type { ColumnCodec } from './column-codec.ts';
import { isInfinite, NOT_FINITE, NOT_IN_CALENDAR, takeBcSuffix } from './date.ts';
import type { WireValue } from './wire-value.ts';

const SPACE = 32;
const TWO_32 = 4294967296;
const SECONDS_PER_DAY = 86400;

/** 2000-01-01 in microseconds since 1970-01-01, in halves. */
const EPOCH = 946_684_800_000_000;
const EPOCH_HIGH = Math.floor(EPOCH / TWO_32);
const EPOCH_LOW = EPOCH % TWO_32;

/** The first microsecond of year 1 and the first of year 10 000, in halves. */
const FIRST = halves(-62_135_596_800_000_000n);
const BEYOND = halves(253_402_300_800_000_000n);

export const timestampCodec = microsCodec('none');
export const timestamptzCodec = microsCodec('utc');

/** Both timestamps: microseconds; the years 1 to 9999. */
function microsCodec(zone: 'utc' | 'none'): ColumnCodec {
  return columnCodec<Int64Column>(
    { kind: 'timestamp', zone },
    { binary: appendBinary, text: appendText },
  );
}

function appendBinary(value: WireValue, column: Int64Column): void {
  value.expect(8);
  const high = value.view.getInt32(value.start);
  const sum = value.view.getUint32(value.start + 4) + EPOCH_LOW;
  const low = sum >>> 0;
  const shifted = high + EPOCH_HIGH + (sum >= TWO_32 ? 1 : 0);
  if (isInYears(low, shifted)) column.append(low | 0, shifted);
  else value.reject(column, isInfinity(value) ? NOT_FINITE : NOT_IN_CALENDAR);
}

function isInYears(low: number, high: number): boolean {
  if (high > FIRST.high && high < BEYOND.high) return true;
  if (high === FIRST.high) return low >= FIRST.low;
  return high === BEYOND.high && low < BEYOND.low;
}

function isInfinity(value: WireValue): boolean {
  const high = value.view.getInt32(value.start);
  const low = value.view.getInt32(value.start + 4);
  return (high === 0x7fffffff && low === -1) || (high === -0x80000000 && low === 0);
}

function appendText(value: WireValue, column: Int64Column): void {
  if (isInfinite(value)) {
    value.reject(column, NOT_FINITE);
    return;
  }
  const isBc = takeBcSuffix(value);
  const days = takeDate(value);
  takeExpected(value, SPACE);
  const micros = takeTime(value);
  const offset = takeOffset(value);
  takeEnd(value);
  if (isBc || days === undefined) {
    value.reject(column, NOT_IN_CALENDAR);
    return;
  }
  // The product of days and microseconds exceeds 2^53: halves are made of seconds first.
  const seconds = days * SECONDS_PER_DAY - offset;
  const product = (seconds >>> 0) * 1_000_000 + micros;
  const high = Math.floor(seconds / TWO_32) * 1_000_000 + Math.floor(product / TWO_32);
  const low = product >>> 0;
  if (isInYears(low, high)) column.append(low | 0, high);
  else value.reject(column, NOT_IN_CALENDAR);
}

function halves(micros: bigint): { readonly low: number; readonly high: number } {
  return { low: Number(micros & 0xffffffffn), high: Number(micros >> 32n) };
}
