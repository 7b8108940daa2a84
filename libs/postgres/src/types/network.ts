import type { BytesColumn } from '@cdc-demo/cdc-core';
import { AsciiWriter } from './ascii-writer.ts';
import { POINT } from './ascii-reader.ts';
import { columnCodec } from './column-codec.ts';
import type { ColumnCodec } from './column-codec.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

/** `PGSQL_AF_INET` and `PGSQL_AF_INET6`. */
const IPV4 = 2;
const IPV6 = 3;
const HEADER = 4;
const COLON = 58;
const SLASH = 47;
const out = new AsciiWriter();

/** `inet`: `/bits` only where it is not the whole address. */
export const inetCodec = addressCodec(false);
/** `cidr`: always with `/bits`. */
export const cidrCodec = addressCodec(true);
export const macaddrCodec = macCodec(6);
export const macaddr8Codec = macCodec(8);

function addressCodec(isCidr: boolean): ColumnCodec {
  return columnCodec<BytesColumn>(
    { kind: 'string' },
    {
      binary: (value, column) => {
        writeAddress(value, isCidr);
        out.appendTo(column);
      },
      text: (value, column) => column.append(value.bytes, value.start, value.end),
    },
  );
}

/** What `inet_send` writes: family, bits, is cidr, number of bytes, then these. */
function writeAddress(value: WireValue, isCidr: boolean): void {
  const { bytes, start } = value;
  if (value.end - start < HEADER) throw new MalformedValue('address without header');
  const family = bytes[start];
  const bits = bytes[start + 1] ?? 0;
  const length = bytes[start + 3] ?? 0;
  if ((family !== IPV4 || length !== 4) && (family !== IPV6 || length !== 16)) {
    throw new MalformedValue('address of an unknown family');
  }
  value.expect(HEADER + length);
  if (bits > length * 8) throw new MalformedValue('address with too long a prefix');
  out.clear();
  if (family === IPV4) writeIpv4(bytes, start + HEADER);
  else writeIpv6(bytes, start + HEADER);
  if (isCidr || bits !== length * 8) out.char(SLASH).digits(bits, 1);
}

function writeIpv4(bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 4; i++) {
    if (i > 0) out.char(POINT);
    out.digits(bytes[at + i] ?? 0, 1);
  }
}

/**
 * The longest run of two or more zero groups becomes `::`. Addresses that hold an IPv4 address
 * (`::ffff:a.b.c.d`, `::a.b.c.d`) end in its own form.
 */
function writeIpv6(bytes: Uint8Array, at: number): void {
  const group = (i: number): number =>
    ((bytes[at + i * 2] ?? 0) << 8) | (bytes[at + i * 2 + 1] ?? 0);
  const zeros = longestZeroRun(group);
  const holdsIpv4 =
    zeros.from === 0 &&
    (zeros.length === 6 ||
      (zeros.length === 7 && group(7) !== 1) ||
      (zeros.length === 5 && group(5) === 0xffff));
  for (let i = 0; i < 8; i++) {
    if (i >= zeros.from && i < zeros.from + zeros.length) {
      if (i === zeros.from) out.char(COLON);
      continue;
    }
    if (i > 0) out.char(COLON);
    if (i === 6 && holdsIpv4) {
      writeIpv4(bytes, at + 12);
      return;
    }
    out.text(group(i).toString(16));
  }
  if (zeros.from + zeros.length === 8) out.char(COLON);
}

function longestZeroRun(group: (i: number) => number): { from: number; length: number } {
  let longest = { from: -1, length: 0 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (from + length < 8 && group(from + length) === 0) length++;
    if (length >= 2 && length > longest.length) longest = { from, length };
    from += length;
  }
  return longest;
}

/** `08:00:2b:01:02:03`, two digits a byte. */
function macCodec(length: number): ColumnCodec {
  return columnCodec<BytesColumn>(
    { kind: 'string' },
    {
      binary: (value, column) => {
        value.expect(length);
        out.clear();
        for (let at = value.start; at < value.end; at++) {
          if (at > value.start) out.char(COLON);
          const byte = value.bytes[at] ?? 0;
          out.text((byte >> 4).toString(16)).text((byte & 15).toString(16));
        }
        out.appendTo(column);
      },
      text: (value, column) => column.append(value.bytes, value.start, value.end),
    },
  );
}
