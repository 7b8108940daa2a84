import type { ObjectStore } from '@cdc-demo/cdc-core';
import type { FileDeletions, TableIndex, TouchedFile, TouchedFiles } from '@cdc-demo/lake-core';
import type { Action, AddFile } from '../log/actions.ts';
import { writeDeletionVectors } from '../write/deletion-vector-file.ts';
import type { WrittenVectors } from '../write/deletion-vector-file.ts';
import { removal } from '../write/removal.ts';
import { withWideBounds } from '../write/statistics.ts';

/**
 * What a commit's deletions do to files: a file of which rows are left gets a greater deletion
 * vector, one without rows is removed.
 */
export class RowDeletions implements FileDeletions {
  /** Files that were written for rows which are left; none here. */
  readonly files = 0;
  readonly #store: ObjectStore;
  readonly #index: TableIndex<AddFile>;
  readonly #touched: TouchedFiles<AddFile>;
  #marked: readonly TouchedFile<AddFile>[] = [];
  #written: WrittenVectors = { descriptors: [], key: undefined, bytes: 0 };
  #adds: readonly AddFile[] = [];

  constructor(store: ObjectStore, index: TableIndex<AddFile>, touched: TouchedFiles<AddFile>) {
    this.#store = store;
    this.#index = index;
    this.#touched = touched;
  }

  /** Files that get a deletion vector. */
  get vectors(): number {
    return this.#marked.length;
  }

  get bytes(): number {
    return this.#written.bytes;
  }

  /** Makes the vectors durable. */
  async write(): Promise<void> {
    this.#marked = this.#touched.marked;
    if (this.#marked.length === 0) return;
    const vectors = this.#marked.map(({ deleted }) => deleted);
    this.#written = await writeDeletionVectors(this.#store, vectors);
  }

  /** After `write`: what the log says of the files. */
  actions(): Action[] {
    this.#adds = this.#marked.map(({ indexed: { file, rows } }, i): AddFile => {
      const deletionVector = this.#written.descriptors[i];
      if (!deletionVector) throw new Error('A deletion vector was not written');
      const { stats = `{"numRecords":${rows}}` } = file;
      return { ...file, dataChange: true, stats: withWideBounds(stats), deletionVector };
    });
    const gone = [...this.#marked, ...this.#touched.emptied];
    const removed = gone.map(({ indexed }) => removal(indexed.file));
    return [...removed, ...this.#adds.map((add) => ({ add }))];
  }

  /** Lets the index follow the commit, its keys left out. */
  applied(): Promise<void> {
    this.#marked.forEach(({ id, indexed, deleted }, i) => {
      const { file, rows } = indexed;
      this.#index.replaceFile(id, { file: this.#adds[i] ?? file, rows, deleted });
    });
    for (const { id } of this.#touched.emptied) this.#index.removeFile(id);
    return Promise.resolve();
  }

  /** Removes what was written. */
  async abort(): Promise<void> {
    const { key } = this.#written;
    if (key !== undefined) await this.#store.delete(key);
  }
}
