import { AssertionError } from 'node:assert';
import { FixedBytesColumn, ListColumn, MapColumn, StructColumn } from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import { LakeError } from '../../errors.ts';

/** The error for a NULL where the file's schema has none. */
export function nullInRequired(path: readonly string[]): LakeError {
  const column = path.join('.');
  return new LakeError(
    'lake/null-in-required-column',
    `A row has NULL in the column ${column}, which is declared NOT NULL`,
    { context: { column } },
  );
}

/** The failed assertion for a value that nobody filled in before its row came to be written. */
export function unchangedValue(path: readonly string[]): AssertionError {
  return new AssertionError({
    message: `The column ${path.join('.')} holds UNCHANGED, which a file cannot hold`,
  });
}

/**
 * Does `column` hold its values the way `expected` does, at every depth? Two types may share a way:
 * times, timestamps and 64-bit integers do.
 */
export function isStoredAlike(column: Column, expected: Column): boolean {
  if (column.constructor !== expected.constructor) return false;
  if (column instanceof FixedBytesColumn) {
    return column.width === (expected as FixedBytesColumn).width;
  }
  const children = childrenOf(column);
  const others = childrenOf(expected);
  return (
    children.length === others.length &&
    children.every((child, i) => {
      const other = others[i];
      return other !== undefined && isStoredAlike(child, other);
    })
  );
}

function childrenOf(column: Column): readonly Column[] {
  if (column instanceof StructColumn) return column.fields;
  if (column instanceof ListColumn) return [column.element];
  return column instanceof MapColumn ? [column.key, column.val] : [];
}
