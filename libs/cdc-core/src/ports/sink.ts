import type { ChangeBatch } from '../changes/change-batch.ts';
import type { SpilledChanges } from '../changes/spilled-transaction.ts';
import type { Position } from '../changes/position.ts';
import type { ColumnBatch } from '../columns/column-batch.ts';
import type { CdcError } from '../errors/cdc-error.ts';
import type { TableName, TableSchema } from '../schema/table-schema.ts';
import type { JsonValue } from '../values/json-value.ts';
import type { ResyncRows } from './resync.ts';

/** A place for tables. */
export interface Sink {
  /** The sink's table for a source table. Not opened yet. */
  table(table: TableName): TableSink;
  close(): Promise<void>;
}

/**
 * One destination table with one writer.
 *
 * Call order: `open`; then either `sweepStaged`, any number of `stageSnapshot`, perhaps
 * `settleSnapshot`, and `publishSnapshot`; or any number of rounds of `write`s and one `commit`.
 * After `conflicted` or `fenced` only `close` may follow.
 */
export interface TableSink {
  /** Reads what the table holds, and refuses a table that is not ours. Creates nothing. */
  open(writer: Writer): Promise<OpenOutcome>;

  /**
   * Removes what earlier runs staged, except `kept`.
   * @throws CdcError when the table's place holds something that is not ours; nothing is removed
   */
  sweepStaged(kept: readonly StagedSnapshot[]): Promise<void>;

  /**
   * Starts to stage some of the table's first rows; nothing becomes visible. Several stages may be
   * open at the same time.
   */
  stageSnapshot(schema: TableSchema): Promise<SnapshotStage>;

  /**
   * Takes rows that were read at several instants, and then the changes that bring them to one.
   * @param point `position` is where the changes begin
   */
  settleSnapshot(
    staged: readonly StagedSnapshot[],
    point: CommitPoint,
  ): Promise<SnapshotSettlement>;

  /**
   * Creates the table with the staged rows at `point.position`, in one commit. Again for the same
   * rows: changes nothing. Gives `committed` also when an earlier call had succeeded.
   */
  publishSnapshot(staged: readonly StagedSnapshot[], point: CommitPoint): Promise<CommitOutcome>;

  /** Creates the table without rows, when it does not exist. */
  create(schema: TableSchema, point: CommitPoint): Promise<CommitOutcome>;

  /**
   * Says whether the table's rows are being read again, or for the first time, beside the stream.
   * Meanwhile its rows may be others than the source's: what changed is compared with the stored
   * row, never with the old row that the source sends, and a change is left out that needs a value
   * of a row that is not there yet.
   */
  setResyncing(isResyncing: boolean): void;

  /**
   * Makes the rows of a key range what the source has there, in one commit of its own: rows that
   * are equal stay, rows that the source lacks are deleted. `point.position` is that of `rows`;
   * everything before it was committed. Again for the same rows: changes nothing.
   */
  resync(rows: ResyncRows, point: CommitPoint): Promise<CommitOutcome>;

  /** Names of the columns of `schema` that the table's rows do not have. Only when it is open. */
  lacks(schema: TableSchema): readonly string[];

  /**
   * Takes changes for the next commit, in order; the sink owns the batch from here. Changes on disk
   * stay there until `commit` has resolved, and are read by it.
   */
  write(changes: ChangeBatch | SpilledChanges): Promise<void>;

  /**
   * Publishes all that was written, the change feed and `point.position` in one commit, all or
   * nothing.
   * Changes that the table has already (at or before its own position) are left out. Without any
   * change to publish there is no commit.
   */
  commit(point: CommitPoint): Promise<CommitOutcome>;

  close(): Promise<void>;
}

/** Who writes. */
export interface Writer {
  readonly pipeline: string;
  /** Number of this run of the pipeline; the higher one of two writers is the rightful one. */
  readonly incarnation: number;
}

/** What a commit makes durable beside the rows. */
export interface CommitPoint extends Writer {
  /** The table contains everything before it. */
  readonly position: Position;
  /** Counts the pipeline's commits; grows with every one. */
  readonly batch: number;
  /** When the newest transaction was committed at the source, microseconds; for lag. */
  readonly committedAtUs: bigint;
}

export type OpenOutcome =
  /** The table does not exist. */
  | { readonly outcome: 'missing' }
  /** The table is ours and holds everything before `position`. */
  | { readonly outcome: 'opened'; readonly position: Position; readonly batch: number }
  | { readonly outcome: 'fenced'; readonly incarnation: number }
  | { readonly outcome: 'refused'; readonly error: CdcError };

export type CommitOutcome =
  | { readonly outcome: 'committed'; readonly version: bigint; readonly stats: CommitStats }
  /** There was nothing to publish; the table is as it was. */
  | { readonly outcome: 'unchanged' }
  /** A writer with a higher incarnation has the table. */
  | { readonly outcome: 'fenced'; readonly incarnation: number }
  /** Somebody else changed the table in a way that cannot be reconciled. */
  | { readonly outcome: 'conflicted'; readonly error: CdcError };

export interface CommitStats {
  /** Net rows of the commit. */
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly files: number;
  readonly bytes: number;
}

export interface SnapshotStage {
  /** Takes rows; the stage owns the batch from here. */
  write(rows: ColumnBatch): Promise<void>;
  /** Makes the staged files durable; still invisible. */
  finish(): Promise<StagedSnapshot>;
  /** Removes what was staged. */
  abort(): Promise<void>;
}

/** A table before anybody sees it. What a crash leaves of it is removed by `sweepStaged`. */
export interface SnapshotSettlement {
  /** As those of `TableSink`. */
  write(changes: ChangeBatch | SpilledChanges): Promise<void>;
  commit(point: CommitPoint): Promise<CommitOutcome>;
  /** The rows as they are now, to be published. No other call may follow. */
  finish(): Promise<StagedSnapshot>;
}

/** Plain JSON that a later process can publish from; opaque to everybody but the sink. */
export interface StagedSnapshot {
  readonly rows: number;
  readonly bytes: number;
  readonly [key: string]: JsonValue;
}
