import type { MapColumn } from '@cdc-demo/cdc-core';
import { appendPrefixed } from './array.ts';
import { columnCodec } from './column-codec.ts';
import { appendPart, takeQuoted } from './quoted-text.ts';
import { textCodec } from './text.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

const QUOTE = 34;
const ARROW = [61, 62];
const SEPARATOR = [44, 32];
const NULL_TEXT = [78, 85, 76, 76];
const decode = textCodec.text;

/** `hstore`: a map of strings; values may be NULL. Text form `"a"=>"1", "b"=>NULL`. */
export const hstoreCodec = columnCodec<MapColumn>(
  {
    kind: 'map',
    key: { id: 0, name: 'key', type: { kind: 'string' }, nullable: false },
    value: { id: 0, name: 'value', type: { kind: 'string' }, nullable: true },
  },
  { binary: appendBinary, text: appendText },
);

function appendBinary(value: WireValue, column: MapColumn): void {
  const { view, start, end } = value;
  if (end - start < 4) throw new MalformedValue('hstore without header');
  let at = start + 4;
  for (let left = view.getInt32(start); left > 0; left--) {
    if (at + 4 <= end && view.getInt32(at) < 0) throw new MalformedValue('key without a value');
    at = appendPrefixed(value, { at, end }, { column: column.key, decode });
    at = appendPrefixed(value, { at, end }, { column: column.val, decode });
  }
  if (at !== end) throw new MalformedValue('hstore longer than its entries');
  column.endMap();
}

function appendText(value: WireValue, column: MapColumn): void {
  const { bytes, start, end } = value;
  let at = start;
  while (at < end) {
    if (at > start) at = after(bytes, at, SEPARATOR);
    at = appendQuoted(value, { at, end }, column.key);
    at = after(bytes, at, ARROW);
    if (bytes[at] === QUOTE) at = appendQuoted(value, { at, end }, column.val);
    else {
      at = after(bytes, at, NULL_TEXT);
      column.val.appendNull();
    }
  }
  column.endMap();
}

function appendQuoted(
  value: WireValue,
  { at, end }: { readonly at: number; readonly end: number },
  column: MapColumn['key'],
): number {
  if (value.bytes[at] !== QUOTE) throw new MalformedValue('expected a quote');
  const part = takeQuoted(value.bytes, at, end);
  appendPart(value, part, { column, decode });
  return part.after;
}

function after(bytes: Uint8Array, at: number, expected: readonly number[]): number {
  if (!expected.every((code, i) => bytes[at + i] === code)) {
    throw new MalformedValue('unexpected character');
  }
  return at + expected.length;
}
