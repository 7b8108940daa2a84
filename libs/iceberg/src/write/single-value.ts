import { bigIntToBytes, parseUuid } from '@cdc-demo/cdc-core';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';

/** Characters of a text, and bytes of a binary value, that bounds keep. */
const PREFIX = 16;

/**
 * A bound of a column's values (table specification, "Appendix D: Single-value serialization"),
 * cut where it is long; undefined where there is none that holds.
 */
export function boundBytes(
  type: FieldType,
  value: FieldValue,
  side: 'lower' | 'upper',
): Buffer | undefined {
  if (typeof value === 'string' && type.kind !== 'uuid') {
    const text = side === 'lower' ? lowerText(value) : upperText(value);
    return text === undefined ? undefined : Buffer.from(text);
  }
  if (type.kind === 'binary') {
    const bytes = value as Uint8Array;
    return side === 'lower' ? Buffer.from(bytes.subarray(0, PREFIX)) : upperBinary(bytes);
  }
  return valueBytes(type, value);
}

/** A whole value; undefined for a type whose values are not kept so. */
export function valueBytes(type: FieldType, value: FieldValue): Buffer | undefined {
  switch (type.kind) {
    case 'string':
      return Buffer.from(value as string);
    case 'binary':
      return Buffer.from(value as Uint8Array);
    case 'boolean':
      return Buffer.of(value === true ? 1 : 0);
    case 'int':
      return type.bits === 64 ? int64(value as bigint) : int32(value as number);
    case 'date':
      return int32(value as number);
    case 'time':
    case 'timestamp':
      return int64(value as bigint);
    case 'float':
      return type.bits === 64 ? float64(value as number) : float32(value as number);
    case 'decimal':
      return minimalBytes(value as bigint);
    case 'uuid':
      return Buffer.from(parseUuid(value as string));
    default:
      return undefined;
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function float64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

/** Two's complement in as few bytes as hold it, big-endian. */
export function minimalBytes(value: bigint): Buffer {
  let width = 1;
  while (BigInt.asIntN(width * 8, value) !== value) width++;
  return Buffer.from(bigIntToBytes(value, width));
}

function lowerText(text: string): string {
  return text.length <= PREFIX ? text : Array.from(text).slice(0, PREFIX).join('');
}

/** The first characters with the last one that has a next one increased, as it is above all. */
function upperText(text: string): string | undefined {
  const characters = Array.from(text);
  if (characters.length <= PREFIX) return text;
  for (let at = PREFIX - 1; at >= 0; at--) {
    const next = nextCharacter(characters[at]?.codePointAt(0) ?? 0);
    if (next !== undefined) return characters.slice(0, at).join('') + String.fromCodePoint(next);
  }
  return undefined;
}

/** Surrogates are no characters. */
function nextCharacter(code: number): number | undefined {
  if (code >= 0x10ffff) return undefined;
  return code >= 0xd7ff && code < 0xe000 ? 0xe000 : code + 1;
}

function upperBinary(bytes: Uint8Array): Buffer | undefined {
  if (bytes.length <= PREFIX) return Buffer.from(bytes);
  for (let at = PREFIX - 1; at >= 0; at--) {
    const byte = bytes[at] ?? 0;
    if (byte < 0xff) return Buffer.of(...bytes.subarray(0, at), byte + 1);
  }
  return undefined;
}
