import type { CdcError, Writer } from '@cdc-demo/cdc-core';
import type {
  ChangeCommitter,
  ColumnChange,
  CommittedCompaction,
  FormatCommits,
  NextVersion,
  StateOutcome,
  TableColumns,
} from '@cdc-demo/lake-core';
import type { MetadataUpdate } from '../catalog/metadata-update.ts';
import type { CommitTarget, PreparedCommit } from '../commit/commit-target.ts';
import type { TableCommits } from '../commit/table-commits.ts';
import { prepareCompaction } from '../compaction/prepare-compaction.ts';
import type { IcebergCompaction } from '../compaction/stage-compaction.ts';
import { keepColumns } from '../evolve/change-columns.ts';
import { evolveTable } from '../evolve/evolve-table.ts';
import type { IcebergShape } from '../evolve/evolve-table.ts';
import {
  hasColumnsOf,
  partitionUpdates,
  partitionUpdatesWithout,
} from '../partition/partition-by.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import type { TableContext } from './sink-options.ts';
import { keptPosition, positionProperty } from './table-position.ts';
import { readState } from './table-state.ts';

export type IcebergCommitter = ChangeCommitter<
  LiveDataFile,
  CommitTarget,
  PreparedCommit,
  IcebergShape,
  IcebergCompaction
>;

/** The commits of a pipeline to one Iceberg table. */
export class IcebergCommits
  implements
    FormatCommits<LiveDataFile, CommitTarget, PreparedCommit, IcebergShape, IcebergCompaction>
{
  readonly #context: TableContext;
  readonly #commits: TableCommits;

  constructor(context: TableContext, commits: TableCommits) {
    this.#context = context;
    this.#commits = commits;
  }

  shape(columns: TableColumns): IcebergShape {
    return { columns, updates: this.#partitioning(columns) };
  }

  evolve({ columns }: IcebergShape, changes: readonly ColumnChange[]): IcebergShape | CdcError {
    const shape = evolveTable(this.#commits.version, columns, changes);
    return { ...shape, updates: [...shape.updates, ...this.#partitioning(shape.columns)] };
  }

  target({ columns, updates }: IcebergShape): Promise<CommitTarget> {
    return this.#commits.target(columns, updates);
  }

  publish(
    prepared: PreparedCommit,
    { point, shape: { columns, updates } }: NextVersion<IcebergShape>,
  ): Promise<bigint | undefined> {
    return this.#commits.publish({
      files: prepared.changes,
      updates: updates.length > 0 ? [...updates, keepColumns(columns)] : [],
      properties: positionProperty(this.#context.table, point),
    });
  }

  async replace(
    staged: IcebergCompaction,
  ): Promise<CommittedCompaction<LiveDataFile> | 'taken' | 'useless'> {
    const commits = this.#commits;
    const target = await commits.target(staged.columns);
    const prepared = await prepareCompaction(this.#context, staged, target);
    if (!prepared) return 'useless';
    const version = await commits.publish({
      files: prepared.changes,
      properties: keptPosition(commits.version.metadata),
    });
    if (version === undefined) {
      await prepared.discard();
      return 'taken';
    }
    const { outputs, bytes } = prepared;
    return { version, outputs, bytes };
  }

  /** What is wanted, if its columns are there; else what the table has, without those that went. */
  #partitioning({ fields }: TableColumns): readonly MetadataUpdate[] {
    const { partitionBy } = this.#context;
    const { metadata } = this.#commits.version;
    return partitionBy && hasColumnsOf(partitionBy, fields)
      ? partitionUpdates(metadata, partitionBy, fields)
      : partitionUpdatesWithout(metadata, fields);
  }

  async follow(writer: Writer): Promise<StateOutcome> {
    await this.#commits.update();
    return readState(this.#context, writer, this.#commits.version);
  }
}
