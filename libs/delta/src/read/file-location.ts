import type { ObjectStore } from '@cdc-demo/cdc-core';
import { defaultFileResolver } from '@cdc-demo/lake-core';
import type { FileLocation, FileResolver } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';

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
  resolver: FileResolver = defaultFileResolver,
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
