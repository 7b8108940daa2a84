import type { ObjectStore } from '@cdc-demo/cdc-core';
import type { FileDeletions, TableIndex, TouchedFile, TouchedFiles } from '@cdc-demo/lake-core';
import type { FileRecord } from '../manifest/write-manifest.ts';
import { NO_VECTORS, writeDeletionVectors } from '../write/deletion-vectors.ts';
import type { WrittenVectors } from '../write/deletion-vectors.ts';
import { ownDeletes } from '../write/live-data-file.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';

export interface RowDeletionParts {
  readonly store: ObjectStore;
  /** Of the table, without a slash at the end. */
  readonly location: string;
  readonly index: TableIndex<LiveDataFile>;
  readonly touched: TouchedFiles<LiveDataFile>;
}

/**
 * What a commit's deletions do to files: a file of which rows are left gets a new deletion vector
 * in the place of all that deleted rows of it before, one without rows is removed.
 */
export class RowDeletions implements FileDeletions {
  /** Files that were written for rows which are left; none here. */
  readonly files = 0;
  readonly data: readonly FileRecord[] = [];
  readonly #parts: RowDeletionParts;
  #marked: readonly TouchedFile<LiveDataFile>[] = [];
  #written: WrittenVectors = NO_VECTORS;

  constructor(parts: RowDeletionParts) {
    this.#parts = parts;
  }

  get bytes(): number {
    return this.#written.bytes;
  }

  /** After `write`: the vectors. */
  get deletes(): readonly FileRecord[] {
    return this.#written.records;
  }

  /** Makes the vectors durable, in one file. */
  async write(): Promise<void> {
    const { store, location, touched } = this.#parts;
    this.#marked = touched.marked;
    const marked = this.#marked.map(({ indexed: { file }, deleted }) => ({ file, deleted }));
    this.#written = await writeDeletionVectors(store, location, marked);
  }

  /** After `write`: keys of the files that are not live any more. */
  removed(): string[] {
    const { emptied } = this.#parts.touched;
    return [
      ...this.#marked.flatMap(({ indexed }) => ownDeletes(indexed.file)),
      ...emptied.flatMap(({ indexed }) => [indexed.file.path, ...ownDeletes(indexed.file)]),
    ];
  }

  /** Lets the index follow the commit, its keys left out. */
  applied(): Promise<void> {
    const { index, touched } = this.#parts;
    this.#marked.forEach(({ id, indexed, deleted }, i) => {
      const { file, rows } = indexed;
      index.replaceFile(id, { file: this.#written.files[i] ?? file, rows, deleted });
    });
    for (const { id } of touched.emptied) index.removeFile(id);
    return Promise.resolve();
  }

  /** Removes what was written. */
  async abort(): Promise<void> {
    const { key } = this.#written;
    if (key !== undefined) await this.#parts.store.delete(key);
  }
}
