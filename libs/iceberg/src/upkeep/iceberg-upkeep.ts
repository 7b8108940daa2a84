import { isDueEvery } from '@cdc-demo/lake-core';
import type { Cleanup, FormatUpkeep, Pace } from '@cdc-demo/lake-core';
import type { TableCommits } from '../commit/table-commits.ts';
import { discardCompaction, stageCompaction } from '../compaction/stage-compaction.ts';
import type { IcebergCompaction } from '../compaction/stage-compaction.ts';
import type { IcebergCommitter } from '../sink/iceberg-commits.ts';
import type { TableContext } from '../sink/sink-options.ts';
import { isCleanable } from './clean-table.ts';
import { deleteExpired, expireSnapshots } from './expire-snapshots.ts';
import { removeOrphans } from './remove-orphans.ts';
import { surplusSnapshots } from './surplus-snapshots.ts';
import type { SurplusSnapshots } from './surplus-snapshots.ts';
import { fileConditions } from './table-condition.ts';
import type { FileCondition } from './table-condition.ts';
import type { IcebergUpkeepPolicy } from './upkeep-policy.ts';

/** So many surplus snapshots are worth a commit that removes them. */
const EXPIRED_AT_ONCE = 50;

export interface IcebergUpkeepParts {
  readonly commits: TableCommits;
  readonly committer: IcebergCommitter;
  readonly policy: IcebergUpkeepPolicy;
}

/** What is done for an Iceberg table beside its commits. */
export function icebergUpkeep(
  context: TableContext,
  { commits, committer, policy }: IcebergUpkeepParts,
): FormatUpkeep<FileCondition, IcebergCompaction> {
  const { store, clock } = context;
  const surplus = (): SurplusSnapshots => {
    return surplusSnapshots(commits.version.metadata, policy, clock.nowMs());
  };
  const expiry: Cleanup = {
    kind: 'expire-snapshots',
    isDue: () => {
      return isCleanable(commits.version.metadata) && surplus().snapshots.size >= EXPIRED_AT_ONCE;
    },
    run: (pause) => expire(pause),
  };
  const orphans: Cleanup = {
    kind: 'remove-orphans',
    isDue: (times) => {
      const isAllowed = isCleanable(commits.version.metadata);
      return isAllowed && isDueEvery(policy.removeOrphansEveryMs, policy, times);
    },
    run: async (pause) => {
      const { version, files } = commits;
      const done = await removeOrphans(store, { version, files }, { clock, pause });
      return { files: done.deletedFiles, bytes: done.deletedBytes };
    },
  };

  async function expire(
    pause: Pace['pause'],
  ): Promise<{ readonly files: number; readonly bytes: number }> {
    const { files } = commits;
    const { before, after } = await committer.exclusively(async () => {
      const { metadata } = commits.version;
      await expireSnapshots(commits, surplus());
      return { before: metadata, after: commits.version.metadata };
    });
    return deleteExpired({ store, files, clock, pause }, before, after);
  }

  return {
    files: async () => {
      const { rows } = await commits.target(committer.columns);
      return fileConditions(rows.files);
    },
    stage: async (conditions, pause) => {
      const target = await commits.target(committer.columns);
      const files = conditions.map(({ file }) => file);
      const keys = committer.movedKeys();
      return stageCompaction(context, { target, files, keys, pause });
    },
    commit: (staged) => committer.compact(staged),
    discard: (staged) => discardCompaction(context, staged),
    cleanups: [
      ...(policy.expireSnapshots ? [expiry] : []),
      ...(policy.removeOrphans ? [orphans] : []),
    ],
  };
}
