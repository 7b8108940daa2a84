import type { BytesColumn } from '@cdc-demo/cdc-core';
import { AsciiWriter } from './ascii-writer.ts';
import { columnCodec } from './column-codec.ts';
import { MalformedValue } from './wire-value.ts';

const ZERO = 48;
const HEADER = 4;
const out = new AsciiWriter();

/** `bit` and `varbit`: a string of `0` and `1`. */
export const bitStringCodec = columnCodec<BytesColumn>(
  { kind: 'string' },
  {
    binary: (value, column) => {
      const { bytes, view, start, end } = value;
      const bits = end - start < HEADER ? -1 : view.getInt32(start);
      if (bits < 0) throw new MalformedValue('bit string without its length');
      value.expect(HEADER + Math.ceil(bits / 8));
      out.clear();
      for (let i = 0; i < bits; i++) {
        const byte = bytes[start + HEADER + (i >> 3)] ?? 0;
        out.char(ZERO + ((byte >> (7 - (i & 7))) & 1));
      }
      out.appendTo(column);
    },
    text: (value, column) => column.append(value.bytes, value.start, value.end),
  },
);
