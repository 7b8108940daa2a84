import { DEFAULT_POLICY } from '@cdc-demo/lake-core';
import type { UpkeepPolicy } from '@cdc-demo/lake-core';

const DAY_MS = 24 * 3600 * 1000;

/** When a table is looked after, and how hard. */
export interface IcebergUpkeepPolicy extends UpkeepPolicy {
  /** Expire snapshots, and delete what only they needed. */
  readonly expireSnapshots: boolean;
  /** So many snapshots of the main branch are kept at most; see `surplusSnapshots`. */
  readonly maxSnapshots: number;
  /** Delete files that nothing names. */
  readonly removeOrphans: boolean;
  readonly removeOrphansEveryMs: number;
}

export const DEFAULT_UPKEEP: IcebergUpkeepPolicy = {
  ...DEFAULT_POLICY,
  expireSnapshots: true,
  maxSnapshots: 200,
  removeOrphans: true,
  removeOrphansEveryMs: DAY_MS,
};
