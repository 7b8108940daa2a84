import { CdcError } from '@cdc-demo/cdc-core';
import type { ErrorContext, ErrorPolicy } from '@cdc-demo/cdc-core';

export type ObjectStoreErrorCode =
  | 'object-store/not-found'
  | 'object-store/invalid-key'
  | 'object-store/io'
  | 'object-store/not-a-folder'
  | 'object-store/read-only'
  | 'object-store/bucket-missing'
  | 'object-store/access-denied'
  | 'object-store/credentials-missing'
  | 'object-store/unreachable'
  | 'object-store/sdk-missing'
  | 'object-store/spill-full'
  | 'object-store/spill-failed';

export const objectStorePolicy = {
  'object-store/not-found': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Restore the file, or find out who removed it: a table must keep what it references',
  },
  'object-store/invalid-key': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Use a path without empty, "." or ".." segments',
  },
  'object-store/io': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'Check free space and the health of the disk; the write is tried again by itself',
  },
  'object-store/not-a-folder': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Choose another location, or move away the file that stands where a folder belongs',
  },
  'object-store/read-only': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Give this process the right to create files there, or choose another location',
  },
  'object-store/bucket-missing': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Create the bucket, or name another one: s3://bucket/prefix',
  },
  'object-store/access-denied': {
    retry: 'never',
    kind: 'configuration',
    remedy:
      'Check the credentials, and that they may get, put, list and delete objects below the prefix',
  },
  'object-store/credentials-missing': {
    retry: 'never',
    kind: 'configuration',
    remedy:
      "Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, or a profile; AWS_ENDPOINT_URL for a service that is not Amazon's",
  },
  'object-store/unreachable': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'Check the endpoint, the network and the service; it is tried again by itself',
  },
  'object-store/sdk-missing': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'npm install @aws-sdk/client-s3',
  },
  'object-store/spill-full': {
    retry: 'never',
    kind: 'failed',
    remedy:
      'Free room on that disk, raise spill.maxBytes, or name a larger disk in spill.folder; then start again: nothing is lost',
  },
  'object-store/spill-failed': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Name a folder in spill.folder in which this process may create files',
  },
} as const satisfies Record<ObjectStoreErrorCode, ErrorPolicy>;

export class ObjectStoreError extends CdcError<ObjectStoreErrorCode> {
  constructor(
    code: ObjectStoreErrorCode,
    message: string,
    details: { readonly context?: ErrorContext; readonly cause?: unknown } = {},
  ) {
    super({ code, message, policy: objectStorePolicy[code], ...details });
  }
}
