import type { BooleanColumn } from '@cdc-demo/cdc-core';
import { columnCodec } from './column-codec.ts';
import { isText } from './ascii-reader.ts';
import { MalformedValue } from './wire-value.ts';

/** `boolean`: one byte, or `t` and `f`. */
export const booleanCodec = columnCodec<BooleanColumn>(
  { kind: 'boolean' },
  {
    binary: (value, column) => {
      value.expect(1);
      column.append(value.bytes[value.start] === 0 ? 0 : 1);
    },
    text: (value, column) => {
      const isTrue = isText(value, 't');
      if (!isTrue && !isText(value, 'f')) throw new MalformedValue('expected t or f');
      column.append(isTrue ? 1 : 0);
    },
  },
);
