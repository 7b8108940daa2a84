import {
  BooleanColumn,
  BytesColumn,
  FixedBytesColumn,
  FloatColumn,
  Int32Column,
  Int64Column,
  PRESENT,
  StructColumn,
} from '@cdc-demo/cdc-core';
import type { Column, ColumnBatch } from '@cdc-demo/cdc-core';
import type { BoundColumn, BoundPredicate } from './bound-predicate.ts';
import { compareValues, hasPrefix, toComparable } from './comparable.ts';
import type { Comparable } from './comparable.ts';
import type { ComparisonOperator } from './predicate.ts';

const FALSE = 0;
const UNKNOWN = 1;
const TRUE = 2;
/** The outcome of each row; ordered so that AND is the least and OR the greatest. */
type Outcomes = Uint8Array;

/**
 * Which rows of a batch a predicate is true for: a byte each, 1 for those.
 * @param predicate bound to the fields of the batch
 */
export function matchingRows(predicate: BoundPredicate, batch: ColumnBatch): Uint8Array {
  const outcomes = outcomesOf(predicate, batch);
  for (let row = 0; row < outcomes.length; row++) outcomes[row] = (outcomes[row] ?? 0) >> 1;
  return outcomes;
}

function outcomesOf(predicate: BoundPredicate, batch: ColumnBatch): Outcomes {
  switch (predicate.kind) {
    case 'and':
      return combined(predicate.terms, batch, { start: TRUE, choose: Math.min });
    case 'or':
      return combined(predicate.terms, batch, { start: FALSE, choose: Math.max });
    case 'not': {
      const outcomes = outcomesOf(predicate.term, batch);
      for (let row = 0; row < outcomes.length; row++) outcomes[row] = TRUE - (outcomes[row] ?? 0);
      return outcomes;
    }
    case 'isNull': {
      const { presence } = columnAt(batch, predicate.column);
      const outcomes = new Uint8Array(batch.length);
      for (let row = 0; row < outcomes.length; row++) {
        outcomes[row] = presence[row] === PRESENT ? FALSE : TRUE;
      }
      return outcomes;
    }
    default: {
      const column = columnAt(batch, predicate.column);
      return ofValues(column, batch.length, testOf(predicate, column));
    }
  }
}

function combined(
  terms: readonly BoundPredicate[],
  batch: ColumnBatch,
  { start, choose }: { readonly start: number; readonly choose: (a: number, b: number) => number },
): Outcomes {
  const outcomes = new Uint8Array(batch.length).fill(start);
  for (const term of terms) {
    const next = outcomesOf(term, batch);
    for (let row = 0; row < outcomes.length; row++) {
      outcomes[row] = choose(outcomes[row] ?? 0, next[row] ?? 0);
    }
  }
  return outcomes;
}

/** A field of a struct that is NULL is NULL itself. */
function columnAt(batch: ColumnBatch, { path, name }: BoundColumn): Column {
  const [first = -1, ...rest] = path;
  let column: Column | undefined = batch.columns[first];
  for (const at of rest) column = column instanceof StructColumn ? column.fields[at] : undefined;
  if (!column) throw new RangeError(`The batch has no column ${name}`);
  return column;
}

/** The outcome of a present row. */
type Test = (row: number) => number;

function ofValues(column: Column, length: number, test: Test): Outcomes {
  const outcomes = new Uint8Array(length);
  const { presence } = column;
  for (let row = 0; row < length; row++) {
    outcomes[row] = presence[row] === PRESENT ? test(row) : UNKNOWN;
  }
  return outcomes;
}

function testOf(
  predicate: Extract<BoundPredicate, { readonly kind: 'compare' | 'in' | 'startsWith' }>,
  column: Column,
): Test {
  switch (predicate.kind) {
    case 'compare': {
      if (predicate.value === undefined) return () => UNKNOWN;
      const order = orderTo(column, predicate.value);
      const holds = HOLDS[predicate.is];
      return (row) => (holds(order(row)) ? TRUE : FALSE);
    }
    case 'in': {
      const orders = predicate.values.map((value) => orderTo(column, value));
      const otherwise = predicate.hasNull ? UNKNOWN : FALSE;
      return (row) => (orders.some((order) => order(row) === 0) ? TRUE : otherwise);
    }
    case 'startsWith': {
      const { prefix } = predicate;
      if (!(column instanceof BytesColumn)) return () => FALSE;
      return (row) => (hasPrefix(column.bytes(row), prefix) ? TRUE : FALSE);
    }
  }
}

const HOLDS: Readonly<Record<ComparisonOperator, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** The order of the value of a row to `value`. */
function orderTo(column: Column, value: Comparable): (row: number) => number {
  if (value instanceof Uint8Array) {
    if (column instanceof BytesColumn || column instanceof FixedBytesColumn) {
      return (row) => Buffer.compare(column.bytes(row), value);
    }
  } else if (column instanceof Int64Column) return longOrder(column, value);
  else if (
    column instanceof Int32Column ||
    column instanceof FloatColumn ||
    column instanceof BooleanColumn
  ) {
    return (row) => compareValues(column.values[row] ?? 0, value);
  }
  return (row) => {
    const found = column.value(row);
    return found === null ? 0 : compareValues(toComparable(column.type, found), value);
  };
}

/** By halves, so that no row makes a bigint. */
function longOrder(column: Int64Column, value: number | bigint): (row: number) => number {
  const whole = BigInt(value);
  if (BigInt.asIntN(64, whole) !== whole) return () => (whole < 0n ? 1 : -1);
  const high = Number(whole >> 32n);
  const low = Number(whole & 0xffff_ffffn);
  const { words } = column;
  return (row) => {
    const order = (words[row * 2 + 1] ?? 0) - high;
    return order === 0 ? ((words[row * 2] ?? 0) >>> 0) - low : order;
  };
}
