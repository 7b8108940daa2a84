import type { ObjectStore } from '@cdc-demo/cdc-core';
import { LeastRecentlyUsed } from './least-recently-used.ts';
import { pageByteSize } from './page.ts';
import type { Page } from './page.ts';
import type { PageCache } from './page-cache.ts';
import { OpenParquetFile } from './parquet-file.ts';
import type { ParquetFile } from './parquet-file.ts';
import type { PlainValues } from './plain-values.ts';

export interface ParquetFileCacheOptions {
  /** Memory for open files: footers and page indexes. 64 MiB by default. */
  readonly fileBytes?: number;
  /** Memory for the pages that `readRows` decoded; 0 keeps none. 128 MiB by default. */
  readonly pageBytes?: number;
}

const MIB = 1024 * 1024;
/** What an entry takes beside its content. */
const ENTRY_BYTES = 200;

/**
 * Open files of one store by their keys, and the pages that `readRows` needed of them, those least
 * recently used going first. Rows of a page that was read lately cost no request and no decoding.
 * A file that was pushed out stays usable for those who hold it.
 */
export class ParquetFileCache {
  /** Whose files are kept. */
  readonly store: ObjectStore;
  readonly #files: LeastRecentlyUsed<OpenParquetFile>;
  readonly #opening = new Map<string, Promise<OpenParquetFile>>();
  readonly #pages: LeastRecentlyUsed<Page>;
  readonly #dictionaries: LeastRecentlyUsed<PlainValues>;
  readonly #pageCache: PageCache | undefined;

  constructor(store: ObjectStore, options: ParquetFileCacheOptions = {}) {
    const { fileBytes = 64 * MIB, pageBytes = 128 * MIB } = options;
    this.store = store;
    this.#files = new LeastRecentlyUsed(fileBytes);
    // Dictionaries are few and wanted by every page of their column.
    this.#pages = new LeastRecentlyUsed(pageBytes * 0.75);
    this.#dictionaries = new LeastRecentlyUsed(pageBytes * 0.25);
    this.#pageCache = pageBytes > 0 ? this.#makePageCache() : undefined;
  }

  /** Memory that is held now. */
  get bytes(): number {
    return this.#files.bytes + this.#pages.bytes + this.#dictionaries.bytes;
  }

  /**
   * The open file of a key; calls at the same time share one opening.
   * @throws as `openParquet` does; a failure is not kept
   */
  open(key: string, size?: number): Promise<ParquetFile> {
    const found = this.#files.get(key);
    if (found) return Promise.resolve(found);
    const known = this.#opening.get(key);
    if (known) return known;
    const opening = this.#open(key, size).finally(() => this.#opening.delete(key));
    this.#opening.set(key, opening);
    return opening;
  }

  /** Drops a file that will not be read again. Its pages go as others come. */
  forget(key: string): void {
    this.#files.delete(key);
  }

  async #open(key: string, size: number | undefined): Promise<OpenParquetFile> {
    const file = await OpenParquetFile.open(this.store, key, {
      ...(size === undefined ? {} : { size }),
      ...(this.#pageCache ? { cache: this.#pageCache } : {}),
    });
    this.#files.set(key, file, file.byteSize + ENTRY_BYTES);
    return file;
  }

  #makePageCache(): PageCache {
    const pages = this.#pages;
    const dictionaries = this.#dictionaries;
    return {
      page: (key) => pages.get(key),
      keepPage: (key, page) => pages.set(key, page, pageByteSize(page) + ENTRY_BYTES),
      dictionary: (key) => dictionaries.get(key),
      keepDictionary: (key, values) => dictionaries.set(key, values, values.byteSize + ENTRY_BYTES),
    };
  }
}
