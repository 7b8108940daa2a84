import type { FileDeletions, TableIndex, TouchedFile, TouchedFiles } from '@cdc-demo/lake-core';
import type { FileRecord } from '../manifest/write-manifest.ts';
import { ownDeletes } from '../write/live-data-file.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import { NOTHING_WRITTEN, discardRowDeletes, writeRowDeletes } from '../write/row-deletes.ts';
import type { DeletesTarget, WrittenDeletes } from '../write/row-deletes.ts';

export interface RowDeletionParts extends DeletesTarget {
  readonly formatVersion: number;
  readonly index: TableIndex<LiveDataFile>;
  readonly touched: TouchedFiles<LiveDataFile>;
}

/**
 * What a commit's deletions do to files: a file of which rows are left gets new deletes in the
 * place of all that deleted rows of it before, one without rows is removed.
 */
export class RowDeletions implements FileDeletions {
  /** Files that were written for rows which are left; none here. */
  readonly files = 0;
  readonly data: readonly FileRecord[] = [];
  readonly #parts: RowDeletionParts;
  #marked: readonly TouchedFile<LiveDataFile>[] = [];
  #written: WrittenDeletes = NOTHING_WRITTEN;

  constructor(parts: RowDeletionParts) {
    this.#parts = parts;
  }

  get bytes(): number {
    return this.#written.bytes;
  }

  /** After `write`: the delete files. */
  get deletes(): readonly FileRecord[] {
    return this.#written.records;
  }

  /** Makes the deletes durable. */
  async write(): Promise<void> {
    const { touched, formatVersion } = this.#parts;
    this.#marked = touched.marked;
    const marked = this.#marked.map(({ indexed: { file }, deleted }) => ({ file, deleted }));
    this.#written = await writeRowDeletes(this.#parts, marked, formatVersion);
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
  abort(): Promise<void> {
    return discardRowDeletes(this.#parts, this.#written);
  }
}
