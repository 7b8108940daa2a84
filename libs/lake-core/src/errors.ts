import { CdcError } from '@cdc-demo/cdc-core';
import type { ErrorContext, ErrorPolicy } from '@cdc-demo/cdc-core';

export type LakeErrorCode =
  | 'lake/deletion-vector-corrupt'
  | 'lake/key-incomplete'
  | 'lake/key-not-unique'
  | 'lake/key-type'
  | 'lake/parquet-corrupt'
  | 'lake/parquet-type'
  | 'lake/parquet-unsupported'
  | 'lake/predicate'
  | 'lake/null-in-required-column'
  | 'lake/value-unknown';

export const lakePolicy = {
  'lake/deletion-vector-corrupt': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Restore the file that holds the deletion vector, or an older version of the table',
  },
  'lake/key-incomplete': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Let the replica identity contain the primary key: REPLICA IDENTITY DEFAULT or FULL',
  },
  'lake/key-not-unique': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Delete the surplus rows of the table, or begin with a new one',
  },
  'lake/key-type': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Use append mode for this table, or a primary key without lists, maps and structs',
  },
  'lake/parquet-corrupt': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Restore the file, or an older version of the table',
  },
  'lake/parquet-type': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Rewrite the file with the type that the table declares for the column',
  },
  'lake/parquet-unsupported': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Rewrite the file without this feature of Parquet',
  },
  'lake/predicate': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Name columns that the table has, and values of their types',
  },
  'lake/null-in-required-column': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Allow NULL in that column of the table, or correct the row at the source',
  },
  'lake/value-unknown': {
    retry: 'never',
    kind: 'failed',
    remedy: 'The table misses a row that the source has: take a new snapshot of this table',
  },
} as const satisfies Record<LakeErrorCode, ErrorPolicy>;

export class LakeError extends CdcError<LakeErrorCode> {
  constructor(
    code: LakeErrorCode,
    message: string,
    details: { readonly context?: ErrorContext; readonly cause?: unknown } = {},
  ) {
    super({ code, message, policy: lakePolicy[code], ...details });
  }
}
