import type { BytesColumn } from '@cdc-demo/cdc-core';
import { columnCodec } from './column-codec.ts';
import type { ColumnCodec } from './column-codec.ts';
import { hexDigitOf } from './ascii-reader.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

const BACKSLASH = 92;
const LOWER_X = 120;
/** Longer values get a buffer of their own, so that one large value is not kept in memory. */
const SCRATCH_BYTES = 65536;
const scratch = new Uint8Array(SCRATCH_BYTES);

/** `bytea`: text form `\x` and hexadecimal digits (bytea_output=hex). */
export const byteaCodec = binaryCodec((value) => {
  const { bytes, start, end } = value;
  if (end - start < 2 || bytes[start] !== BACKSLASH || bytes[start + 1] !== LOWER_X) {
    throw new MalformedValue('expected \\x and hexadecimal digits');
  }
  value.start = start + 2;
});

/** PostGIS `geometry` and `geography`: EWKB; text form hexadecimal digits alone. */
export const geometryCodec = binaryCodec(() => undefined);

function binaryCodec(takePrefix: (value: WireValue) => void): ColumnCodec {
  return columnCodec<BytesColumn>(
    { kind: 'binary' },
    {
      binary: (value, column) => column.append(value.bytes, value.start, value.end),
      text: (value, column) => {
        takePrefix(value);
        appendHex(value, column);
      },
    },
  );
}

function appendHex(value: WireValue, column: BytesColumn): void {
  const { bytes, start, end } = value;
  if ((end - start) % 2 !== 0) throw new MalformedValue('expected pairs of hexadecimal digits');
  const length = (end - start) / 2;
  const target = length > SCRATCH_BYTES ? new Uint8Array(length) : scratch;
  for (let i = 0, at = start; i < length; i++, at += 2) {
    target[i] = hexDigitOf(bytes[at]) * 16 + hexDigitOf(bytes[at + 1]);
  }
  column.append(target, 0, length);
}
