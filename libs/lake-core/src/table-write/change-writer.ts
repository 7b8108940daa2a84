import type { CommitStats } from '@cdc-demo/cdc-core';
import type { TableColumns } from '../table-columns/table-columns.ts';
import type { LiveFile, TableRows } from '../table-index/live-file.ts';
import type { MovedKeys } from '../table-index/moved-keys.ts';
import type { RewrittenRows } from '../table-index/rewritten-rows.ts';
import type { TableRange } from '../table-rows/range-changes.ts';
import type { TableChanges } from '../table-rows/table-changes.ts';

/** What the changes of a commit are prepared against. */
export interface RowTarget<F extends LiveFile> {
  /** The rows that are stored, read with these columns. */
  readonly rows: TableRows<F>;
  /** The columns from this commit on. */
  readonly columns: TableColumns;
  /** See `TableSink.setResyncing`; no unless given. */
  readonly isResyncing?: boolean;
}

/** A commit whose files are durable and that no version has yet. */
export interface PreparedRows {
  readonly stats: CommitStats;
  /** To be called once the commit has succeeded. Does not fail. */
  applied(): Promise<void> | void;
  /** Removes the files: to be called when the commit is given up. */
  discard(): Promise<void>;
}

/**
 * One mode's way from changes to files.
 * @typeParam T what a commit of the format is prepared against
 * @typeParam P a prepared commit of the format
 */
export interface ChangeWriter<F extends LiveFile, T extends RowTarget<F>, P extends PreparedRows> {
  /**
   * Makes files of changes.
   * @returns undefined when they change nothing
   */
  prepare(changes: TableChanges, target: T): Promise<P | undefined>;

  /**
   * Makes files that bring the stored rows of a key range to what they should be.
   * @returns undefined when they are that already
   */
  prepareRange(range: TableRange, target: T): Promise<P | undefined>;

  /** Nothing is resynced any more, or something else: forgets what was kept for it. */
  endResync(): void;

  /** Takes note of versions that somebody else made; the target stands at the last of them. */
  follow(target: T): Promise<void>;

  /** What a compaction has to keep of each row for `moved`, if anything. */
  movedKeys(): MovedKeys | undefined;

  /** Takes note of our own compaction that was committed, with the keys that it kept. */
  moved(rewritten: RewrittenRows<F>, keys: MovedKeys | undefined): void;
}
