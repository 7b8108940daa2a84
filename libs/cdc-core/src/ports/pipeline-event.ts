import type { Position } from '../changes/position.ts';
import type { CommitStats } from './sink.ts';
import type { UpkeepEvent } from './upkeep-event.ts';
import type { SourceLagBytes } from './source.ts';
import type { CdcError } from '../errors/cdc-error.ts';
import type { TableName } from '../schema/table-schema.ts';

export type PipelineState =
  | 'created'
  | 'starting'
  | 'snapshotting'
  | 'streaming'
  | 'retrying'
  | 'stopping'
  | 'stopped'
  | 'failed';

/**
 * What a pipeline tells its observers: logs, metrics, health, the command line. Never row
 * values.
 */
export type PipelineEvent =
  | { readonly kind: 'state'; readonly from: PipelineState; readonly to: PipelineState }
  | SnapshotProgress
  | ResyncProgress
  | ChangesReceived
  | TableCommitted
  | UpkeepEvent
  | BatchCommitted
  | { readonly kind: 'acknowledged'; readonly position: Position }
  | SourceLag
  | {
      readonly kind: 'retry';
      readonly error: CdcError;
      readonly attempt: number;
      readonly delayMs: number;
    }
  | { readonly kind: 'warning'; readonly message: string; readonly remedy: string }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface SnapshotProgress {
  readonly kind: 'snapshot-progress';
  readonly table: TableName;
  /** Read so far, by earlier runs as well. */
  readonly rows: number;
  readonly estimatedRows: number;
  /** By this run. */
  readonly rowsPerSecond: number;
  /** At this rate, by the estimate. */
  readonly remainingMs: number | 'unknown';
  readonly done: boolean;
}

/** Rows of a followed table are read beside the stream. */
export interface ResyncProgress {
  readonly kind: 'resync-progress';
  readonly table: TableName;
  /** Rows that this run has read; those of all runs are more. */
  readonly rows: number;
  readonly estimatedRows: number;
  /** The table is complete. */
  readonly done: boolean;
}

export interface ChangesReceived {
  readonly kind: 'received';
  readonly transactions: number;
  readonly changes: number;
  readonly bytes: number;
  readonly position: Position;
}

export interface TableCommitted {
  readonly kind: 'table-committed';
  readonly table: TableName;
  readonly version: bigint;
  readonly stats: CommitStats;
  readonly durationMs: number;
}

/** All tables are complete up to `position`, and the progress record says so. */
export interface BatchCommitted {
  readonly kind: 'batch-committed';
  readonly batch: number;
  readonly position: Position;
  readonly transactions: number;
  readonly changes: number;
  readonly durationMs: number;
  /** From the newest transaction's commit at the source to now, by the two machines' clocks. */
  readonly latencyMs: number;
}

/** How far the source is ahead of what was acknowledged. */
export interface SourceLag extends SourceLagBytes {
  readonly kind: 'lag';
  /** Log that the source may keep, where that is limited. */
  readonly limitBytes?: bigint;
}

/** Called synchronously, in order; must not throw and must return soon. */
export type PipelineObserver = (event: PipelineEvent) => void;
