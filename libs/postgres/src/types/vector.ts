import type { FloatColumn, ListColumn } from '@cdc-demo/cdc-core';
import { columnCodec } from './column-codec.ts';
import { float4Codec } from './float.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

/** Dimensions and an unused number; 16 bits each. */
const HEADER = 4;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const COMMA = 44;

/** pgvector's `vector`: a list of 32-bit floats. Text form `[1,2.5]`. */
export const vectorCodec = columnCodec<ListColumn>(
  {
    kind: 'list',
    element: { id: 0, name: 'element', type: { kind: 'float', bits: 32 }, nullable: false },
  },
  {
    binary: (value, column) => {
      const { view, start, end } = value;
      if (end - start < HEADER) throw new MalformedValue('vector without header');
      value.expect(HEADER + view.getUint16(start) * 4);
      const element = column.element as FloatColumn;
      for (let at = start + HEADER; at < end; at += 4) element.append(view.getFloat32(at));
      column.endList();
    },
    text: appendText,
  },
);

function appendText(value: WireValue, column: ListColumn): void {
  const { bytes, start } = value;
  const last = value.end - 1;
  if (last <= start || bytes[start] !== OPEN_BRACKET || bytes[last] !== CLOSE_BRACKET) {
    throw new MalformedValue('vector without brackets');
  }
  for (let at = start + 1; at < last; ) {
    let end = at;
    while (end < last && bytes[end] !== COMMA) end++;
    value.start = at;
    value.end = end;
    float4Codec.text(value, column.element);
    at = end + 1;
  }
  column.endList();
}
