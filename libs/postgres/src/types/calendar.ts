import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';
import { take, takeDigits, takeExpected } from './ascii-reader.ts';
import { MINUS, POINT } from './ascii-reader.ts';

const COLON = 58;
const PLUS = 43;

/** Days from 1970-01-01 to 2000-01-01, the epoch of Postgres. */
export const POSTGRES_EPOCH_DAYS = 10957;
/** 0001-01-01 and 9999-12-31 in days since 1970-01-01. */
export const FIRST_DAY = -719162;
export const LAST_DAY = 2932896;
export const MICROS_PER_SECOND = 1_000_000;
export const MICROS_PER_DAY = 86_400_000_000;

/** Days since 1970-01-01 of a date of the proleptic Gregorian calendar, years 1 to 9999. */
export function daysOf(year: number, month: number, day: number): number {
  // Years begin in March here, so that a leap day is the last of its year.
  const marchYear = month > 2 ? year : year - 1;
  const monthOfYear = (month + 9) % 12;
  const leapDays =
    Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + Math.floor((monthOfYear * 153 + 2) / 5) + day - 719469;
}

/**
 * Reads `YYYY-MM-DD` and moves behind it.
 * @returns days since 1970-01-01, or undefined for years past 9999.
 */
export function takeDate(value: WireValue): number | undefined {
  const year = takeDigits(value);
  takeExpected(value, MINUS);
  const month = takeDigits(value);
  takeExpected(value, MINUS);
  const day = takeDigits(value);
  if (month < 1 || month > 12 || day < 1 || day > 31) {
    throw new MalformedValue('expected a date');
  }
  return year > 9999 ? undefined : daysOf(year, month, day);
}

/** Reads `HH:MM:SS[.ffffff]` and moves behind it; microseconds since midnight. */
export function takeTime(value: WireValue): number {
  const hour = takeDigits(value);
  takeExpected(value, COLON);
  const minute = takeDigits(value);
  takeExpected(value, COLON);
  const second = takeDigits(value);
  if (hour > 24 || minute > 59 || second > 60) throw new MalformedValue('expected a time');
  const micros = ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + takeFraction(value);
  if (micros > MICROS_PER_DAY) throw new MalformedValue('expected a time');
  return micros;
}

/** Reads `+HH[:MM[:SS]]`, `-HH…` or nothing; seconds east of Greenwich. */
export function takeOffset(value: WireValue): number {
  const isWest = take(value, MINUS);
  if (!isWest && !take(value, PLUS)) return 0;
  let seconds = takeDigits(value) * 3600;
  if (take(value, COLON)) seconds += takeDigits(value) * 60;
  if (take(value, COLON)) seconds += takeDigits(value);
  return isWest ? -seconds : seconds;
}

function takeFraction(value: WireValue): number {
  if (!take(value, POINT)) return 0;
  const from = value.start;
  const digits = takeDigits(value);
  const count = value.start - from;
  if (count > 6) throw new MalformedValue('expected up to six digits of a second');
  return digits * 10 ** (6 - count);
}
