import { bytesToBigInt } from '@cdc-demo/cdc-core';
import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { compareValues, exactBounds, toComparable } from '@cdc-demo/lake-core';
import type { ColumnBounds, Comparable } from '@cdc-demo/lake-core';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { PartitionSpec } from '../metadata/partition-spec.ts';
import { identityValue } from '../partition/partition-value.ts';
import { partitionBounds } from './partition-bounds.ts';

const MICROS_A_DAY = 86_400_000_000n;

/** What is known of a column's values in a file, by its partition and its metrics. */
export function fileBounds(file: ContentFile, spec: PartitionSpec, field: Field): ColumnBounds {
  const value = identityValue(file, spec, field);
  if (value !== undefined) {
    return exactBounds(value === null ? undefined : toComparable(field.type, value));
  }
  return partitionBounds(file, spec, field).reduce(narrower, metricBounds(file, field));
}

/** What two bounds say together of the same values. */
function narrower(a: ColumnBounds, b: ColumnBounds): ColumnBounds {
  const [one, other] = [a.mayBe, b.mayBe];
  const mayBe = one && other ? (value: Comparable) => one(value) && other(value) : (one ?? other);
  return {
    lower: chosen(a.lower, b.lower, 1),
    upper: chosen(a.upper, b.upper, -1),
    nulls: a.nulls === 'unknown' ? b.nulls : a.nulls,
    ...(mayBe ? { mayBe } : {}),
  };
}

/** The greater one with a sign of 1, the smaller one with -1; the one that is known. */
function chosen(
  a: Comparable | undefined,
  b: Comparable | undefined,
  sign: 1 | -1,
): Comparable | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareValues(a, b) * sign >= 0 ? a : b;
}

function metricBounds(file: ContentFile, { id, type }: Field): ColumnBounds {
  const { lower, upper, nullCounts, valueCounts } = file.metrics;
  const nulls = nullCounts.get(id);
  const isAllNull = nulls !== undefined && nulls === valueCounts.get(id);
  return {
    lower: boundOf(lower.get(id), type),
    upper: boundOf(upper.get(id), type),
    nulls: nulls === 0 ? 'none' : isAllNull ? 'all' : 'unknown',
  };
}

/**
 * A bound (table specification, "Appendix D: Binary single-value serialization"), which may be of
 * the narrower type that the column had when the file was written. Those of floating-point numbers
 * leave out NaN, and say nothing here.
 */
function boundOf(bytes: Uint8Array | undefined, type: FieldType): Comparable | undefined {
  if (!bytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (type.kind) {
    case 'boolean':
      return bytes[0];
    case 'int':
    case 'date':
    case 'time':
    case 'timestamp':
      return integerBound(view, type);
    case 'decimal':
      return bytes.length > 0 ? bytesToBigInt(bytes) : undefined;
    case 'string':
    case 'uuid':
      return bytes;
    default:
      return undefined;
  }
}

function integerBound(view: DataView, type: FieldType): number | bigint | undefined {
  if (view.byteLength === 8) return view.getBigInt64(0, true);
  if (view.byteLength !== 4) return undefined;
  const value = view.getInt32(0, true);
  return type.kind === 'timestamp' ? BigInt(value) * MICROS_A_DAY : value;
}
