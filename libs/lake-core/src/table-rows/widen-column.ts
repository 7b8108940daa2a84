import { UNCHANGED, createColumn } from '@cdc-demo/cdc-core';
import type { Column, FieldType, FieldValue } from '@cdc-demo/cdc-core';

const MICROS_PER_DAY = 86_400_000_000n;

/**
 * A column with values of a wider type, nothing below them; every value is the same number or time.
 * Made for the changes that arrive around a change of the type: a value at a time.
 */
export function widenColumn(column: Column, type: FieldType): Column {
  const wide = createColumn(type, column.length);
  for (let row = 0; row < column.length; row++) {
    if (column.presence[row] === UNCHANGED) wide.appendUnchanged();
    else wide.appendValue(widenValue(column.value(row), column.type, type));
  }
  return wide;
}

function widenValue(value: FieldValue, from: FieldType, to: FieldType): FieldValue {
  if (value === null) return null;
  switch (from.kind) {
    case 'int':
      return widenInteger(value as number | bigint, to);
    case 'decimal':
      if (to.kind !== 'decimal') return value;
      return (value as bigint) * 10n ** BigInt(to.scale - from.scale);
    case 'date':
      return to.kind === 'timestamp' ? BigInt(value as number) * MICROS_PER_DAY : value;
    default:
      return value;
  }
}

function widenInteger(value: number | bigint, to: FieldType): FieldValue {
  switch (to.kind) {
    case 'int':
      return to.bits === 64 ? BigInt(value) : value;
    case 'decimal':
      return BigInt(value) * 10n ** BigInt(to.scale);
    default:
      return Number(value);
  }
}
