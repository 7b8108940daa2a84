import type { FieldValue, MapEntries } from '../columns/field-value.ts';
import type { Field, FieldType } from '../schema/field.ts';
import { formatDecimal } from './decimal.ts';
import { formatDate, formatTime, formatTimestamp } from './temporal.ts';
import { formatHex } from './uuid.ts';

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * A value as JSON text in the one form in which tables are printed and compared: integers beyond
 * ±(2^53 − 1) as strings, decimals as strings at their scale, floats as the shortest number that
 * reads back the same (`"NaN"`, `"Infinity"`, `"-Infinity"`, `"-0"` as strings), dates, times and
 * timestamps as ISO 8601 strings with microseconds, binary as lower-case hexadecimal, maps as
 * arrays of `[key, value]` sorted by the code points of the key's own JSON text, a variant as the
 * JSON that it is, NULL as null.
 */
export function canonicalJson(type: FieldType, value: FieldValue): string {
  if (value === null) return 'null';
  switch (type.kind) {
    case 'int':
      return typeof value === 'bigint' && (value > MAX_SAFE || value < -MAX_SAFE)
        ? `"${value.toString()}"`
        : (value as number | bigint).toString();
    case 'float':
      return floatJson(value as number, type.bits);
    case 'decimal':
      return `"${formatDecimal(value as bigint, type.scale)}"`;
    case 'date':
      return `"${formatDate(value as number)}"`;
    case 'time':
      return `"${formatTime(value as bigint)}"`;
    case 'timestamp':
      return `"${formatTimestamp(value as bigint, type.zone)}"`;
    case 'binary':
      return `"${formatHex(value as Uint8Array)}"`;
    case 'list':
    case 'map':
    case 'struct':
      return nestedJson(type, value);
    case 'variant':
      return value as string;
    default:
      return JSON.stringify(value);
  }
}

/** A row as one JSON object, keys in the order of `fields`, none left out. */
export function canonicalRow(fields: readonly Field[], values: readonly FieldValue[]): string {
  const members = fields.map(
    (field, i) => `${JSON.stringify(field.name)}:${canonicalJson(field.type, values[i] ?? null)}`,
  );
  return `{${members.join(',')}}`;
}

function nestedJson(
  type: FieldType & { kind: 'list' | 'map' | 'struct' },
  value: FieldValue,
): string {
  switch (type.kind) {
    case 'list': {
      const items = value as readonly FieldValue[];
      return `[${items.map((item) => canonicalJson(type.element.type, item)).join(',')}]`;
    }
    case 'map': {
      const entries = (value as MapEntries).map(([key, val]) => [
        canonicalJson(type.key.type, key),
        canonicalJson(type.value.type, val),
      ]);
      entries.sort(([a = ''], [b = '']) => compareCodePoints(a, b));
      return `[${entries.map((entry) => `[${entry.join(',')}]`).join(',')}]`;
    }
    case 'struct': {
      const object = value as Readonly<Record<string, FieldValue>>;
      return canonicalRow(
        type.fields,
        type.fields.map((field) => object[field.name] ?? null),
      );
    }
  }
}

function floatJson(value: number, bits: 32 | 64): string {
  if (Object.is(value, -0)) return '"-0"';
  if (!Number.isFinite(value)) return `"${String(value)}"`;
  return String(bits === 32 ? shortestFloat32(value) : value);
}

/**
 * The decimal of fewest digits that rounds to the same 32-bit float; of two that are as near, the
 * one whose last digit is even.
 */
function shortestFloat32(value: number): number {
  let digits = 1;
  let nearest = Number(value.toPrecision(digits));
  while (Math.fround(nearest) !== value) nearest = Number(value.toPrecision(++digits));
  const isHalfway = Number(value.toPrecision(digits + 1)) === value && nearest !== value;
  return isHalfway ? evenOfHalfway(value, digits, nearest) : nearest;
}

/** `toPrecision` rounds a half away from zero. */
function evenOfHalfway(value: number, digits: number, away: number): number {
  const [mantissa = '', exponent = ''] = value.toExponential(99).split('e');
  const length = (value < 0 ? 1 : 0) + (digits === 1 ? 1 : digits + 1);
  if (!/^\.?50*$/.test(mantissa.slice(length))) return away;
  const towards = Number(`${mantissa.slice(0, length)}e${exponent}`);
  const isEven = Number(mantissa[length - 1]) % 2 === 0;
  return isEven && Math.fround(towards) === value ? towards : away;
}

function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = codePointRank(a.charCodeAt(i)) - codePointRank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Code units in the order of the code points they belong to: surrogates behind all others. */
function codePointRank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}
