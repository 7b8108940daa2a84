import type { TransactionGroup } from '../changes/transaction-assembler.ts';
import type { Position } from '../changes/position.ts';
import type { ColumnBatch } from '../columns/column-batch.ts';
import type { CdcError } from '../errors/cdc-error.ts';
import type { TableName, TableSchema } from '../schema/table-schema.ts';
import type { JsonValue } from '../values/json-value.ts';
import type { ResyncRequest, ResyncRows } from './resync.ts';

/** Where a source is asked to begin. */
export type StartFrom =
  /** Nothing is published downstream: read the tables as they are, then follow. */
  | { readonly kind: 'snapshot'; readonly resume?: UnfinishedSnapshot }
  | StartAtPosition
  /**
   * The record of the position was lost, but tables exist: begin where the source's own
   * record says.
   */
  | { readonly kind: 'source-record' }
  /** Follow from now on, without the rows that are there. */
  | { readonly kind: 'now' };

/** What earlier runs read of a snapshot that was not finished, told back to the source. */
export interface UnfinishedSnapshot {
  /** That of the first run's `snapshot-begin`, and its history. */
  readonly position: Position;
  readonly history?: string;
  /** In the order in which they began. */
  readonly runs: readonly SnapshotRun[];
}

export interface SnapshotRun {
  /** As `snapshot-begin` told it. */
  readonly run: JsonValue;
  /** Units whose rows are durable, as `snapshot-unit-end` told them. */
  readonly units: readonly { readonly table: TableName; readonly unit: JsonValue }[];
}

export interface StartAtPosition {
  readonly kind: 'position';
  /** Everything before it is durable downstream. */
  readonly position: Position;
  /** No table holds anything from there on; `position` unless given. */
  readonly furthest?: Position;
  /** What the source once told with the position. */
  readonly history?: string;
  /**
   * Tables of which nothing is durable: their changes are given from some point on that a `resync`
   * takes into account.
   */
  readonly added?: readonly TableName[];
}

export type SourceMessage =
  | SnapshotBegin
  | SnapshotRows
  | SnapshotUnitEnd
  | { readonly kind: 'snapshot-table-end'; readonly table: TableName }
  /**
   * What was read of a table does not fit together: forget its units. The source fails next with a
   * retryable error, and a resumed one reads the table anew.
   */
  | { readonly kind: 'snapshot-discard'; readonly table: TableName }
  | SnapshotEnd
  /** Following begins at `position` (only when the start was not a snapshot). */
  | {
      readonly kind: 'streaming';
      readonly position: Position;
      readonly history?: string;
      readonly tables: readonly TableSchema[];
    }
  | { readonly kind: 'transactions'; readonly group: TransactionGroup }
  | ResyncRows
  /**
   * The source has nothing for us before `position`; it may be acknowledged when all is
   * durable.
   */
  | { readonly kind: 'heartbeat'; readonly position: Position }
  /** The source cannot go on until somebody acts. The last message. */
  | { readonly kind: 'refused'; readonly error: CdcError };

export interface SnapshotBegin {
  readonly kind: 'snapshot-begin';
  /** Changes follow from here. */
  readonly position: Position;
  /**
   * Names the database system and the line of its log that positions belong to, where the source
   * has such a name. Store it beside the position and give it back in `StartFrom`: a source that
   * was restored or replaced meanwhile then refuses instead of reading another history.
   */
  readonly history?: string;
  readonly tables: readonly { readonly schema: TableSchema; readonly estimatedRows: number }[];
  /** What the source has to be told about this run when the snapshot is resumed; opaque. */
  readonly run: JsonValue;
  /**
   * Which of the units in `StartFrom` count: `none` (all begins anew at `position`), or all but
   * those of the tables that changed too much.
   */
  readonly kept: 'none' | { readonly allBut: readonly TableName[] };
}

/** Rows of one table; the receiver owns the batch. Units may alternate. */
export interface SnapshotRows {
  readonly kind: 'snapshot-rows';
  readonly schema: TableSchema;
  /** Number of the unit within this run. */
  readonly unit: number;
  readonly rows: ColumnBatch;
}

/** All rows of a unit were sent. Once they are durable they need not be read again. */
export interface SnapshotUnitEnd {
  readonly kind: 'snapshot-unit-end';
  readonly schema: TableSchema;
  readonly unit: number;
  /** What the source has to be told about the unit when the snapshot is resumed; opaque. */
  readonly finished: JsonValue;
}

/** All rows were sent. Changes from `position` on follow after this message was consumed. */
export interface SnapshotEnd {
  readonly kind: 'snapshot-end';
  readonly position: Position;
  /**
   * `position` where all rows are as of that. A later one where they were read at several instants:
   * the rows with the changes that follow are the tables as of any position from there on, and of
   * none before.
   */
  readonly settledAt: Position;
}

export interface SourceLagBytes {
  /** Log that the source keeps because of us. */
  readonly retainedBytes: bigint;
  /** Log that was written since the acknowledged position. */
  readonly behindBytes: bigint;
}

/**
 * A database or log that is followed.
 *
 * Call order: `check`, then `start` once; `acknowledge` any time while started; `stop` ends the
 * iteration. Iterating pulls: while the consumer does not ask, the source reads no further than its
 * buffer. A lost connection is thrown from the iterator with a retryable `CdcError`; the consumer
 * starts a
 * new source from its durable position.
 */
export interface Source {
  /** Everything that would stop `start`, each with its remedy, without changing anything. */
  check(): Promise<readonly CdcError[]>;
  start(from: StartFrom): AsyncIterable<SourceMessage>;
  /** Everything before `position` is durable downstream: the source may forget it. */
  acknowledge(position: Position): Promise<void>;
  /**
   * Reads the rows of a followed table beside the stream, range by range in the order of the key
   * (`resync-rows`), one table after the other. A table that is being read goes on from
   * `request.after` instead. Only while started; rows come once changes are followed.
   */
  resync(request: ResyncRequest): void;
  /** Where the source's log ends now: all that is committed lies before it. Only while started. */
  currentPosition(): Promise<Position>;
  /** How far the source is ahead of what was acknowledged. Only while started. */
  lag(): Promise<SourceLagBytes>;
  /** Ends the iteration and closes connections; nothing is acknowledged by it. Safe twice. */
  stop(): Promise<void>;
  /** Removes what the source holds for us (slot, publication made by us). Only when stopped. */
  drop(): Promise<void>;
}
