import { formatDate, formatDecimal, formatTimestamp } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';

/** Days of 0001-01-01 and 9999-12-31: dates that every reader understands. */
const FIRST_DAY = -719162;
const LAST_DAY = 2932896;
const MICROS_PER_DAY = 86_400_000_000n;
/** What Hive writes for NULL in the name of a folder. */
const NULL_FOLDER = '__HIVE_DEFAULT_PARTITION__';
/** Characters that a path of the log would have to encode, which not every reader undoes. */
const ENCODED = /[^A-Za-z0-9._~-]/gu;
/** Of a value so many characters name its folder: names of folders mean nothing. */
const FOLDER_CHARACTERS = 64;

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

/**
 * The folder of a partition, much as Hive names it: `day=2024-03-01/`. It is for people: readers
 * take no value from it, and what a path would have to encode is left out. It is never hidden.
 */
export function partitionFolder(name: string, text: string | null): string {
  const column = readable(name).replace(/^[._]+/, '') || 'partition';
  if (text === null) return `${column}=${NULL_FOLDER}/`;
  return `${column}=${readable(text.slice(0, FOLDER_CHARACTERS))}/`;
}

function readable(text: string): string {
  return text.replace(ENCODED, '_');
}

function unwritable(column: string, what: string): DeltaError {
  return new DeltaError(
    'delta/partition-value',
    `The partition column ${column} has ${what}, which the log of a table cannot hold`,
    { context: { column } },
  );
}
