import type { BytesColumn } from '@cdc-demo/cdc-core';
import { AsciiWriter } from './ascii-writer.ts';
import { columnCodec } from './column-codec.ts';
import type { ColumnCodec } from './column-codec.ts';
import type { WireValue } from './wire-value.ts';

const out = new AsciiWriter();

/** `pg_lsn`: a string, `16/B374D848`. */
export const pgLsnCodec = writtenCodec((value) => {
  value.expect(8);
  const { view, start } = value;
  out
    .text(hex(view.getUint32(start)))
    .text('/')
    .text(hex(view.getUint32(start + 4)));
});

/** `xid8`: a string of up to 20 digits, since 64 signed bits do not hold it. */
export const xid8Codec = writtenCodec((value) => {
  value.expect(8);
  out.text(value.view.getBigUint64(value.start).toString());
});

/** `tid`: a string, `(0,1)`. */
export const tidCodec = writtenCodec((value) => {
  value.expect(6);
  const { view, start } = value;
  out.text('(').digits(view.getUint32(start), 1).text(',');
  out.digits(view.getUint16(start + 4), 1).text(')');
});

/** `cid`: a string of digits. */
export const cidCodec = writtenCodec((value) => {
  value.expect(4);
  out.digits(value.view.getUint32(value.start), 1);
});

function hex(word: number): string {
  return word.toString(16).toUpperCase();
}

function writtenCodec(write: (value: WireValue) => void): ColumnCodec {
  return columnCodec<BytesColumn>(
    { kind: 'string' },
    {
      binary: (value, column) => {
        out.clear();
        write(value);
        out.appendTo(column);
      },
      text: (value, column) => column.append(value.bytes, value.start, value.end),
    },
  );
}
