import type { FloatColumn } from '@cdc-demo/cdc-core';
import { digitOf, MINUS, POINT } from './ascii-reader.ts';
import { columnCodec } from './column-codec.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

const decoder = new TextDecoder('latin1');
const SAFE_DIGITS = 15;
const NUMBER = /^(-?\d+(\.\d+)?(e[+-]\d+)?|-?Infinity|NaN)$/;

export const float4Codec = columnCodec<FloatColumn>(
  { kind: 'float', bits: 32 },
  {
    binary: (value, column) => {
      value.expect(4);
      column.append(value.view.getFloat32(value.start));
    },
    text: appendFloat,
  },
);

export const float8Codec = columnCodec<FloatColumn>(
  { kind: 'float', bits: 64 },
  {
    binary: (value, column) => {
      value.expect(8);
      column.append(value.view.getFloat64(value.start));
    },
    text: appendFloat,
  },
);

/**
 * With extra_float_digits 1 or more the server prints the shortest text that reads back the same.
 */
function appendFloat(value: WireValue, column: FloatColumn): void {
  const short = shortDecimal(value);
  column.append(short === undefined ? parsed(value) : short);
}

/**
 * A number without exponent and with up to 15 digits. Digits and power of ten are exact then, so
 * that their quotient is the nearest float.
 */
function shortDecimal({ bytes, start, end }: WireValue): number | undefined {
  const isNegative = bytes[start] === MINUS;
  const from = isNegative ? start + 1 : start;
  if (from === end || end - from > SAFE_DIGITS) return undefined;
  let digits = 0;
  let point = end;
  for (let at = from; at < end; at++) {
    const digit = digitOf(bytes[at]);
    if (digit >= 0) digits = digits * 10 + digit;
    else if (bytes[at] === POINT && point === end && at > from && at < end - 1) point = at + 1;
    else return undefined;
  }
  const magnitude = digits / 10 ** (end - point);
  return isNegative ? -magnitude : magnitude;
}

function parsed(value: WireValue): number {
  const text = decoder.decode(value.bytes.subarray(value.start, value.end));
  if (!NUMBER.test(text)) throw new MalformedValue('expected a floating-point number');
  return Number(text);
}
