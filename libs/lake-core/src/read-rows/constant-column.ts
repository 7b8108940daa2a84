import { createColumn } from '@cdc-demo/cdc-core';
import type { Column, FieldType, FieldValue } from '@cdc-demo/cdc-core';

/** A column with the same value in each of `length` rows. */
export function constantColumn(type: FieldType, value: FieldValue, length: number): Column {
  const column = createColumn(type, length);
  if (length === 0) return column;
  column.appendValue(value);
  for (let row = 1; row < length; row++) column.appendFrom(column, 0);
  return column;
}
