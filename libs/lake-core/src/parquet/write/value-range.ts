import { bytesToBigInt, formatUuid } from '@cdc-demo/cdc-core';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import type { LeafType } from '../format/schema-element.ts';

/**
 * The least and the greatest of some values, each as Parquet stores it in statistics: PLAIN
 * encoding, byte arrays without their length.
 */
export interface ValueRange {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
}

/** The order in which a column's values have a least and a greatest ("TypeDefinedOrder"). */
export type ValueOrder = 'int32' | 'int64' | 'float' | 'double' | 'unsigned bytes' | 'signed bytes';

export function valueOrder(type: LeafType): ValueOrder {
  switch (type.physical) {
    case 'INT32':
      return 'int32';
    case 'INT64':
      return 'int64';
    case 'FLOAT':
      return 'float';
    case 'DOUBLE':
      return 'double';
    case 'BOOLEAN':
    case 'BYTE_ARRAY':
      return 'unsigned bytes';
    case 'FIXED_LEN_BYTE_ARRAY':
      return type.logical?.type === 'DECIMAL' ? 'signed bytes' : 'unsigned bytes';
  }
}

/** Below 0, 0 or above 0, as `a` is less than, equal to or greater than `b`. */
export function compareValues(order: ValueOrder, a: Uint8Array, b: Uint8Array): number {
  switch (order) {
    case 'int32':
      return view(a).getInt32(0, true) - view(b).getInt32(0, true);
    case 'int64': {
      const high = view(a).getInt32(4, true) - view(b).getInt32(4, true);
      return high === 0 ? view(a).getUint32(0, true) - view(b).getUint32(0, true) : high;
    }
    case 'float':
      return order3(view(a).getFloat32(0, true), view(b).getFloat32(0, true));
    case 'double':
      return order3(view(a).getFloat64(0, true), view(b).getFloat64(0, true));
    case 'unsigned bytes':
      return Buffer.compare(a, b);
    case 'signed bytes': {
      const sign = view(a).getInt8(0) - view(b).getInt8(0);
      return sign === 0 ? Buffer.compare(a, b) : sign;
    }
  }
}

/** The range of both; keeps copies where `b` extends `a`, so that `b` may be a view. */
export function widen(order: ValueOrder, a: ValueRange | 'none', b: ValueRange): ValueRange {
  if (a === 'none') return { min: b.min.slice(), max: b.max.slice() };
  const lower = compareValues(order, b.min, a.min) < 0;
  const higher = compareValues(order, b.max, a.max) > 0;
  if (!lower && !higher) return a;
  return { min: lower ? b.min.slice() : a.min, max: higher ? b.max.slice() : a.max };
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A bound as value of a type that is not nested. */
export function boundValue(type: FieldType, bytes: Uint8Array): FieldValue {
  const data = view(bytes);
  switch (type.kind) {
    case 'boolean':
      return bytes[0] === 1;
    case 'int':
      return type.bits === 64 ? data.getBigInt64(0, true) : data.getInt32(0, true);
    case 'date':
      return data.getInt32(0, true);
    case 'time':
    case 'timestamp':
      return data.getBigInt64(0, true);
    case 'float':
      return type.bits === 32 ? data.getFloat32(0, true) : data.getFloat64(0, true);
    case 'decimal':
      if (type.precision <= 9) return BigInt(data.getInt32(0, true));
      return type.precision <= 18 ? data.getBigInt64(0, true) : bytesToBigInt(bytes);
    case 'uuid':
      return formatUuid(bytes);
    case 'binary':
      return bytes;
    default:
      return decoder.decode(bytes);
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function order3(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
