import type { FixedBytesColumn } from '@cdc-demo/cdc-core';
import { digitOf, MINUS } from './ascii-reader.ts';
import { columnCodec } from './column-codec.ts';
import { WideInteger } from './wide-integer.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

const wide = new WideInteger();
const scratch = new Uint8Array(9);

/**
 * `money`: an integer of the currency's smallest unit, of which 100 make one. The text form is that
 * of lc_monetary=C: `-$1,234.56`.
 */
export const moneyCodec = columnCodec<FixedBytesColumn>(
  { kind: 'decimal', precision: 19, scale: 2 },
  { binary: appendBinary, text: appendText },
);

function appendBinary(value: WireValue, column: FixedBytesColumn): void {
  value.expect(8);
  const { bytes, start } = value;
  scratch[0] = (bytes[start] ?? 0) >= 0x80 ? 0xff : 0;
  for (let i = 0; i < 8; i++) scratch[i + 1] = bytes[start + i] ?? 0;
  column.append(scratch, 0);
}

function appendText(value: WireValue, column: FixedBytesColumn): void {
  const { bytes, start, end } = value;
  if (start === end) throw new MalformedValue('expected an amount');
  wide.clear();
  for (let at = start; at < end; at++) {
    const digit = digitOf(bytes[at]);
    if (digit >= 0) wide.multiplyAdd(10, digit);
  }
  if (bytes[start] === MINUS) wide.negate();
  wide.writeTo(scratch);
  column.append(scratch, 0);
}
