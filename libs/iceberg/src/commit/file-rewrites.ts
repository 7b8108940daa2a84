import { RowRewrites } from '@cdc-demo/lake-core';
import type { FileDeletions, FileReader, TableIndex, TouchedFiles } from '@cdc-demo/lake-core';
import type { FileRecord } from '../manifest/write-manifest.ts';
import { ownDeletes } from '../write/live-data-file.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import type { TableWriter } from '../write/table-files.ts';

export interface FileRewriteParts {
  readonly index: TableIndex<LiveDataFile>;
  readonly touched: TouchedFiles<LiveDataFile>;
  readonly reader: FileReader<LiveDataFile>;
  readonly writer: TableWriter;
}

/** As `RowDeletions`, for tables of a version without deletion vectors. */
export class FileRewrites implements FileDeletions {
  readonly deletes: readonly FileRecord[] = [];
  readonly #touched: TouchedFiles<LiveDataFile>;
  readonly #rewrites: RowRewrites<LiveDataFile>;

  constructor(parts: FileRewriteParts) {
    this.#touched = parts.touched;
    this.#rewrites = new RowRewrites<LiveDataFile>(parts);
  }

  /** Files that were written. */
  get files(): number {
    return this.#rewrites.files;
  }

  get bytes(): number {
    return this.#rewrites.bytes;
  }

  /** After `write`: the new files. */
  get data(): readonly FileRecord[] {
    return this.#rewrites.added.map(({ file }) => file.record());
  }

  /** Makes the new files durable. */
  write(): Promise<void> {
    return this.#rewrites.write();
  }

  /** After `write`: keys of the files that are not live any more. */
  removed(): string[] {
    const { marked, emptied } = this.#touched;
    return [...marked, ...emptied].flatMap(({ indexed }) => {
      return [indexed.file.path, ...ownDeletes(indexed.file)];
    });
  }

  /** Lets the index follow the commit. */
  applied(): Promise<void> {
    return this.#rewrites.applied();
  }

  /** Removes what was written. */
  abort(): Promise<void> {
    return this.#rewrites.abort();
  }
}
