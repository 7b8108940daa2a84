import {
  BooleanColumn,
  BytesColumn,
  FixedBytesColumn,
  Int32Column,
  Int64Column,
  describeType,
} from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';

/** Compares row `a` of some columns with row `b` of others: negative, 0 or positive. */
export type CompareRows = (a: number, b: number) => number;

/**
 * The order of keys: column by column, numbers and times by value, texts and bytes by their bytes.
 * No part of a key is NULL.
 * @param left the columns of a key, in its order; @param right columns of the same types
 * @throws TypeError for a type that has no such order (floating point, nested)
 */
export function keyOrder(left: readonly Column[], right: readonly Column[]): CompareRows {
  const orders = left.map((column, i) => valueOrder(column, right[i]));
  const [first] = orders;
  if (orders.length === 1 && first) return first;
  return (a, b) => {
    for (const compare of orders) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** The numbers of `length` rows in the order of their keys. */
export function sortedRows(key: readonly Column[], length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, row) => row).sort(keyOrder(key, key));
}

function valueOrder(left: Column, right: Column | undefined): CompareRows {
  if (left instanceof Int64Column && right instanceof Int64Column) {
    const [x, y] = [left.words, right.words];
    return (a, b) => {
      const high = (x[a * 2 + 1] ?? 0) - (y[b * 2 + 1] ?? 0);
      return high === 0 ? ((x[a * 2] ?? 0) >>> 0) - ((y[b * 2] ?? 0) >>> 0) : high;
    };
  }
  if (left instanceof Int32Column && right instanceof Int32Column) {
    const [x, y] = [left.values, right.values];
    return (a, b) => (x[a] ?? 0) - (y[b] ?? 0);
  }
  if (left instanceof BooleanColumn && right instanceof BooleanColumn) {
    const [x, y] = [left.values, right.values];
    return (a, b) => (x[a] ?? 0) - (y[b] ?? 0);
  }
  if (left instanceof BytesColumn && right instanceof BytesColumn) {
    return (a, b) => Buffer.compare(left.bytes(a), right.bytes(b));
  }
  if (left instanceof FixedBytesColumn && right instanceof FixedBytesColumn) {
    return left.type.kind === 'decimal' ? decimalOrder(left, right) : fixedOrder(left, right);
  }
  throw new TypeError(`Keys of the type ${describeType(left.type)} have no order`);
}

function fixedOrder(left: FixedBytesColumn, right: FixedBytesColumn): CompareRows {
  const { width } = left;
  const bytes = ({ data }: FixedBytesColumn, row: number): Uint8Array =>
    data.subarray(row * width, (row + 1) * width);
  return (a, b) => Buffer.compare(bytes(left, a), bytes(right, b));
}

function decimalOrder(left: FixedBytesColumn, right: FixedBytesColumn): CompareRows {
  return (a, b) => {
    const [x, y] = [left.value(a) as bigint, right.value(b) as bigint];
    return x < y ? -1 : Number(x > y);
  };
}
