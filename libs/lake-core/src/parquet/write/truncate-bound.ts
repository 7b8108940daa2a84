import { isUtf8 } from 'node:buffer';

/** A bound that may have been shortened; `max` is absent where no short upper bound exists. */
export interface TruncatedBound {
  readonly bytes: Uint8Array;
  readonly exact: boolean;
}

/** Bytes that a bound of text or binary may have in statistics and column indexes. */
export const BOUND_BYTES = 64;

const MAX_CODE_POINT = 0x10ffff;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The longest prefix of at most `BOUND_BYTES`, which is a lower bound. Text is cut between
 * characters.
 */
export function truncateMin(value: Uint8Array, text: boolean): TruncatedBound {
  if (value.length <= BOUND_BYTES) return { bytes: value, exact: true };
  return { bytes: value.subarray(0, text ? characterEnd(value) : BOUND_BYTES), exact: false };
}

/**
 * A prefix of about `BOUND_BYTES` whose last character (binary: byte) that can be was increased,
 * which is an upper bound; 'none' when there is no such: every one is the greatest there is, or the
 * text is not UTF-8.
 */
export function truncateMax(value: Uint8Array, text: boolean): TruncatedBound | 'none' {
  if (value.length <= BOUND_BYTES) return { bytes: value, exact: true };
  const bytes = text ? increasedText(value) : increasedBytes(value);
  return bytes === 'none' ? 'none' : { bytes, exact: false };
}

/** The end of the last character that lies wholly in the first `BOUND_BYTES`. */
function characterEnd(value: Uint8Array): number {
  let end = BOUND_BYTES;
  while (end > 0 && ((value[end] ?? 0) & 0xc0) === 0x80) end--;
  return end;
}

function increasedBytes(value: Uint8Array): Uint8Array | 'none' {
  for (let end = BOUND_BYTES; end > 0; end--) {
    const last = value[end - 1] ?? 0;
    if (last === 0xff) continue;
    const bytes = value.slice(0, end);
    bytes[end - 1] = last + 1;
    return bytes;
  }
  return 'none';
}

function increasedText(value: Uint8Array): Uint8Array | 'none' {
  const prefix = value.subarray(0, characterEnd(value));
  if (!isUtf8(prefix)) return 'none';
  const characters = Array.from(decoder.decode(prefix));
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const codePoint = last.codePointAt(0) ?? MAX_CODE_POINT;
    if (codePoint === MAX_CODE_POINT) continue;
    // The code points from D800 to DFFF are no characters.
    const next = codePoint === 0xd7ff ? 0xe000 : codePoint + 1;
    return encoder.encode(characters.join('') + String.fromCodePoint(next));
  }
  return 'none';
}
