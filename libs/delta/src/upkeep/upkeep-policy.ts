import { DEFAULT_POLICY } from '@cdc-demo/lake-core';
import type { UpkeepPolicy } from '@cdc-demo/lake-core';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FEW_VERSIONS = 100;

/** When a table is looked after, and how hard. */
export interface DeltaUpkeepPolicy extends UpkeepPolicy {
  /** Delete files that no version within the retention needs. */
  readonly vacuum: boolean;
  readonly vacuumEveryMs: number;
  /** Delete versions older than the retention from the log. */
  readonly cleanLog: boolean;
  readonly cleanLogEveryMs: number;
}

export const DEFAULT_UPKEEP: DeltaUpkeepPolicy = {
  ...DEFAULT_POLICY,
  vacuum: true,
  vacuumEveryMs: DAY_MS,
  cleanLog: true,
  cleanLogEveryMs: HOUR_MS,
};

/**
 * Milliseconds between two clean-ups of a log, which have to list it: not for a few versions, but
 * once a day at the least.
 */
export function cleanLogEveryMs(versionsSince: bigint, policy: DeltaUpkeepPolicy): number {
  return versionsSince < FEW_VERSIONS ? DAY_MS : policy.cleanLogEveryMs;
}
