import type { Column, ListColumn } from '@cdc-demo/cdc-core';
import { columnCodec } from './column-codec.ts';
import type { ColumnCodec, ValueDecoder } from './column-codec.ts';
import { appendPart, takeQuoted } from './quoted-text.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

/** Dimensions, has nulls, element type; 32 bits each. */
const HEADER = 12;
/** Length and lower bound of a dimension. */
const DIMENSION = 8;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const QUOTE = 34;
const NULL_TEXT = [78, 85, 76, 76];
const OTHER_DIMENSIONS = 'it is an array of several dimensions or with a lower bound other than 1';

/**
 * Arrays of one dimension from 1 on, as lists. Others are out of range.
 * @param delimiter code of the character between elements (`pg_type.typdelim`)
 */
export function arrayCodec(element: ColumnCodec, delimiter: number): ColumnCodec {
  const { binary, text } = element;
  const field = { id: 0, name: 'element', type: element.field, nullable: true };
  return columnCodec<ListColumn>(
    { kind: 'list', element: field },
    {
      binary:
        binary === 'text-only'
          ? binary
          : (value, column) => {
              appendBinary(value, column, binary);
            },
      text: (value, column) => {
        if (isOneDimensional(value)) appendText(value, column, { text, delimiter });
        else value.reject(column, OTHER_DIMENSIONS);
      },
    },
  );
}

function appendBinary(value: WireValue, column: ListColumn, decode: ValueDecoder): void {
  const { view, start, end } = value;
  const dimensions = end - start < HEADER ? -1 : view.getInt32(start);
  if (dimensions === 0) {
    value.expect(HEADER);
    column.endList();
    return;
  }
  if (dimensions < 0 || dimensions > 6 || end - start < HEADER + DIMENSION * dimensions) {
    throw new MalformedValue('array without header');
  }
  if (dimensions > 1 || view.getInt32(start + HEADER + 4) !== 1) {
    value.reject(column, OTHER_DIMENSIONS);
    return;
  }
  let at = start + HEADER + DIMENSION;
  for (let left = view.getInt32(start + HEADER); left > 0; left--) {
    at = appendPrefixed(value, { at, end }, { column: column.element, decode });
  }
  if (at !== end) throw new MalformedValue('array longer than its elements');
  column.endList();
}

/**
 * Appends the part of a value that stands at `span.at` behind its length (−1 for NULL).
 * @returns where the part ends
 */
export function appendPrefixed(
  value: WireValue,
  span: { readonly at: number; readonly end: number },
  target: { readonly column: Column; readonly decode: ValueDecoder },
): number {
  const from = span.at + 4;
  if (from > span.end) throw new MalformedValue('part without its length');
  const length = value.view.getInt32(span.at);
  if (length === -1) {
    target.column.appendNull();
    return from;
  }
  if (length < 0 || length > span.end - from) {
    throw new MalformedValue('part longer than its value');
  }
  value.start = from;
  value.end = from + length;
  target.decode(value, target.column);
  return from + length;
}

/** Bounds are printed only where one is not 1, a second brace only for a second dimension. */
function isOneDimensional({ bytes, start, end }: WireValue): boolean {
  if (bytes[start] === OPEN_BRACKET) return false;
  if (end - start < 2 || bytes[start] !== OPEN_BRACE || bytes[end - 1] !== CLOSE_BRACE) {
    throw new MalformedValue('array without braces');
  }
  return bytes[start + 1] !== OPEN_BRACE;
}

interface TextForm {
  readonly text: ValueDecoder;
  readonly delimiter: number;
}

function appendText(value: WireValue, column: ListColumn, { text, delimiter }: TextForm): void {
  const { bytes } = value;
  const last = value.end - 1;
  const target = { column: column.element, decode: text };
  let at = value.start + 1;
  if (at === last) {
    column.endList();
    return;
  }
  for (;;) {
    let end: number;
    if (bytes[at] === QUOTE) {
      const part = takeQuoted(bytes, at, last);
      appendPart(value, part, target);
      end = part.after;
    } else {
      end = endOfElement(bytes, { at, last }, delimiter);
      if (isNullText(bytes, at, end)) target.column.appendNull();
      else appendPart(value, { at, end, escaped: false }, target);
    }
    if (end === last) break;
    if (bytes[end] !== delimiter) throw new MalformedValue('expected a delimiter');
    at = end + 1;
  }
  column.endList();
}

function endOfElement(
  bytes: Uint8Array,
  { at, last }: { readonly at: number; readonly last: number },
  delimiter: number,
): number {
  let end = at;
  while (end < last && bytes[end] !== delimiter) end++;
  if (end === at) throw new MalformedValue('expected an element');
  return end;
}

function isNullText(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at !== NULL_TEXT.length) return false;
  return NULL_TEXT.every((code, i) => bytes[at + i] === code);
}
