import { formatDate, formatDecimal, formatTimestamp } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';

/** Days of 0001-01-01 and 9999-12-31: dates that every reader understands. */
const FIRST_DAY = -719162;
const LAST_DAY = 2932896;
const MICROS_PER_DAY = 86_400_000_000n;

/** May a column of this type be a partition column of a table that is written here? */
export function isPartitionType({ kind }: FieldType): boolean {
  return ['boolean', 'int', 'decimal', 'string', 'date', 'timestamp'].includes(kind);
}

/**
 * A value of a partition column as the log has it (Delta protocol, "Partition Value
 * Serialization"); null for NULL. Timestamps with a zone stand in UTC and say so.
 * @throws DeltaError `delta/partition-value` for a value that a reader would take for another: an
 * empty string, which is NULL to them, and years before 1 or after 9999
 */
export function partitionText({ name, type }: Field, value: FieldValue): string | null {
  if (value === null) return null;
  switch (type.kind) {
    case 'decimal':
      return formatDecimal(value as bigint, type.scale);
    case 'date': {
      const days = value as number;
      if (days < FIRST_DAY || days > LAST_DAY) throw unwritable(name, 'a date out of range');
      return formatDate(days);
    }
    case 'timestamp': {
      const micros = value as bigint;
      const isEarly = micros < BigInt(FIRST_DAY) * MICROS_PER_DAY;
      if (isEarly || micros >= BigInt(LAST_DAY + 1) * MICROS_PER_DAY) {
        throw unwritable(name, 'a timestamp out of range');
      }
      const text = formatTimestamp(micros, type.zone);
      return type.zone === 'utc' ? text : text.replace('T', ' ');
    }
    case 'string':
      if (value === '') throw unwritable(name, 'an empty string');
      return value as string;
    default:
      return String(value as number | bigint | boolean);
  }
}

function unwritable(column: string, what: string): DeltaError {
  return new DeltaError(
    'delta/partition-value',
    `The partition column ${column} has ${what}, which the log of a table cannot hold`,
    { context: { column } },
  );
}
