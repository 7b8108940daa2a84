import type { Column } from '@cdc-demo/cdc-core';
import type { ValueRange } from './value-range.ts';

/**
 * The present values of one column that wait for their page, in PLAIN encoding. A column given to a
 * method is of the class that the field's type has.
 */
export interface PageValues {
  readonly count: number;
  /** Bytes of the PLAIN encoding. */
  readonly byteSize: number;
  /** How many of the rows [from, to) take at most `bytes`. */
  fitting(column: Column, rows: RowRange, bytes: number): number;
  /** Appends rows that are all present. */
  append(column: Column, rows: RowRange): void;
  /** Appends those of the rows that are present, `present` of them. */
  appendPresent(column: Column, rows: RowRange, present: number): void;
  /** Appends the rows that the first `count` of `indexes` name; negative ones are none. */
  appendAt(column: Column, indexes: Int32Array, count: number): void;
  /** The PLAIN encoding; a view, valid until the next change. */
  plain(): Uint8Array;
  /** Least and greatest value, as views that the next change may overwrite; NaN counts as none. */
  range(): ValueRange | 'none';
  /** How many of the values are NaN. */
  nanCount(): number;
  clear(): void;
}

/** Rows [from, to). */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}
