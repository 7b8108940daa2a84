import { bytesToBigInt, FixedBytesColumn, Int32Column, Int64Column } from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import type { Place } from '../place.ts';
import type { PlainValues } from '../plain-values.ts';
import type { StoredType } from '../stored-type.ts';
import { claimRows } from './append.ts';
import type { Append } from './append.ts';
import { appendInt32, tooLarge } from './append-int32.ts';
import { appendInt32Widened, appendInt64 } from './append-int64.ts';
import { appendFixedBytes } from './append-bytes.ts';

/**
 * Decimals, or integers as decimals, of any physical type.
 * @param scaleUp digits that the column has behind the point and the file has not
 */
export function appendDecimals(
  column: Column,
  stored: { readonly type: StoredType; readonly scaleUp: number },
  place: Place,
): Append {
  const { type, scaleUp } = stored;
  const { physical, width } = type;
  const signed = type.meaning.kind !== 'int' || type.meaning.signed;
  if (scaleUp === 0 && signed) {
    if (column instanceof Int32Column && physical === 'INT32') return appendInt32(column);
    if (column instanceof Int64Column && physical === 'INT32') {
      return appendInt32Widened(column, true);
    }
    if (column instanceof Int64Column && physical === 'INT64') return appendInt64(column);
    if (column instanceof FixedBytesColumn && physical === 'FIXED_LEN_BYTE_ARRAY') {
      return column.width === width ? appendFixedBytes(column) : appendResized(column, place);
    }
  }
  return appendUnscaled(column, { at: unscaledAt(type, signed), scaleUp }, place);
}

/** Big-endian two's complement of another width. */
function appendResized(column: FixedBytesColumn, place: Place): Append {
  return ({ bytes, width }, start, count) => {
    let row = claimRows(column, count);
    const { data } = column;
    for (let i = start; i < start + count; i++) {
      const first = i * width;
      const shift = column.width - width;
      const sign = (bytes[first] ?? 0) & 0x80 ? 0xff : 0;
      const at = row++ * column.width;
      for (let k = 0; k < shift; k++) data[at + k] = sign;
      for (let k = 0; k < -shift; k++) if (bytes[first + k] !== sign) throw tooLarge(place);
      for (let k = Math.max(0, shift); k < column.width; k++) {
        data[at + k] = bytes[first + k - shift] ?? 0;
      }
      if (((data[at] ?? 0) & 0x80) !== (sign & 0x80)) throw tooLarge(place);
    }
  };
}

type UnscaledAt = (source: PlainValues, index: number) => bigint;

function unscaledAt({ physical }: StoredType, signed: boolean): UnscaledAt {
  switch (physical) {
    case 'INT32':
      return ({ ints }, i) => BigInt(signed ? (ints[i] ?? 0) : (ints[i] ?? 0) >>> 0);
    case 'INT64':
      return ({ longs }, i) => (signed ? (longs[i] ?? 0n) : BigInt.asUintN(64, longs[i] ?? 0n));
    case 'BYTE_ARRAY':
      return ({ bytes, starts }, i) =>
        bytesToBigInt(bytes.subarray((starts[i] ?? 0) + 4, starts[i + 1]));
    default:
      return ({ bytes, width }, i) => bytesToBigInt(bytes.subarray(i * width, (i + 1) * width));
  }
}

function appendUnscaled(
  column: Column,
  stored: { readonly at: UnscaledAt; readonly scaleUp: number },
  place: Place,
): Append {
  const { at, scaleUp } = stored;
  const factor = 10n ** BigInt(scaleUp);
  const { type } = column;
  const limit = 10n ** BigInt(type.kind === 'decimal' ? type.precision : 0);
  return (source, start, count) => {
    for (let i = start; i < start + count; i++) {
      const value = at(source, i) * factor;
      if (value >= limit || value <= -limit) throw tooLarge(place);
      column.appendValue(value);
    }
  };
}
