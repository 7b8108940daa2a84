import type { FixedBytesColumn } from '@cdc-demo/cdc-core';
import { columnCodec } from './column-codec.ts';
import { hexDigitOf } from './ascii-reader.ts';
import { MalformedValue } from './wire-value.ts';

const DASH = 45;
const TEXT_LENGTH = 36;
const scratch = new Uint8Array(16);

/** `uuid`: 16 bytes, or 32 hexadecimal digits in groups of 8-4-4-4-12. */
export const uuidCodec = columnCodec<FixedBytesColumn>(
  { kind: 'uuid' },
  {
    binary: (value, column) => {
      value.expect(16);
      column.append(value.bytes, value.start);
    },
    text: (value, column) => {
      value.expect(TEXT_LENGTH);
      const { bytes } = value;
      let at = value.start;
      for (let i = 0; i < 16; i++) {
        if (i === 4 || i === 6 || i === 8 || i === 10) {
          if (bytes[at] !== DASH) throw new MalformedValue('expected a dash');
          at++;
        }
        scratch[i] = hexDigitOf(bytes[at]) * 16 + hexDigitOf(bytes[at + 1]);
        at += 2;
      }
      column.append(scratch, 0);
    },
  },
);
