import type { BytesColumn, FieldType } from '@cdc-demo/cdc-core';
import { columnCodec } from './column-codec.ts';
import type { ColumnCodec } from './column-codec.ts';
import { AsciiWriter } from './ascii-writer.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

const BACKSLASH = 92;
const ZERO = 48;
const JSONB_VERSION = 1;
const out = new AsciiWriter();

/** `text`, `varchar`, `bpchar`, `name`, `citext`, `xml`, enums: the same bytes in both forms. */
export const textCodec = sameBytesCodec({ kind: 'string' });

/** `json`: the text as it was stored. */
export const jsonCodec = sameBytesCodec({ kind: 'json' });

/** `jsonb`: a version byte before the text in binary. */
export const jsonbCodec = versionedTextCodec({ kind: 'json' });

/** `ltree`, `lquery` and `ltxtquery`: strings that are sent as jsonb is. */
export const versionedStringCodec = versionedTextCodec({ kind: 'string' });

/** Any type whose binary form is not known here: what the server prints. */
export const unknownCodec = columnCodec<BytesColumn>(
  { kind: 'string' },
  { binary: 'text-only', text: appendBytes },
);

/** `"char"`: one byte; 0 is the empty string, beyond ASCII it is an octal escape. */
export const charCodec = columnCodec<BytesColumn>(
  { kind: 'string' },
  {
    binary: (value, column) => {
      value.expect(1);
      appendChar(value.bytes[value.start] ?? 0, column);
    },
    text: (value, column) => {
      const { bytes, start, end } = value;
      if (end - start === 1) appendChar(bytes[start] ?? 0, column);
      else column.append(bytes, start, end);
    },
  },
);

function appendChar(byte: number, column: BytesColumn): void {
  out.clear();
  if (byte >= 0x80) {
    out.char(BACKSLASH);
    for (const shift of [6, 3, 0]) out.char(ZERO + ((byte >> shift) & 7));
  } else if (byte !== 0) {
    out.char(byte);
  }
  out.appendTo(column);
}

function sameBytesCodec(field: FieldType): ColumnCodec {
  return columnCodec<BytesColumn>(field, { binary: appendBytes, text: appendBytes });
}

function versionedTextCodec(field: FieldType): ColumnCodec {
  return columnCodec<BytesColumn>(field, {
    binary: (value, column) => {
      const { bytes, start, end } = value;
      if (start === end || bytes[start] !== JSONB_VERSION) {
        throw new MalformedValue(`expected version ${JSONB_VERSION}`);
      }
      column.append(bytes, start + 1, end);
    },
    text: appendBytes,
  });
}

function appendBytes(value: WireValue, column: BytesColumn): void {
  column.append(value.bytes, value.start, value.end);
}
