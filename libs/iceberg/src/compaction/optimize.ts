import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import { planCompaction } from '@cdc-demo/lake-core';
import type { FileLayout, TableColumns } from '@cdc-demo/lake-core';
import type { TableCommits } from '../commit/table-commits.ts';
import { untilCommitted } from '../commit/until-committed.ts';
import { keptPosition } from '../sink/table-position.ts';
import { fileConditions } from '../upkeep/table-condition.ts';
import { prepareCompaction } from './prepare-compaction.ts';
import type { PreparedCompaction } from './prepare-compaction.ts';
import { discardCompaction, stageCompaction } from './stage-compaction.ts';
import type { IcebergCompaction } from './stage-compaction.ts';

/** A table whose files are merged. */
export interface OptimizedTable {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly layout: FileLayout;
  readonly commits: TableCommits;
  readonly columns: TableColumns;
}

export interface OptimizeOptions {
  /** A file with this share of deleted rows is rewritten without them; by default a twentieth. */
  readonly deletedShare?: number | undefined;
  /** Called after each new file with how many of the merges are done. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

export interface OptimizeResult {
  readonly removedFiles: number;
  readonly addedFiles: number;
  readonly addedBytes: number;
  /** The current snapshot of the table; undefined where it has none. */
  readonly snapshotId: bigint | undefined;
}

/**
 * Merges all small files of a table and drops deleted rows, in a `replace` snapshot for each new
 * file, in which rows keep their ids. Others may write meanwhile, the pipeline that keeps the table
 * too: what they delete stays deleted.
 * @throws IcebergError `iceberg/not-writable`, `iceberg/conflict`
 */
export async function optimizeTable(
  table: OptimizedTable,
  { deletedShare = 0.05, onProgress }: OptimizeOptions,
): Promise<OptimizeResult> {
  const { commits, columns, layout } = table;
  const { rows } = await commits.target(columns);
  const bins = planCompaction(fileConditions(rows.files), {
    targetBytes: layout.targetFileBytes,
    targetRows: layout.targetFileRows,
    minFiles: 2,
    sizeRatio: Infinity,
    deletedShare,
  });
  let [removedFiles, addedFiles, addedBytes, done] = [0, 0, 0, 0];
  for (const bin of bins) {
    const files = bin.map(({ file }) => file);
    const target = await commits.target(columns);
    const committed = await commit(table, await stageCompaction(table, { target, files, pause }));
    removedFiles += committed ? files.length : 0;
    addedFiles += committed?.changes.data.length ?? 0;
    addedBytes += committed?.bytes ?? 0;
    onProgress?.(++done, bins.length);
  }
  const { currentSnapshotId: snapshotId } = commits.version.metadata;
  return { removedFiles, addedFiles, addedBytes, snapshotId };
}

/** Nothing else waits for this process. */
function pause(): Promise<void> {
  return Promise.resolve();
}

/** What was committed; undefined when the table went on so that it is of no use. */
async function commit(
  table: OptimizedTable,
  staged: IcebergCompaction,
): Promise<PreparedCompaction | undefined> {
  const { store, commits } = table;
  try {
    const result = await untilCommitted(commits, async () => {
      const prepared = await prepareCompaction(table, staged, await commits.target(staged.columns));
      if (!prepared) return 'useless';
      const properties = keptPosition(commits.version.metadata);
      const id = await commits.publish({ files: prepared.changes, properties });
      if (id !== undefined) return prepared;
      await prepared.discard();
      return undefined;
    });
    if (result !== 'useless') return result;
  } catch (error) {
    await discardCompaction({ store }, staged);
    throw error;
  }
  await discardCompaction({ store }, staged);
  return undefined;
}
