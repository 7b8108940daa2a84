import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { boundValue } from './value-range.ts';
import type { ValueSummary } from './value-totals.ts';
import type { LeafColumn } from '../format/leaf-column.ts';

/** A bound of a column's values; 'none' when every value is null or NaN. */
export type ExactBound = 'none' | { readonly exact: FieldValue };

/** What is known of one column of a file, exactly and for all its rows. */
export interface LeafStatistics {
  /** Names in the file's schema, `list.element` and `key_value.value` included. */
  readonly path: readonly string[];
  readonly field: Field;
  /** Entries of the column, nulls included: rows, or more inside lists and maps. */
  readonly valueCount: number;
  /** Entries without value: NULL here or further up, or an empty list or map. */
  readonly nullCount: number;
  readonly nanCount: number;
  /**
   * Least and greatest value in Parquet's order: numbers by value, text by its UTF-8 bytes, binary
   * and UUIDs by their bytes. NaN is neither; a least zero is -0 and a greatest one +0.
   */
  readonly min: ExactBound;
  readonly max: ExactBound;
  /** Bytes that the column takes in the file, compressed, page headers included. */
  readonly bytes: number;
}

export function leafStatistics(
  leaf: LeafColumn,
  summary: ValueSummary,
  bytes: number,
): LeafStatistics {
  const { range } = summary;
  const bound = (side: 'min' | 'max'): ExactBound =>
    range === 'none' ? 'none' : { exact: boundValue(leaf.field.type, range[side]) };
  return {
    path: leaf.path,
    field: leaf.field,
    valueCount: summary.valueCount,
    nullCount: summary.nullCount,
    nanCount: summary.nanCount,
    min: bound('min'),
    max: bound('max'),
    bytes,
  };
}
