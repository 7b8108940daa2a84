import { describeType } from '@cdc-demo/cdc-core';
import type {
  BooleanColumn,
  BytesColumn,
  Column,
  FieldType,
  FixedBytesColumn,
  FloatColumn,
  Int32Column,
  Int64Column,
} from '@cdc-demo/cdc-core';
import type { Place } from '../place.ts';
import type { StoredMeaning, StoredType } from '../stored-type.ts';
import type { Append } from './append.ts';
import {
  appendBooleans,
  appendByteArrays,
  appendFixedAsByteArrays,
  appendFixedBytes,
  appendTextAsUuids,
  appendUuidsAsText,
} from './append-bytes.ts';
import { appendDecimals } from './append-decimal.ts';
import { appendFloats, appendHalfFloats, appendInt32AsFloats } from './append-float.ts';
import {
  appendInt32,
  appendInt32InRange,
  appendInt64Narrowed,
  integerRange,
} from './append-int32.ts';
import { appendInt32Widened, appendInt64, appendUnsignedInt64 } from './append-int64.ts';
import { appendDaysAsMicros, appendInt96, appendMicros } from './append-temporal.ts';

/** Makes the function that appends to a column of the wanted type. */
export type Conversion = (column: Column) => Append;

/**
 * How values of a leaf become values of `wanted`, exactly. A conversion that depends on the values
 * (narrower integers, nanoseconds) throws LakeError at the first value without an exact equal.
 * @throws LakeError `lake/parquet-type` where no value has one
 */
export function conversionTo(wanted: FieldType, stored: StoredType, place: Place): Conversion {
  const conversion = conversionOf(wanted, stored, place);
  if (conversion) return conversion;
  const { physical, meaning } = stored;
  throw place.mismatch(
    `the file has ${describeMeaning(meaning)} (${physical}), the table ${describeType(wanted)}`,
  );
}

function conversionOf(wanted: FieldType, stored: StoredType, place: Place): Conversion | undefined {
  switch (wanted.kind) {
    case 'boolean':
      if (stored.meaning.kind !== 'boolean') return undefined;
      return (column) => appendBooleans(column as BooleanColumn);
    case 'int':
      return toInteger(wanted.bits, stored, place);
    case 'float':
      return toFloat(wanted.bits, stored);
    case 'decimal':
      return toDecimal(wanted, stored, place);
    case 'date':
      if (stored.meaning.kind !== 'date') return undefined;
      return (column) => appendInt32(column as Int32Column);
    case 'time': {
      const { meaning } = stored;
      if (meaning.kind !== 'time') return undefined;
      return (column) => appendMicros(column as Int64Column, meaning.unit, place);
    }
    case 'timestamp':
      return toTimestamp(wanted.zone, stored, place);
    case 'string':
    case 'json':
    case 'binary':
      return toBytes(wanted.kind, stored);
    case 'uuid':
      return toUuid(stored, place);
    default:
      return undefined;
  }
}

function toInteger(
  bits: 8 | 16 | 32 | 64,
  { physical, meaning }: StoredType,
  place: Place,
): Conversion | undefined {
  if (meaning.kind !== 'int') {
    // A decimal of more digits than any type has comes as its unscaled integer.
    if (meaning.kind !== 'decimal' || meaning.precision <= 38) return undefined;
    if (physical === 'INT32' && bits === 32) {
      return (column) => appendInt32(column as Int32Column);
    }
    if (physical !== 'INT64' || bits !== 64) return undefined;
    return (column) => appendInt64(column as Int64Column);
  }
  const { signed } = meaning;
  if (bits === 64) {
    if (physical === 'INT32') {
      return (column) => appendInt32Widened(column as Int64Column, signed);
    }
    if (signed) return (column) => appendInt64(column as Int64Column);
    return (column) => appendUnsignedInt64(column as Int64Column, place);
  }
  const range = integerRange(bits);
  if (physical === 'INT64') {
    return (column) => appendInt64Narrowed(column as Int32Column, range, place);
  }
  if (signed && meaning.bits <= bits) return (column) => appendInt32(column as Int32Column);
  return (column) => appendInt32InRange(column as Int32Column, { signed, range }, place);
}

function toFloat(bits: 32 | 64, { physical, meaning }: StoredType): Conversion | undefined {
  if (meaning.kind === 'int' && physical === 'INT32' && bits === 64) {
    const { signed } = meaning;
    return (column) => appendInt32AsFloats(column as FloatColumn, signed);
  }
  if (meaning.kind !== 'float' || meaning.bits > bits) return undefined;
  if (meaning.bits === 16) return (column) => appendHalfFloats(column as FloatColumn);
  return (column) => appendFloats(column as FloatColumn);
}

/** Digits before the point that integers of 8, 16, 32 and 64 bits may have. */
const INTEGER_DIGITS = { '8': 3, '16': 5, '32': 10, '64': 19 } as const;

function toDecimal(
  wanted: FieldType & { kind: 'decimal' },
  stored: StoredType,
  place: Place,
): Conversion | undefined {
  const { meaning } = stored;
  const scale = meaning.kind === 'decimal' ? meaning.scale : 0;
  const digits = digitsBeforePoint(meaning);
  if (digits === undefined || wanted.precision - wanted.scale < digits) return undefined;
  if (wanted.scale < scale) return undefined;
  const scaleUp = wanted.scale - scale;
  return (column) => appendDecimals(column, { type: stored, scaleUp }, place);
}

function digitsBeforePoint(meaning: StoredMeaning): number | undefined {
  if (meaning.kind === 'decimal') return meaning.precision - meaning.scale;
  if (meaning.kind !== 'int') return undefined;
  return meaning.signed || meaning.bits < 64 ? INTEGER_DIGITS[meaning.bits] : 20;
}

function toTimestamp(
  zone: 'utc' | 'none',
  { physical, meaning }: StoredType,
  place: Place,
): Conversion | undefined {
  if (meaning.kind === 'date' && zone === 'none') {
    return (column) => appendDaysAsMicros(column as Int64Column, place);
  }
  if (meaning.kind !== 'timestamp') return undefined;
  // Early writers of Delta left the UTC mark out.
  if (meaning.zone === 'utc' && zone === 'none') return undefined;
  if (physical === 'INT96') return (column) => appendInt96(column as Int64Column, place);
  return (column) => appendMicros(column as Int64Column, meaning.unit, place);
}

function toBytes(
  kind: 'string' | 'json' | 'binary',
  { physical, meaning }: StoredType,
): Conversion | undefined {
  const isWideDecimal = meaning.kind === 'decimal' && meaning.precision > 38;
  if (meaning.kind === 'decimal' && !(isWideDecimal && kind === 'binary')) return undefined;
  if (physical === 'BYTE_ARRAY') return (column) => appendByteArrays(column as BytesColumn);
  if (physical !== 'FIXED_LEN_BYTE_ARRAY' || meaning.kind === 'float') return undefined;
  if (meaning.kind === 'uuid' && kind !== 'binary') {
    return kind === 'string' ? (column) => appendUuidsAsText(column as BytesColumn) : undefined;
  }
  return (column) => appendFixedAsByteArrays(column as BytesColumn);
}

function toUuid({ width, meaning }: StoredType, place: Place): Conversion | undefined {
  if (meaning.kind === 'string') {
    return (column) => appendTextAsUuids(column as FixedBytesColumn, place);
  }
  const isUuid = meaning.kind === 'uuid' || (meaning.kind === 'binary' && width === 16);
  return isUuid ? (column) => appendFixedBytes(column as FixedBytesColumn) : undefined;
}

function describeMeaning(meaning: StoredMeaning): string {
  switch (meaning.kind) {
    case 'int':
      return `${meaning.signed ? '' : 'u'}int${meaning.bits}`;
    case 'float':
      return `float${meaning.bits}`;
    case 'decimal':
      return `decimal(${meaning.precision}, ${meaning.scale})`;
    case 'time':
      return `time in ${meaning.unit.toLowerCase()}`;
    case 'timestamp':
      return `timestamp in ${meaning.unit.toLowerCase()}, zone ${meaning.zone}`;
    default:
      return meaning.kind;
  }
}
