import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { ObjectStoreError } from './errors.ts';
import { LocalObjectStore } from './local/local-object-store.ts';

/**
 * The store at a location: a path, `file:./relative`, or a `file:///absolute` URL.
 * @throws ObjectStoreError `object-store/invalid-key` for any other scheme
 */
export function openObjectStore(location: string): ObjectStore {
  return new LocalObjectStore(localPath(location));
}

function localPath(location: string): string {
  if (location.startsWith('file://')) return fileURLToPath(location);
  if (location.startsWith('file:')) return resolve(location.slice('file:'.length));
  if (isAbsolute(location) || !/^[a-z][a-z0-9+.-]*:/i.test(location)) return resolve(location);
  throw new ObjectStoreError(
    'object-store/invalid-key',
    `${location} is on a storage that is not supported: use a path or a file: URL`,
    { context: { location } },
  );
}
