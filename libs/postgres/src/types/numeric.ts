import type { BytesColumn } from '@cdc-demo/cdc-core';
import { AsciiWriter } from './ascii-writer.ts';
import { MINUS, POINT } from './ascii-reader.ts';
import { columnCodec } from './column-codec.ts';
import type { ColumnCodec } from './column-codec.ts';
import { decimalCodec } from './decimal.ts';
import { checkNumeric, NUMERIC_HEADER, NUMERIC_NEGATIVE, specialName } from './numeric-wire.ts';
import type { WireValue } from './wire-value.ts';

const MAX_PRECISION = 38;
const VARHDRSZ = 4;
const out = new AsciiWriter();

/**
 * `numeric` by its typmod: a decimal where 38 digits hold every value, otherwise the server's own
 * text. Scale below 0 makes a decimal of scale 0, scale above the precision one of the scale's
 * precision.
 */
export function numericCodec(typmod: number): ColumnCodec {
  if (typmod < VARHDRSZ) return numericTextCodec;
  const precision = ((typmod - VARHDRSZ) >> 16) & 0xffff;
  const scale = ((((typmod - VARHDRSZ) & 0x7ff) ^ 0x400) - 0x400) | 0;
  const digits = scale < 0 ? precision - scale : Math.max(precision, scale);
  return digits > MAX_PRECISION ? numericTextCodec : decimalCodec(digits, Math.max(scale, 0));
}

/** `numeric` of any size: what the server prints, NaN and infinities included. */
const numericTextCodec = columnCodec<BytesColumn>(
  { kind: 'string' },
  {
    binary: (value, column) => {
      checkNumeric(value);
      writeNumeric(value);
      out.appendTo(column);
    },
    text: (value, column) => column.append(value.bytes, value.start, value.end),
  },
);

function writeNumeric(value: WireValue): void {
  const { view, start } = value;
  const groups = view.getUint16(start);
  const weight = view.getInt16(start + 2);
  const sign = view.getUint16(start + 4);
  const scale = view.getUint16(start + 6);
  out.clear();
  const special = specialName(sign);
  if (special !== undefined) {
    out.text(special);
    return;
  }
  const group = (exponent: number): number => {
    const index = weight - exponent;
    return index >= 0 && index < groups ? view.getInt16(start + NUMERIC_HEADER + index * 2) : 0;
  };
  if (sign === NUMERIC_NEGATIVE) out.char(MINUS);
  out.digits(group(Math.max(weight, 0)), 1);
  for (let exponent = weight - 1; exponent >= 0; exponent--) out.digits(group(exponent), 4);
  if (scale === 0) return;
  out.char(POINT);
  for (let exponent = -1, left = scale; left > 0; exponent--, left -= 4) {
    if (left >= 4) out.digits(group(exponent), 4);
    else out.digits(Math.floor(group(exponent) / 10 ** (4 - left)), left);
  }
}
