import { openParquet } from '@cdc-demo/lake-core';
import type { ParquetFile, ParquetFileCache } from '@cdc-demo/lake-core';
import { IcebergError } from '../errors.ts';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { TableFiles } from './table-files.ts';

/** Opens the Parquet files of a table. */
export class ParquetFiles {
  readonly #files: TableFiles;
  readonly #cache: ParquetFileCache | undefined;

  /** @param cache open files, where they are read again and again */
  constructor(files: TableFiles, cache?: ParquetFileCache) {
    this.#files = files;
    this.#cache = cache;
  }

  /**
   * @throws IcebergError `iceberg/unsupported-file`, `iceberg/file-missing`,
   * `iceberg/foreign-storage`; what the Parquet reader throws
   */
  async open({ path, format, sizeBytes, isEncrypted }: ContentFile): Promise<ParquetFile> {
    if (format !== 'PARQUET' || isEncrypted) {
      const what = isEncrypted ? 'is encrypted' : `has the format ${format}`;
      throw new IcebergError('iceberg/unsupported-file', `The file ${path} ${what}`, {
        context: { path, format },
      });
    }
    try {
      return await this.#files.orMissing(path, ({ store, key }) =>
        store === this.#cache?.store
          ? this.#cache.open(key, sizeBytes)
          : openParquet(store, key, sizeBytes),
      );
    } catch (error) {
      // Some writers get the size wrong, and what lies at the end of the file counts.
      const { store, key } = this.#files.locate(path);
      const actual = (await store.stat(key))?.size;
      if (actual === undefined || actual === sizeBytes) throw error;
      return openParquet(store, key, actual);
    }
  }
}
