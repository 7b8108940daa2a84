import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { ObjectStoreError } from './errors.ts';
import { LocalObjectStore } from './local/local-object-store.ts';
import { S3Connection } from './s3/s3-connection.ts';
import { S3ObjectStore } from './s3/s3-object-store.ts';

/** Engines write both schemes. */
const S3_LOCATION = /^s3a?:\/\/(?<bucket>[^/]+)(?<prefix>\/.*)?$/i;
/** All stores that the environment names share their connections. */
const environment = new S3Connection();

/**
 * The store at a location: a path, `file:./relative`, a `file:///absolute` URL, or
 * `s3://bucket/prefix`, whose service and credentials the environment names (`AWS_REGION`,
 * `AWS_ENDPOINT_URL`, …) unless a connection is given. Nothing is asked of the service yet.
 * @throws ObjectStoreError `object-store/invalid-key` for any other scheme
 */
export function openObjectStore(location: string, s3 = environment): ObjectStore {
  const bucket = S3_LOCATION.exec(location)?.groups;
  if (bucket) {
    const prefix = (bucket['prefix'] ?? '').replace(/^\/+|\/+$/g, '');
    return new S3ObjectStore(s3, { bucket: bucket['bucket'] ?? '', prefix });
  }
  return new LocalObjectStore(localPath(location));
}

function localPath(location: string): string {
  if (location.startsWith('file://')) return fileURLToPath(location);
  if (location.startsWith('file:')) return resolve(location.slice('file:'.length));
  if (isAbsolute(location) || !/^[a-z][a-z0-9+.-]*:/i.test(location)) return resolve(location);
  throw new ObjectStoreError(
    'object-store/invalid-key',
    `${location} is on a storage that is not supported: use a path, a file: URL or s3://bucket/prefix`,
    { context: { location } },
  );
}
