import type { CdcError, CommitPoint, ErrorContext, OpenOutcome, Writer } from '@cdc-demo/cdc-core';
import type { CopiedRows } from '../compaction/rewrite-rows.ts';
import type { ColumnChange } from '../table-columns/column-change.ts';
import type { TableColumns } from '../table-columns/table-columns.ts';
import type { LiveFile } from '../table-index/live-file.ts';
import type { MovedKeys } from '../table-index/moved-keys.ts';
import type { RewriteOutput } from '../table-index/rewritten-rows.ts';
import type { TablePosition } from '../table-position/table-position.ts';
import type { PreparedRows, RowTarget } from '../table-write/change-writer.ts';

/** What a sink refuses, whatever the format. Its code is the kind behind the format's name. */
export type TableErrorKind =
  | 'conflict'
  | 'no-key'
  | 'not-ours'
  | 'resync-append'
  | 'schema-change'
  | 'staged-rows-gone';

/** An error of the format's library. */
export type TableErrors = (
  kind: TableErrorKind,
  message: string,
  context: ErrorContext,
) => CdcError;

/** A table of ours, as its newest version has it. */
export interface TableState {
  readonly position: TablePosition;
  readonly columns: TableColumns;
}

/** What a table says of itself, and whether a writer may write it. */
export type StateOutcome =
  | { readonly outcome: 'ours'; readonly state: TableState }
  | Extract<OpenOutcome, { outcome: 'fenced' | 'refused' }>;

/** What a table is apart from its files; a format adds its own. */
export interface TableShape {
  readonly columns: TableColumns;
}

/** Where a commit of changes leads to. */
export interface NextVersion<S extends TableShape> {
  readonly point: CommitPoint;
  readonly shape: S;
  /** From the columns before to those of `shape`. */
  readonly changes: readonly ColumnChange[];
}

/** Live rows of files that were copied into new ones, in no version yet. */
export interface StagedCompaction<F extends LiveFile> extends CopiedRows<F> {
  /** Of all rows of `outputs` in order, where the table has a key index. */
  readonly keys: MovedKeys | undefined;
}

/** A compaction that is a version. */
export interface CommittedCompaction<F extends LiveFile> {
  readonly version: bigint;
  readonly outputs: readonly RewriteOutput<F>[];
  /** Bytes of the new files of which rows are live. */
  readonly bytes: number;
}

/**
 * A format's commits to one table, each after the newest version that is known here.
 * @typeParam F its data files
 * @typeParam T what changes are prepared against
 * @typeParam P a prepared commit
 * @typeParam S what a table is apart from its files
 * @typeParam C a compaction before its commit
 */
export interface FormatCommits<
  F extends LiveFile,
  T extends RowTarget<F>,
  P extends PreparedRows,
  S extends TableShape,
  C extends StagedCompaction<F>,
> {
  /** The newest version as it is, with these columns. */
  shape(columns: TableColumns): S;
  /** A shape after changes of columns; an error when the format, or a reader, has none for them. */
  evolve(shape: S, changes: readonly ColumnChange[]): S | CdcError;
  target(shape: S): Promise<T> | T;
  /** Makes the next version; undefined when somebody else has it. */
  publish(prepared: P, next: NextVersion<S>): Promise<bigint | undefined>;
  /**
   * Puts files in the place of those that they were copied from. `useless` when the table has gone
   * on so that nothing is won.
   */
  replace(staged: C): Promise<CommittedCompaction<F> | 'taken' | 'useless'>;
  /** Reads the versions that others have made, and what the table says of itself since. */
  follow(writer: Writer): Promise<StateOutcome>;
}
