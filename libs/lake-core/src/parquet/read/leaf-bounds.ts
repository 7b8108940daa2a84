import { createColumn, isCdcError } from '@cdc-demo/cdc-core';
import { toComparable } from '../../predicate/comparable.ts';
import type { Comparable } from '../../predicate/comparable.ts';
import { NO_BOUNDS } from '../../predicate/possible-outcomes.ts';
import type { ColumnBounds } from '../../predicate/possible-outcomes.ts';
import { PlainValues } from './plain-values.ts';
import type { RawStatistics } from './raw-statistics.ts';
import type { LeafPlan } from './read-plan.ts';

/** Statistics of a leaf as bounds of the values that it is read as. */
export function leafBounds(leaf: LeafPlan, statistics: RawStatistics | undefined): ColumnBounds {
  if (!statistics) return NO_BOUNDS;
  const { min, max, nulls, count } = statistics;
  if (nulls !== undefined && nulls === count) {
    return { lower: undefined, upper: undefined, nulls: 'all' };
  }
  return {
    lower: min && valueOf(leaf, min),
    // NaN is greater than every number, and not counted by writers of statistics.
    upper: max && leaf.stored.meaning.kind !== 'float' ? valueOf(leaf, max) : undefined,
    nulls: nulls === 0 ? 'none' : 'unknown',
  };
}

/** Undefined for a bound that has no order, or no exact equal in the wanted type. */
function valueOf({ stored, place, values }: LeafPlan, bound: Uint8Array): Comparable | undefined {
  if (!values || stored.physical === 'INT96') return undefined;
  const column = createColumn(values.type, 1);
  try {
    const bytes = stored.physical === 'BYTE_ARRAY' ? withLength(bound) : bound;
    values.conversion(column)(PlainValues.of(stored, { bytes, count: 1 }, place), 0, 1);
  } catch (error) {
    if (isCdcError(error)) return undefined;
    throw error;
  }
  // Text may be cut within a character: its bytes count.
  if (values.type.kind === 'string') return stored.physical === 'BYTE_ARRAY' ? bound : undefined;
  const value = column.value(0);
  if (value === null || Number.isNaN(value)) return undefined;
  return toComparable(values.type, value);
}

function withLength(bytes: Uint8Array): Uint8Array {
  const plain = new Uint8Array(bytes.length + 4);
  new DataView(plain.buffer).setUint32(0, bytes.length, true);
  plain.set(bytes, 4);
  return plain;
}
