import type { BytesColumn } from '@cdc-demo/cdc-core';
import { AsciiWriter } from './ascii-writer.ts';
import { MINUS } from './ascii-reader.ts';
import { columnCodec } from './column-codec.ts';
import type { ColumnCodec } from './column-codec.ts';
import type { WireValue } from './wire-value.ts';

/** `server_version_num` from which intervals can be infinite. */
const INFINITE_SINCE = 170000;
const LARGEST_INT32 = 0x7fffffff;
const SMALLEST_INT32 = -0x80000000;
const LARGEST_INT64 = 0x7fffffffffffffffn;
const SMALLEST_INT64 = -0x8000000000000000n;
const MICROS_PER_HOUR = 3_600_000_000n;
const MICROS_PER_SECOND = 1_000_000;
const out = new AsciiWriter();

/** `interval`: a string, ISO 8601 as the server prints it with intervalstyle=iso_8601. */
export function intervalCodec(serverVersion: number): ColumnCodec {
  const canBeInfinite = serverVersion >= INFINITE_SINCE;
  return columnCodec<BytesColumn>(
    { kind: 'string' },
    {
      binary: (value, column) => {
        value.expect(16);
        out.clear();
        if (!canBeInfinite || !writeInfinity(value)) writeInterval(value);
        out.appendTo(column);
      },
      text: (value, column) => column.append(value.bytes, value.start, value.end),
    },
  );
}

function writeInfinity({ view, start }: WireValue): boolean {
  const micros = view.getBigInt64(start);
  const days = view.getInt32(start + 8);
  const months = view.getInt32(start + 12);
  if (micros === LARGEST_INT64 && days === LARGEST_INT32 && months === LARGEST_INT32) {
    out.text('infinity');
    return true;
  }
  if (micros === SMALLEST_INT64 && days === SMALLEST_INT32 && months === SMALLEST_INT32) {
    out.text('-infinity');
    return true;
  }
  return false;
}

function writeInterval({ view, start }: WireValue): void {
  const time = view.getBigInt64(start);
  const days = view.getInt32(start + 8);
  const months = view.getInt32(start + 12);
  const hours = Number(time / MICROS_PER_HOUR);
  const micros = Number(time % MICROS_PER_HOUR);
  if (months === 0 && days === 0 && time === 0n) {
    out.text('PT0S');
    return;
  }
  out.text('P');
  writePart(Math.trunc(months / 12), 'Y');
  writePart(months % 12, 'M');
  writePart(days, 'D');
  if (time !== 0n) out.text('T');
  writePart(hours, 'H');
  const seconds = Math.trunc(micros / MICROS_PER_SECOND);
  writePart(Math.trunc(seconds / 60), 'M');
  writeSeconds(seconds % 60, micros % MICROS_PER_SECOND);
}

function writePart(value: number, unit: string): void {
  if (value === 0) return;
  if (value < 0) out.char(MINUS);
  out.digits(Math.abs(value), 1).text(unit);
}

function writeSeconds(seconds: number, micros: number): void {
  if (seconds === 0 && micros === 0) return;
  if (seconds < 0 || micros < 0) out.char(MINUS);
  out.digits(Math.abs(seconds), 1).fraction(Math.abs(micros)).text('S');
}
