import { RowRewrites } from '@cdc-demo/lake-core';
import type { FileDeletions, TableIndex, TouchedFiles } from '@cdc-demo/lake-core';
import type { Action, AddFile } from '../log/actions.ts';
import { removal } from '../write/removal.ts';
import { tableWriter } from '../write/table-files.ts';
import type { CommitTarget } from './commit-target.ts';
import type { TableContext } from '../sink/sink-options.ts';

export interface FileRewriteParts {
  readonly index: TableIndex<AddFile>;
  readonly touched: TouchedFiles<AddFile>;
  readonly target: CommitTarget;
}

/** As `RowDeletions`, for readers that know no deletion vectors. */
export class FileRewrites implements FileDeletions {
  readonly vectors = 0;
  readonly #touched: TouchedFiles<AddFile>;
  readonly #rewrites: RowRewrites<AddFile>;

  constructor(
    { store, layout, clock }: TableContext,
    { index, touched, target }: FileRewriteParts,
  ) {
    this.#touched = touched;
    const writer = tableWriter({ store, format: target.format, layout, clock, prefix: 'part-' });
    const reader = target.rows.openReader();
    this.#rewrites = new RowRewrites({ index, touched, reader, writer });
  }

  /** Files that were written. */
  get files(): number {
    return this.#rewrites.files;
  }

  get bytes(): number {
    return this.#rewrites.bytes;
  }

  /** Makes the new files durable. */
  write(): Promise<void> {
    return this.#rewrites.write();
  }

  /** After `write`: what the log says of the files. */
  actions(): Action[] {
    const { marked, emptied } = this.#touched;
    const removed = [...marked, ...emptied].map(({ indexed }) => removal(indexed.file));
    return [...removed, ...this.#rewrites.added.map(({ file }) => ({ add: file }))];
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
