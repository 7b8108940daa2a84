import type { BytesColumn, Int64Column } from '@cdc-demo/cdc-core';
import { takeEnd } from './ascii-reader.ts';
import { AsciiWriter } from './ascii-writer.ts';
import { MICROS_PER_DAY, MICROS_PER_SECOND, takeTime } from './calendar.ts';
import { columnCodec } from './column-codec.ts';
import { appendSafeInteger } from './integer.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

const COLON = 58;
const PLUS = 43;
const MINUS = 45;
const TWO_32 = 4294967296;
const out = new AsciiWriter();

/** `time`: microseconds since midnight, 24:00:00 included. */
export const timeCodec = columnCodec<Int64Column>(
  { kind: 'time' },
  {
    binary: (value, column) => {
      value.expect(8);
      appendSafeInteger(column, microsOfDay(value));
    },
    text: (value, column) => {
      const micros = takeTime(value);
      takeEnd(value);
      appendSafeInteger(column, micros);
    },
  },
);

/** `timetz`: a string as the server prints it, `04:05:06.789-08`. */
export const timetzCodec = columnCodec<BytesColumn>(
  { kind: 'string' },
  {
    binary: (value, column) => {
      value.expect(12);
      out.clear();
      writeTime(microsOfDay(value));
      writeOffset(value.view.getInt32(value.start + 8));
      out.appendTo(column);
    },
    text: (value, column) => column.append(value.bytes, value.start, value.end),
  },
);

function microsOfDay(value: WireValue): number {
  const { view, start } = value;
  const micros = view.getInt32(start) * TWO_32 + view.getUint32(start + 4);
  if (micros < 0 || micros > MICROS_PER_DAY) throw new MalformedValue('not a time of day');
  return micros;
}

function writeTime(micros: number): void {
  const seconds = Math.floor(micros / MICROS_PER_SECOND);
  out.digits(Math.floor(seconds / 3600), 2).char(COLON);
  out.digits(Math.floor(seconds / 60) % 60, 2).char(COLON);
  out.digits(seconds % 60, 2).fraction(micros % MICROS_PER_SECOND);
}

/** @param secondsWest seconds west of Greenwich, as Postgres keeps them */
function writeOffset(secondsWest: number): void {
  const seconds = Math.abs(secondsWest);
  out.char(secondsWest > 0 ? MINUS : PLUS).digits(Math.floor(seconds / 3600), 2);
  if (seconds % 3600 === 0) return;
  out.char(COLON).digits(Math.floor(seconds / 60) % 60, 2);
  if (seconds % 60 !== 0) out.char(COLON).digits(seconds % 60, 2);
}
