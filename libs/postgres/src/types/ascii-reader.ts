import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

const ZERO = 48;
const LETTER_CASE = 32;
const LOWER_A = 97;

export const MINUS = 45;
export const POINT = 46;

/** The digit 0 to 9 that an ASCII character is, or -1. */
export function digitOf(code: number | undefined): number {
  const digit = (code ?? 0) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

/** @throws MalformedValue unless `code` is a hexadecimal digit. */
export function hexDigitOf(code: number | undefined): number {
  const digit = digitOf(code);
  if (digit >= 0) return digit;
  const letter = ((code ?? 0) | LETTER_CASE) - LOWER_A;
  if (letter < 0 || letter > 5) throw new MalformedValue('expected a hexadecimal digit');
  return letter + 10;
}

/** Is the whole value the ASCII text `expected`? */
export function isText(value: WireValue, expected: string): boolean {
  const { bytes, start } = value;
  if (value.end - start !== expected.length) return false;
  for (let i = 0; i < expected.length; i++) {
    if (bytes[start + i] !== expected.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * Reads one or more digits at `value.start` and moves behind them.
 * @throws MalformedValue when there is none, or more than make a safe integer.
 */
export function takeDigits(value: WireValue): number {
  const { bytes } = value;
  let at = value.start;
  let number = 0;
  for (; at < value.end; at++) {
    const digit = digitOf(bytes[at]);
    if (digit < 0) break;
    number = number * 10 + digit;
  }
  if (at === value.start) throw new MalformedValue('expected a digit');
  if (number > Number.MAX_SAFE_INTEGER) throw new MalformedValue('too many digits');
  value.start = at;
  return number;
}

/** Moves behind the character `code` if it is next; says whether it was. */
export function take(value: WireValue, code: number): boolean {
  if (value.start >= value.end || value.bytes[value.start] !== code) return false;
  value.start++;
  return true;
}

/** @throws MalformedValue unless the character `code` is next. */
export function takeExpected(value: WireValue, code: number): void {
  if (!take(value, code)) throw new MalformedValue('unexpected character');
}

/** @throws MalformedValue unless the value was read to its end. */
export function takeEnd(value: WireValue): void {
  if (value.start !== value.end) throw new MalformedValue('unexpected character');
}
