import {
  BooleanColumn,
  BytesColumn,
  FloatColumn,
  Int32Column,
  Int64Column,
} from '@cdc-demo/cdc-core';
import type { Column, FixedBytesColumn } from '@cdc-demo/cdc-core';
import { claimRows } from './append.ts';
import { reserveBytes } from './append-bytes.ts';

/** Appends the dictionary's values at indexes [start, start + count). */
export type Gather = (indexes: Uint32Array, start: number, count: number) => void;

/**
 * @param dictionary a column of the same type as `column`, all of whose rows are PRESENT; every
 *   index that is gathered is below its length
 */
export function gatherFrom(dictionary: Column, column: Column): Gather {
  if (column instanceof Int32Column) return gatherNumbers(dictionary as Int32Column, column);
  if (column instanceof FloatColumn) return gatherNumbers(dictionary as FloatColumn, column);
  if (column instanceof BooleanColumn) return gatherNumbers(dictionary as BooleanColumn, column);
  if (column instanceof Int64Column) return gatherInt64(dictionary as Int64Column, column);
  if (column instanceof BytesColumn) return gatherBytes(dictionary as BytesColumn, column);
  return gatherFixedBytes(dictionary as FixedBytesColumn, column as FixedBytesColumn);
}

type NumberColumn = Int32Column | FloatColumn | BooleanColumn;

function gatherNumbers(dictionary: NumberColumn, column: NumberColumn): Gather {
  const from = dictionary.values;
  return (indexes, start, count) => {
    const row = claimRows(column, count);
    const { values } = column;
    for (let i = 0; i < count; i++) values[row + i] = from[indexes[start + i] ?? 0] ?? 0;
  };
}

function gatherInt64(dictionary: Int64Column, column: Int64Column): Gather {
  const from = dictionary.words;
  return (indexes, start, count) => {
    const row = claimRows(column, count);
    const { words } = column;
    for (let i = 0; i < count; i++) {
      const index = (indexes[start + i] ?? 0) * 2;
      words[(row + i) * 2] = from[index] ?? 0;
      words[(row + i) * 2 + 1] = from[index + 1] ?? 0;
    }
  };
}

function gatherBytes(dictionary: BytesColumn, column: BytesColumn): Gather {
  const { data: from, ends: fromEnds } = dictionary;
  return (indexes, start, count) => {
    const row = claimRows(column, count);
    const { ends } = column;
    let at = ends[row] ?? 0;
    for (let i = 0; i < count; i++) {
      const index = indexes[start + i] ?? 0;
      at += (fromEnds[index + 1] ?? 0) - (fromEnds[index] ?? 0);
      ends[row + i + 1] = at;
    }
    const data = reserveBytes(column, at);
    at = ends[row] ?? 0;
    for (let i = 0; i < count; i++) {
      const index = indexes[start + i] ?? 0;
      const end = fromEnds[index + 1] ?? 0;
      for (let k = fromEnds[index] ?? 0; k < end; k++) data[at++] = from[k] ?? 0;
    }
  };
}

function gatherFixedBytes(dictionary: FixedBytesColumn, column: FixedBytesColumn): Gather {
  const { data: from, width } = dictionary;
  return (indexes, start, count) => {
    let at = claimRows(column, count) * width;
    const { data } = column;
    for (let i = 0; i < count; i++) {
      const first = (indexes[start + i] ?? 0) * width;
      for (let k = first; k < first + width; k++) data[at++] = from[k] ?? 0;
    }
  };
}
