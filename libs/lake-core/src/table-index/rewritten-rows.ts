import type { DeletionVector } from '../deletion-vector/deletion-vector.ts';
import type { LiveFile } from './live-file.ts';
import type { IndexedFile } from './table-index.ts';

/** A new file with copies. */
export interface RewriteOutput<F extends LiveFile> {
  /** Rows in the file. */
  readonly rows: number;
  /** Undefined where none of its rows is live any more. */
  readonly file: IndexedFile<F> | undefined;
}

/** Live rows of files, copied into new ones; they follow each other in `outputs`. */
export interface RewrittenRows<F extends LiveFile> {
  /** Files whose live rows were copied, as they were when they were read. */
  readonly sources: readonly IndexedFile<F>[];
  readonly outputs: readonly RewriteOutput<F>[];
}

/** What became of a source since it was read. */
export type SourceNow =
  /** It is not live any more: whatever rows it had are gone, or live elsewhere. */
  | { readonly state: 'gone' }
  | { readonly state: 'live'; readonly deleted: DeletionVector | undefined };
