import type { ObjectStore } from '@cdc-demo/cdc-core';
import { openObjectStore } from '@cdc-demo/object-store';
import { DeltaError } from '../errors.ts';

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

/** Knows `file:` URLs only. */
export const localFileResolver: FileResolver = (url) => {
  if (url.protocol !== 'file:') return undefined;
  const at = url.href.lastIndexOf('/') + 1;
  return {
    store: openObjectStore(url.href.slice(0, at)),
    key: decodeURIComponent(url.href.slice(at)),
  };
};

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Where a path of the log lies: relative to the table, or absolute (Delta protocol, "Add File and
 * Remove File"). It is decoded once: `a%2520b` in the log is the file `a%20b`.
 * @param table the store whose root is the table's folder
 * @throws DeltaError `delta/foreign-storage` when the resolver does not know the storage;
 * `delta/log-corrupt` when the path is no URI
 */
export function locateFile(
  table: ObjectStore,
  path: string,
  resolver: FileResolver = localFileResolver,
): FileLocation {
  const isPlain = !SCHEME.test(path) && !path.startsWith('/') && !path.includes('..');
  if (isPlain) return { store: table, key: tidy(decodePath(path)) };
  const url = absoluteUrl(table, path);
  const { href } = url;
  if (href.startsWith(table.url)) {
    return { store: table, key: tidy(decodePath(href.slice(table.url.length))) };
  }
  const location = resolver(url);
  if (location) return location;
  throw new DeltaError(
    'delta/foreign-storage',
    `The table refers to a file on another storage: ${href}`,
    { context: { url: href } },
  );
}

/** `file:/a`, `file:///a` and `/a` are one; `?` and `#` are no part of RFC 2396 paths. */
function absoluteUrl(table: ObjectStore, path: string): URL {
  try {
    return new URL(path, table.url);
  } catch (cause) {
    throw notAUri(path, cause);
  }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw notAUri(path, cause);
  }
}

/** Without empty and `.` segments, which file systems take as nothing. */
function tidy(key: string): string {
  const segments = key.split('/');
  const isTidy = !segments.some((segment) => segment === '' || segment === '.');
  return isTidy ? key : segments.filter((s) => s !== '' && s !== '.').join('/');
}

function notAUri(path: string, cause: unknown): DeltaError {
  return new DeltaError('delta/log-corrupt', `A path in the log is no URI: ${path}`, {
    context: { path },
    cause,
  });
}
