import type {
  CdcError,
  CommitOutcome,
  CommitPoint,
  ObjectStore,
  ResyncRows,
  SnapshotStage,
  StagedSnapshot,
  TableSchema,
  Writer,
} from '@cdc-demo/cdc-core';
import type { TableColumns } from '../table-columns/table-columns.ts';
import type { SourceChanges } from '../table-rows/table-changes.ts';
import type { StateOutcome, TableState } from './table-format.ts';

/** What a table is made of. @typeParam F a file of rows, as the format's metadata name it */
export interface NewTable<F> {
  readonly columns: TableColumns;
  readonly files: readonly F[];
}

/** Where a file is, and what it holds. */
export interface FileFacts {
  readonly key: string;
  readonly bytes: number;
  readonly rows: number;
}

/** A table of ours that is open. */
export interface OpenTable {
  readonly committer: TableCommitter;
  /** None where somebody else looks after the table. */
  readonly upkeep: SinkUpkeep | undefined;
}

/** As `ChangeCommitter`. */
export interface TableCommitter {
  isResyncing: boolean;
  commit(changes: readonly SourceChanges[], point: CommitPoint): Promise<CommitOutcome>;
  resync(rows: ResyncRows, point: CommitPoint): Promise<CommitOutcome>;
  lacks(schema: TableSchema): readonly string[];
}

/** As `TableUpkeep`. */
export interface SinkUpkeep {
  committed(): void;
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * What a format does for a table that follows a source table.
 * @typeParam V a version of the table
 * @typeParam N what a table is made of
 */
export interface SinkFormat<V, N extends NewTable<F>, F> {
  readonly store: ObjectStore;
  /** The newest version; undefined where there is no table. */
  load(): Promise<V | undefined>;
  /** Names a version in outcomes. */
  versionOf(version: V): bigint;
  /** What a version says of itself, and whether the writer may write it. */
  readState(version: V, writer: Writer): StateOutcome;
  /** To go on from a version of ours. */
  goOn(version: V, state: TableState, writer: Writer): OpenTable;
  /** Why there can be no table of such rows; undefined when there can. */
  obstacle(schema: TableSchema): CdcError | undefined;
  /** A table without rows. */
  empty(columns: TableColumns): N;
  /** One table of several; an error when they do not go together. */
  joined(parts: readonly [N, ...N[]]): N | CdcError;
  facts(file: F): FileFacts;
  /** Makes a table in one commit; undefined when there is one already. */
  create(table: N, point: CommitPoint): Promise<V | undefined>;
  stage(pipeline: string, schema: TableSchema): SnapshotStage;
  /** What `stage` has made, perhaps in an earlier process. */
  readStaged(staged: StagedSnapshot): N;
  /**
   * Removes what earlier stages of a pipeline left, except these keys.
   * @returns how many files
   * @throws when there is anything else; nothing is removed then
   */
  sweepStaged(pipeline: string, kept: ReadonlySet<string>): Promise<number>;
  /** The same folder with a table that nobody sees. */
  unpublished(id: string): SinkFormat<V, N, F>;
  /** The live rows of the table in files that have no deleted ones, as if they had been staged. */
  restage(): Promise<StagedSnapshot>;
  /** Removes the unpublished tables that a published one was made of. */
  removeSettled(): Promise<void>;
  /** Resolves when nothing is being written beside commits. */
  settle(): Promise<void>;
}
