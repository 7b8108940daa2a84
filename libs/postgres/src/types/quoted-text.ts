import type { Column } from '@cdc-demo/cdc-core';
import type { ValueDecoder } from './column-codec.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

const QUOTE = 34;
const BACKSLASH = 92;

/** A part of a value's text: `bytes[at, end)`, quotes taken off. */
export interface TextPart {
  readonly at: number;
  readonly end: number;
  /** Backslashes or doubled quotes stand in it. */
  readonly escaped: boolean;
}

/**
 * The quoted text whose opening quote is at `at`.
 * @returns the part between the quotes, and where the closing quote ends
 * @throws MalformedValue when no closing quote stands before `last`.
 */
export function takeQuoted(
  bytes: Uint8Array,
  at: number,
  last: number,
): TextPart & { readonly after: number } {
  let escaped = false;
  for (let end = at + 1; end < last; end++) {
    const code = bytes[end];
    if (code === BACKSLASH) {
      escaped = true;
      end++;
    } else if (code === QUOTE) {
      if (end + 1 < last && bytes[end + 1] === QUOTE) {
        escaped = true;
        end++;
      } else return { at: at + 1, end, escaped, after: end + 1 };
    }
  }
  throw new MalformedValue('text without closing quote');
}

/** Appends a part of the value at hand, whose `start` and `end` are lost by it. */
export function appendPart(
  value: WireValue,
  part: TextPart,
  target: { readonly column: Column; readonly decode: ValueDecoder },
): void {
  if (part.escaped) {
    const inner = value.enter(unescaped(value.bytes, part.at, part.end));
    target.decode(inner, target.column);
    value.leave(inner);
    return;
  }
  value.start = part.at;
  value.end = part.end;
  target.decode(value, target.column);
}

/** A backslash or a quote before a character stands for that character. */
function unescaped(bytes: Uint8Array, at: number, end: number): Uint8Array {
  const target = new Uint8Array(end - at);
  let length = 0;
  for (let from = at; from < end; from++) {
    const code = bytes[from];
    if (code === BACKSLASH || code === QUOTE) from++;
    target[length++] = bytes[from] ?? 0;
  }
  return target.subarray(0, length);
}
