import type { ObjectStore } from '@cdc-demo/cdc-core';
import { openObjectStore } from '@cdc-demo/object-store';

/** An object somewhere: a key in a store. */
export interface FileLocation {
  readonly store: ObjectStore;
  readonly key: string;
}

/**
 * Opens files outside of the table.
 * @param url absolute and URL-encoded, as `s3://bucket/a%20b` or `file:///a%20b`
 * @returns undefined when it does not know the storage
 */
export type FileResolver = (url: URL) => FileLocation | undefined;

/** Knows `file:`, `s3:` and `s3a:` URLs. */
export const defaultFileResolver: FileResolver = (url) => {
  if (url.protocol === 's3:' || url.protocol === 's3a:') {
    const key = decodeURIComponent(url.pathname.slice(1));
    return { store: openObjectStore(`s3://${url.host}`), key };
  }
  if (url.protocol !== 'file:') return undefined;
  const at = url.href.lastIndexOf('/') + 1;
  return {
    store: openObjectStore(url.href.slice(0, at)),
    key: decodeURIComponent(url.href.slice(at)),
  };
};
