import { CdcError, isCdcError } from '@cdc-demo/cdc-core';
import type { ErrorContext, ErrorPolicy } from '@cdc-demo/cdc-core';
import type { TableErrors } from '@cdc-demo/lake-core';

export type IcebergErrorCode =
  | 'iceberg/not-a-table'
  | 'iceberg/metadata-invalid'
  | 'iceberg/unsupported-version'
  | 'iceberg/unsupported-type'
  | 'iceberg/unsupported-file'
  | 'iceberg/snapshot-missing'
  | 'iceberg/snapshot-expired'
  | 'iceberg/not-an-ancestor'
  | 'iceberg/ref-missing'
  | 'iceberg/ref-exists'
  | 'iceberg/ref-invalid'
  | 'iceberg/time-out-of-range'
  | 'iceberg/column-missing'
  | 'iceberg/manifest-corrupt'
  | 'iceberg/file-missing'
  | 'iceberg/foreign-storage'
  | 'iceberg/field-ids-missing'
  | 'iceberg/deletes-invalid'
  | 'iceberg/table-replaced'
  | 'iceberg/tracker-corrupt'
  | 'iceberg/table-exists'
  | 'iceberg/not-writable'
  | 'iceberg/schema-change'
  | 'iceberg/no-key'
  | 'iceberg/conflict'
  | 'iceberg/retention-too-short'
  | 'iceberg/cleanup-forbidden'
  | 'iceberg/property-kept'
  | 'iceberg/not-ours'
  | 'iceberg/unreadable'
  | 'iceberg/partition-column'
  | 'iceberg/resync-append'
  | 'iceberg/staged-rows-gone'
  | 'iceberg/table-moved'
  | 'iceberg/commit-unknown'
  | 'iceberg/catalog-configuration'
  | 'iceberg/catalog-unreachable'
  | 'iceberg/catalog-unauthorized'
  | 'iceberg/catalog-refused'
  | 'iceberg/catalog-answer-invalid';

export const icebergPolicy = {
  'iceberg/not-a-table': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Give the folder that contains the folder metadata, or a *.metadata.json file',
  },
  'iceberg/metadata-invalid': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Open an earlier *.metadata.json file of the table, or restore this one',
  },
  'iceberg/unsupported-version': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Use a later release: versions 1, 2 and 3 of the format are read',
  },
  'iceberg/unsupported-type': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Name the columns to read, without the one of this type',
  },
  'iceberg/unsupported-file': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Rewrite the file as unencrypted Parquet with another engine',
  },
  'iceberg/snapshot-missing': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Choose one of the snapshots that the table still has',
  },
  'iceberg/snapshot-expired': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Read the whole table once, and its changes from the snapshot that was read on',
  },
  'iceberg/not-an-ancestor': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Give two snapshots of one branch, the older one first',
  },
  'iceberg/ref-missing': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Choose one of the branches and tags that the table has',
  },
  'iceberg/ref-exists': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Choose another name, or replace the branch or tag that is there',
  },
  'iceberg/ref-invalid': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Give the name of a branch or tag and a retention of at least 1; main is a branch',
  },
  'iceberg/time-out-of-range': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Choose a time at or after the first snapshot that the table still has',
  },
  'iceberg/column-missing': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Name columns that the schema of the snapshot has',
  },
  'iceberg/manifest-corrupt': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Restore the named manifest from a backup, or read a snapshot that does not need it',
  },
  'iceberg/file-missing': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Restore the named file, or read a snapshot that does not need it',
  },
  'iceberg/foreign-storage': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Give a resolver that opens files of that storage',
  },
  'iceberg/field-ids-missing': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Set the property schema.name-mapping.default of the table',
  },
  'iceberg/deletes-invalid': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Rewrite the delete files of the table with the engine that wrote them',
  },
  'iceberg/table-replaced': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Remove the tracker file to read the other table from its beginning',
  },
  'iceberg/tracker-corrupt': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Name the file of an earlier call, or remove this one to begin anew',
  },
  'iceberg/table-exists': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Open the table that is there, or create this one in another folder',
  },
  'iceberg/not-writable': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Write the table with the engine that made it, or create a new one',
  },
  'iceberg/schema-change': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Open the table again and write rows with the columns that it has now',
  },
  'iceberg/no-key': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Name the columns of the key in the options, or create the table with them',
  },
  'iceberg/conflict': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'Write again when fewer writers commit to the table',
  },
  'iceberg/retention-too-short': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Use a longer retention, or force it when nobody else uses the table',
  },
  'iceberg/cleanup-forbidden': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Set the property gc.enabled of the table to true if no other table has its files',
  },
  'iceberg/property-kept': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Leave the properties that begin with cdc-demo. to the pipeline',
  },
  'iceberg/not-ours': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Give the pipeline a location of its own, or remove what lies there',
  },
  'iceberg/unreadable': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Take the engine out of readers, or create the table in version 2 of the format',
  },
  'iceberg/partition-column': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Partition by columns of the table, or by transforms that take their types',
  },
  'iceberg/resync-append': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Read rows again into tables in upsert mode only',
  },
  'iceberg/staged-rows-gone': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Remove the progress records and the tables of the pipeline to read all rows again',
  },
  'iceberg/table-moved': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'Opens the table again where it lies now; see who changed its location',
  },
  'iceberg/commit-unknown': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'Goes on from what the table has by then; see why the catalog did not answer',
  },
  'iceberg/catalog-configuration': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Give the http(s) URI of the catalog, and the namespace and the name of the table',
  },
  'iceberg/catalog-unreachable': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'Tries again by itself; check the URI and the state of the catalog if it lasts',
  },
  'iceberg/catalog-unauthorized': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Give a credential or token that may read and write the tables, with its scope',
  },
  'iceberg/catalog-refused': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Read what the catalog says in the message; check its URI, warehouse and version',
  },
  'iceberg/catalog-answer-invalid': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Check that the URI is that of an Iceberg REST catalog, and what stands before it',
  },
} as const satisfies Record<IcebergErrorCode, ErrorPolicy>;

export class IcebergError extends CdcError<IcebergErrorCode> {
  constructor(
    code: IcebergErrorCode,
    message: string,
    details: { readonly context?: ErrorContext; readonly cause?: unknown } = {},
  ) {
    super({ code, message, policy: icebergPolicy[code], ...details });
  }
}

export function isIcebergError(error: unknown, code: IcebergErrorCode): boolean {
  return isCdcError(error) && error.code === code;
}

/** What `parse` gives; whatever it throws is an error of what it reads. */
export function orInvalid<T>(
  code: 'iceberg/metadata-invalid' | 'iceberg/manifest-corrupt' | 'iceberg/catalog-answer-invalid',
  what: string,
  parse: () => T,
): T {
  try {
    return parse();
  } catch (cause) {
    if (isCdcError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : 'it cannot be read';
    throw new IcebergError(code, `${what}: ${why}`, { cause });
  }
}

/** What any sink refuses, as errors of this library. */
export const icebergErrors: TableErrors = (kind, message, context) =>
  new IcebergError(`iceberg/${kind}`, message, { context });
