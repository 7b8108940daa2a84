import { PRESENT } from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import type { PlainValues } from '../plain-values.ts';

/** Appends values [start, start + count) of `source` to the column that it was made for. */
export type Append = (source: PlainValues, start: number, count: number) => void;

/** Below this many values a loop beats a call that makes a view. */
export const LOOP_COPY_VALUES = 16;

/** Appends `count` rows that are PRESENT and have no value yet; returns the first. */
export function claimRows(column: Column, count: number): number {
  column.reserve(count);
  const row = column.length;
  column.presence.fill(PRESENT, row, row + count);
  column.length = row + count;
  return row;
}
