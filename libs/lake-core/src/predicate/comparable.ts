import { parseUuid } from '@cdc-demo/cdc-core';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';

/**
 * A value in the form in which values of its type are ordered: 0 and 1 for booleans, numbers and
 * bigints (mixed at will), bytes for strings, UUIDs and binary.
 */
export type Comparable = number | bigint | Uint8Array;

const encoder = new TextEncoder();

/** Do values of this type have an order? */
export function isComparable(type: FieldType): boolean {
  switch (type.kind) {
    case 'list':
    case 'map':
    case 'struct':
    case 'json':
    case 'variant':
      return false;
    default:
      return true;
  }
}

/** @param value present, of a type that `isComparable` */
export function toComparable(type: FieldType, value: NonNullable<FieldValue>): Comparable {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string') return value as Comparable;
  return type.kind === 'uuid' ? parseUuid(value) : encoder.encode(value);
}

/** Below, at or above 0 as `a` is before, at or behind `b`, both of one type. */
export function compareValues(a: Comparable, b: Comparable): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (a < b) return -1;
  if (a > b) return 1;
  // NaN is neither.
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

export function hasPrefix(value: Uint8Array, prefix: Uint8Array): boolean {
  return Buffer.compare(value.subarray(0, prefix.length), prefix) === 0;
}
