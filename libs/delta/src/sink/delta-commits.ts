import { isCdcError } from '@cdc-demo/cdc-core';
import type { CdcError, Writer } from '@cdc-demo/cdc-core';
import { ParquetFileCache } from '@cdc-demo/lake-core';
import type {
  ChangeCommitter,
  ColumnChange,
  CommittedCompaction,
  FormatCommits,
  NextVersion,
  StateOutcome,
  TableColumns,
} from '@cdc-demo/lake-core';
import type { CheckpointKeeper } from '../checkpoint-write/checkpoint-keeper.ts';
import {
  compactionRequest,
  liveOutputs,
  prepareCompaction,
} from '../compaction/prepare-compaction.ts';
import type { DeltaCompaction } from '../compaction/stage-compaction.ts';
import { definitionActions, withDeletionVectors } from '../evolve/definition.ts';
import { evolveTable } from '../evolve/evolve-table.ts';
import type { DeltaShape } from '../evolve/evolve-table.ts';
import type { Action, AddFile } from '../log/actions.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { LogWriter } from '../write/log-writer.ts';
import { unreadable } from '../write/table-readers.ts';
import { columnsAction } from './columns-domain.ts';
import { commitTarget, presentShape } from '../commit/commit-target.ts';
import type { CommitTarget, PreparedCommit } from '../commit/commit-target.ts';
import type { TableContext } from './sink-options.ts';
import { positionActions } from './table-position.ts';
import { readState } from './table-state.ts';

export interface DeltaCommitsParts {
  readonly log: LogWriter;
  readonly checkpoints: CheckpointKeeper;
  /** The newest version. The commits move it. */
  readonly snapshot: Snapshot;
}

export type DeltaCommitter = ChangeCommitter<
  AddFile,
  CommitTarget,
  PreparedCommit,
  DeltaShape,
  DeltaCompaction
>;

/** The commits of a pipeline to one Delta table. */
export class DeltaCommits
  implements FormatCommits<AddFile, CommitTarget, PreparedCommit, DeltaShape, DeltaCompaction>
{
  readonly #context: TableContext;
  readonly #parts: DeltaCommitsParts;
  readonly #cache: ParquetFileCache;

  constructor(context: TableContext, parts: DeltaCommitsParts) {
    this.#context = context;
    this.#parts = parts;
    this.#cache = new ParquetFileCache(context.store);
  }

  /** The version that the table is known to have. */
  get snapshot(): Snapshot {
    return this.#parts.snapshot;
  }

  shape(columns: TableColumns): DeltaShape {
    return presentShape(this.snapshot, columns);
  }

  evolve(shape: DeltaShape, changes: readonly ColumnChange[]): DeltaShape | CdcError {
    try {
      const evolved = evolveTable(shape, changes);
      return unreadable(evolved.definition.protocol, this.#context.readers) ?? evolved;
    } catch (error) {
      if (isCdcError(error) && error.code === 'delta/schema-change') return error;
      throw error;
    }
  }

  target(shape: DeltaShape): CommitTarget {
    const { store } = this.#context;
    return commitTarget(this.snapshot, shape, { store, cache: this.#cache });
  }

  async publish(
    prepared: PreparedCommit,
    { point, shape, changes }: NextVersion<DeltaShape>,
  ): Promise<bigint | undefined> {
    const { table, clock } = this.#context;
    const { log, snapshot, checkpoints } = this.#parts;
    const { definition, columns } = shape;
    const after = prepared.needsDeletionVectors ? withDeletionVectors(definition) : definition;
    const actions: Action[] = [
      ...definitionActions(snapshot, after),
      ...positionActions(table, point, Math.floor(clock.nowMs())),
      ...(changes.length > 0 ? [columnsAction(columns)] : []),
      ...prepared.actions,
    ];
    const { inserted, updated, deleted, files, bytes } = prepared.stats;
    const logged = await log.commit(snapshot, {
      operation: prepared.operation,
      operationMetrics: { inserted, updated, deleted, files, bytes },
      isBlindAppend: false,
      actions,
    });
    if (logged.outcome === 'taken') return undefined;
    const { commit } = logged;
    snapshot.apply(commit);
    checkpoints.committed(snapshot, commit);
    return commit.version;
  }

  async replace(
    staged: DeltaCompaction,
  ): Promise<CommittedCompaction<AddFile> | 'taken' | 'useless'> {
    const { log, snapshot, checkpoints } = this.#parts;
    const prepared = await prepareCompaction(this.#context, staged, snapshot);
    if (!prepared) return 'useless';
    const logged = await log.commit(snapshot, compactionRequest(snapshot, prepared));
    if (logged.outcome === 'taken') {
      await prepared.discard();
      return 'taken';
    }
    const { commit } = logged;
    snapshot.apply(commit);
    checkpoints.committed(snapshot, commit);
    const { outputs } = prepared;
    const bytes = liveOutputs(outputs).reduce((sum, { file }) => sum + file.size, 0);
    return { version: commit.version, outputs, bytes };
  }

  async follow(writer: Writer): Promise<StateOutcome> {
    await this.snapshot.update();
    return readState(this.#context, writer, this.snapshot);
  }
}
