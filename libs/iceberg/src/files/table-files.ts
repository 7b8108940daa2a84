import { isCdcError } from '@cdc-demo/cdc-core';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { defaultFileResolver } from '@cdc-demo/lake-core';
import type { FileLocation, FileResolver } from '@cdc-demo/lake-core';
import { IcebergError } from '../errors.ts';

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Finds the files that a table names by their whole location. Those below the table's own location
 * are looked for below its folder, so that a table can be read where it was copied to.
 */
export class TableFiles {
  readonly #store: ObjectStore;
  readonly #location: string;
  readonly #resolver: FileResolver;

  /**
   * @param store whose root is the table's folder
   * @param location of the table, as its metadata says
   */
  constructor(store: ObjectStore, location: string, resolver: FileResolver = defaultFileResolver) {
    this.#store = store;
    this.#location = `${normal(location)}/`;
    this.#resolver = resolver;
  }

  /** @throws IcebergError `iceberg/foreign-storage` when the resolver does not know the storage */
  locate(path: string): FileLocation {
    const whole = normal(path);
    if (whole.startsWith(this.#location)) {
      return { store: this.#store, key: whole.slice(this.#location.length) };
    }
    const url = urlOf(path);
    const { href: root } = new URL(this.#store.url);
    if (url?.href.startsWith(root)) {
      return { store: this.#store, key: decodeURIComponent(url.href.slice(root.length)) };
    }
    const location = url && this.#resolver(url);
    if (location) return location;
    throw new IcebergError(
      'iceberg/foreign-storage',
      `The table refers to a file on another storage: ${path}`,
      { context: { path } },
    );
  }

  /** A whole file. @throws IcebergError `iceberg/file-missing`, `iceberg/foreign-storage` */
  async read(path: string): Promise<Uint8Array> {
    const { store, key } = this.locate(path);
    return (await store.get(key)) ?? missing(path);
  }

  /** Bytes [start, end) of a file. @throws as `read` */
  readRange(path: string, start: number, end: number): Promise<Uint8Array> {
    return this.orMissing(path, ({ store, key }) => store.getRange(key, start, end));
  }

  /** What `read` gives. @throws IcebergError `iceberg/file-missing` for the store's own error */
  async orMissing<T>(path: string, read: (location: FileLocation) => Promise<T>): Promise<T> {
    try {
      return await read(this.locate(path));
    } catch (cause) {
      if (!isCdcError(cause) || cause.code !== 'object-store/not-found') throw cause;
      return missing(path, cause);
    }
  }
}

/** `file:/a`, `file:///a` and `/a` are one, as for the engines that write them. */
function normal(path: string): string {
  return path.replace(/^file:\/*(?=\/)/i, '');
}

/** Locations are no encoded URLs: `%` and spaces stand for themselves. */
function urlOf(path: string): URL | undefined {
  if (!SCHEME.test(path)) return path.startsWith('/') ? urlOf(`file://${path}`) : undefined;
  const encoded = path.replace(/[%?#]/g, encodeURIComponent);
  return URL.canParse(encoded) ? new URL(encoded) : undefined;
}

function missing(path: string, cause?: unknown): never {
  throw new IcebergError(
    'iceberg/file-missing',
    `The table needs the file ${path}, which is gone`,
    {
      context: { path },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
