import { CdcError, isCdcError } from '@cdc-demo/cdc-core';
import type { ErrorContext, ErrorPolicy } from '@cdc-demo/cdc-core';
import type { TableErrors } from '@cdc-demo/lake-core';

export type DeltaErrorCode =
  | 'delta/not-a-table'
  | 'delta/log-corrupt'
  | 'delta/log-gap'
  | 'delta/log-incomplete'
  | 'delta/version-missing'
  | 'delta/time-out-of-range'
  | 'delta/snapshot-expired'
  | 'delta/unsupported-feature'
  | 'delta/unsupported-type'
  | 'delta/schema-invalid'
  | 'delta/column-missing'
  | 'delta/partition-value'
  | 'delta/file-missing'
  | 'delta/field-ids-missing'
  | 'delta/foreign-storage'
  | 'delta/deletion-vector'
  | 'delta/feed-off'
  | 'delta/feed-schema-change'
  | 'delta/feed-untrue'
  | 'delta/table-replaced'
  | 'delta/tracker-corrupt'
  | 'delta/not-ours'
  | 'delta/not-writable'
  | 'delta/schema-change'
  | 'delta/partition-column'
  | 'delta/unreadable'
  | 'delta/no-key'
  | 'delta/resync-append'
  | 'delta/conflict'
  | 'delta/staged-rows-gone'
  | 'delta/row-missing'
  | 'delta/property-invalid'
  | 'delta/retention-too-short';

export const deltaPolicy = {
  'delta/not-a-table': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Give the folder that contains the folder _delta_log',
  },
  'delta/log-corrupt': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Restore the named file of the log from a backup',
  },
  'delta/log-gap': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Restore the missing files of _delta_log from a backup',
  },
  'delta/log-incomplete': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Restore the log: its first version or a checkpoint must say protocol and metadata',
  },
  'delta/version-missing': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Choose a version that the history of the table lists',
  },
  'delta/time-out-of-range': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Choose a time between the first and the last commit that the history lists',
  },
  'delta/snapshot-expired': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'Open the table again: its log was cleaned up past the version held here',
  },
  'delta/unsupported-feature': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Drop the feature from the table, or read it with an engine that supports it',
  },
  'delta/unsupported-type': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Read the other columns only: name them',
  },
  'delta/schema-invalid': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Correct the schema with the engine that wrote it',
  },
  'delta/column-missing': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Choose columns that the table has in this version',
  },
  'delta/partition-value': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Rewrite the file with the engine that wrote it: its partition value is not readable',
  },
  'delta/file-missing': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Restore the file, or read a version that does not need it (VACUUM removes old files)',
  },
  'delta/field-ids-missing': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Rewrite the file with an engine that writes field ids (column mapping mode id)',
  },
  'delta/foreign-storage': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Give a resolver that opens the storage which the table refers to',
  },
  'delta/deletion-vector': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Restore the file that holds the deletion vector, or an older version of the table',
  },
  'delta/feed-off': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Begin at a version from which on delta.enableChangeDataFeed was true',
  },
  'delta/feed-schema-change': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Read the changes before and from the named version on in two ranges',
  },
  'delta/feed-untrue': {
    retry: 'never',
    kind: 'failed',
    remedy: 'Rely on the rows: consumers of the feed must read the table anew from that version on',
  },
  'delta/table-replaced': {
    retry: 'never',
    kind: 'configuration',
    remedy: "Read the new table's rows, then remove the tracker's file to follow its feed anew",
  },
  'delta/tracker-corrupt': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Name the file of an earlier --track, or one that does not exist to begin anew',
  },
  'delta/not-ours': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Choose another location, or remove what is there if nobody needs it',
  },
  'delta/not-writable': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Choose another table, or drop from this one what is named here',
  },
  'delta/schema-change': {
    retry: 'never',
    kind: 'target-refused',
    remedy:
      'Added, renamed, dropped and widened columns are followed: ' +
      'for another change take a new snapshot into another location',
  },
  'delta/partition-column': {
    retry: 'never',
    kind: 'configuration',
    remedy:
      'Partition by columns of booleans, integers, decimals, dates or timestamps: ' +
      'the log cannot tell an empty string from NULL',
  },
  'delta/unreadable': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Take the engine out of readers, or leave out what asks for the feature',
  },
  'delta/no-key': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Use append mode for this table, or give it a primary key',
  },
  'delta/resync-append': {
    retry: 'never',
    kind: 'configuration',
    remedy:
      'Append mode keeps changes, not rows: follow the table in a pipeline of its own, which begins with its rows',
  },
  'delta/conflict': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'Let nobody else write this table all the time: every commit met a newer one',
  },
  'delta/staged-rows-gone': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Begin anew: remove the state folder of this pipeline, so that it reads the rows again',
  },
  'delta/row-missing': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Take a new snapshot of this table: it lacks rows that the source has',
  },
  'delta/property-invalid': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Correct the property: an interval in weeks or shorter units, as "interval 7 days"',
  },
  'delta/retention-too-short': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Ask for a longer retention, or force it when nobody else reads or writes the table',
  },
} as const satisfies Record<DeltaErrorCode, ErrorPolicy>;

export class DeltaError extends CdcError<DeltaErrorCode> {
  constructor(
    code: DeltaErrorCode,
    message: string,
    details: { readonly context?: ErrorContext; readonly cause?: unknown } = {},
  ) {
    super({ code, message, policy: deltaPolicy[code], ...details });
  }
}

/** Is it an error of this library with this code? */
export function isDeltaError(error: unknown, code: DeltaErrorCode): boolean {
  return isCdcError(error) && error.code === code;
}

/** What any sink refuses, as errors of this library. */
export const deltaErrors: TableErrors = (kind, message, context) =>
  new DeltaError(`delta/${kind}`, message, { context });
