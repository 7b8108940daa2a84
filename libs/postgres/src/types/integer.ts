import type { Int32Column, Int64Column } from '@cdc-demo/cdc-core';
import { columnCodec } from './column-codec.ts';
import { digitOf, MINUS, take, takeDigits, takeEnd } from './ascii-reader.ts';
import { WideInteger } from './wide-integer.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

const SAFE_DIGITS = 15;
const TWO_32 = 4294967296;
const wide = new WideInteger();

export const int2Codec = columnCodec<Int32Column>(
  { kind: 'int', bits: 16 },
  {
    binary: (value, column) => {
      value.expect(2);
      column.append(value.view.getInt16(value.start));
    },
    text: (value, column) => column.append(smallInteger(value, 0x8000)),
  },
);

export const int4Codec = columnCodec<Int32Column>(
  { kind: 'int', bits: 32 },
  {
    binary: (value, column) => {
      value.expect(4);
      column.append(value.view.getInt32(value.start));
    },
    text: (value, column) => column.append(smallInteger(value, 0x80000000)),
  },
);

export const int8Codec = columnCodec<Int64Column>(
  { kind: 'int', bits: 64 },
  {
    binary: (value, column) => {
      value.expect(8);
      column.append(value.view.getInt32(value.start + 4), value.view.getInt32(value.start));
    },
    text: appendInteger,
  },
);

/** `oid` and `xid`: unsigned 32-bit, as a 64-bit integer. */
export const unsigned4Codec = columnCodec<Int64Column>(
  { kind: 'int', bits: 64 },
  {
    binary: (value, column) => {
      value.expect(4);
      column.append(value.view.getInt32(value.start), 0);
    },
    text: appendInteger,
  },
);

/** A safe integer as the two halves that an `Int64Column` takes. */
export function appendSafeInteger(column: Int64Column, integer: number): void {
  column.append(integer | 0, Math.floor(integer / TWO_32));
}

function smallInteger(value: WireValue, limit: number): number {
  const isNegative = take(value, MINUS);
  const magnitude = takeDigits(value);
  takeEnd(value);
  if (magnitude > (isNegative ? limit : limit - 1)) throw new MalformedValue('integer too large');
  return isNegative ? -magnitude : magnitude;
}

function appendInteger(value: WireValue, column: Int64Column): void {
  if (value.end - value.start > SAFE_DIGITS) {
    appendLongInteger(value, column);
    return;
  }
  const isNegative = take(value, MINUS);
  const magnitude = takeDigits(value);
  takeEnd(value);
  appendSafeInteger(column, isNegative ? -magnitude : magnitude);
}

function appendLongInteger(value: WireValue, column: Int64Column): void {
  const { bytes, end } = value;
  const isNegative = take(value, MINUS);
  if (end - value.start > 19) throw new MalformedValue('integer too large');
  wide.clear();
  for (let at = value.start; at < end; at++) {
    const digit = digitOf(bytes[at]);
    if (digit < 0) throw new MalformedValue('expected a digit');
    wide.multiplyAdd(10, digit);
  }
  if (isNegative) wide.negate();
  // Up to 19 digits stay below 2^64: the sign bit alone tells whether 64 signed bits hold them.
  if (wide.high < 0 !== isNegative) throw new MalformedValue('integer too large');
  column.append(wide.low, wide.high);
}
