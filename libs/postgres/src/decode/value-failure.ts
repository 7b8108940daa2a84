import { formatTableName, isCdcError } from '@cdc-demo/cdc-core';
import type { TableSchema } from '@cdc-demo/cdc-core';
import { PostgresError } from '../errors.ts';
import { MalformedValue, TypeChanged, ValueOutOfRange } from '../types/wire-value.ts';
import { malformed } from './malformed.ts';
import type { BytePlace } from './malformed.ts';

/** Which value was being read when something was thrown. */
export interface ValuePlace extends BytePlace {
  readonly schema: TableSchema;
  /** Index into the schema's fields. */
  readonly column: number;
}

/** What was thrown while a value was read, as an error that says where; never the value. */
export function valueFailure(error: unknown, place: ValuePlace): unknown {
  if (isCdcError(error)) return error;
  const table = formatTableName(place.schema.table);
  const column = place.schema.fields[place.column]?.name ?? '';
  const context = { table, column };
  if (error instanceof ValueOutOfRange) {
    return new PostgresError(
      'postgres/value-out-of-range',
      `Column ${column} of ${table} has a value that its field cannot hold: ${error.message}`,
      { context },
    );
  }
  if (error instanceof TypeChanged) {
    return new PostgresError(
      'postgres/schema-change-unsupported',
      `Column ${column} of ${table} cannot be followed: ${error.message}`,
      { context },
    );
  }
  if (error instanceof MalformedValue) {
    const { message, offset } = place;
    return malformed({ message, offset }, `column ${column} of ${table}: ${error.message}`, error);
  }
  return error;
}
