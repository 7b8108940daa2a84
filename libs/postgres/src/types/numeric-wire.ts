import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

/**
 * Bytes before the groups of what `numeric_send` writes: number of groups, weight of the first
 * group (its power of 10 000), sign, digits behind the point; each 16 bits, as each group is.
 */
export const NUMERIC_HEADER = 8;
export const NUMERIC_NEGATIVE = 0x4000;

const SPECIAL = new Map([
  [0xc000, 'NaN'],
  [0xd000, 'Infinity'],
  [0xf000, '-Infinity'],
]);

/** The text of a sign that stands for no number, or undefined. */
export function specialName(sign: number): string | undefined {
  return sign < 0xc000 ? undefined : SPECIAL.get(sign);
}

/** @throws MalformedValue unless the value at hand is a well-formed binary numeric. */
export function checkNumeric(value: WireValue): void {
  const { view, start, end } = value;
  if (end - start < NUMERIC_HEADER) throw new MalformedValue('numeric without header');
  value.expect(NUMERIC_HEADER + view.getUint16(start) * 2);
  const sign = view.getUint16(start + 4);
  if (sign !== 0 && sign !== NUMERIC_NEGATIVE && !SPECIAL.has(sign)) {
    throw new MalformedValue('numeric with an unknown sign');
  }
  for (let at = start + NUMERIC_HEADER; at < end; at += 2) {
    if (view.getUint16(at) > 9999) throw new MalformedValue('numeric with a group above 9999');
  }
}
