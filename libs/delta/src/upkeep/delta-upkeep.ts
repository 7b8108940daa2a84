import { isDueEvery } from '@cdc-demo/lake-core';
import type { Cleanup, FormatUpkeep } from '@cdc-demo/lake-core';
import { discardCompaction, stageCompaction } from '../compaction/stage-compaction.ts';
import type { DeltaCompaction } from '../compaction/stage-compaction.ts';
import { cleanLog } from '../log-cleanup/clean-log.ts';
import type { DeltaCommits, DeltaCommitter } from '../sink/delta-commits.ts';
import type { TableContext } from '../sink/sink-options.ts';
import { vacuum } from '../vacuum/vacuum.ts';
import { fileConditions } from './table-condition.ts';
import type { FileCondition } from './table-condition.ts';
import { cleanLogEveryMs } from './upkeep-policy.ts';
import type { DeltaUpkeepPolicy } from './upkeep-policy.ts';

export interface DeltaUpkeepParts {
  readonly commits: DeltaCommits;
  readonly committer: DeltaCommitter;
  readonly policy: DeltaUpkeepPolicy;
}

/** What is done for a Delta table beside its commits. */
export function deltaUpkeep(
  context: TableContext,
  { commits, committer, policy }: DeltaUpkeepParts,
): FormatUpkeep<FileCondition, DeltaCompaction> {
  const { store, clock } = context;
  let cleaned = commits.snapshot.version;
  const logCleanup: Cleanup = {
    kind: 'clean-log',
    isDue: (times) => {
      const everyMs = cleanLogEveryMs(commits.snapshot.version - cleaned, policy);
      return isDueEvery(everyMs, policy, times);
    },
    run: async (pause) => {
      cleaned = commits.snapshot.version;
      const { deletedFiles: files, deletedBytes: bytes } = await cleanLog(store, { clock, pause });
      return { files, bytes };
    },
  };
  const fileCleanup: Cleanup = {
    kind: 'vacuum',
    isDue: (times) => isDueEvery(policy.vacuumEveryMs, policy, times),
    run: async (pause) => {
      const { deletedFiles: files, deletedBytes: bytes } = await vacuum(store, { clock, pause });
      return { files, bytes };
    },
  };
  return {
    files: () => fileConditions(commits.snapshot),
    stage: (conditions, pause) => {
      const { snapshot } = commits;
      const { fields } = committer.columns;
      const files = conditions.map(({ add }) => add);
      const keys = committer.movedKeys();
      return stageCompaction({ context, snapshot, fields, files, keys, pause });
    },
    commit: (staged) => committer.compact(staged),
    discard: (staged) => discardCompaction(context, staged),
    cleanups: [...(policy.cleanLog ? [logCleanup] : []), ...(policy.vacuum ? [fileCleanup] : [])],
  };
}
