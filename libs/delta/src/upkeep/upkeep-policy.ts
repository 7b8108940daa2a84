import { planCompaction } from '@cdc-demo/lake-core';
import type { CompactionFile, CompactionRules } from '@cdc-demo/lake-core';
import type { AddFile } from '../log/actions.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FEW_VERSIONS = 100;

/** When a table is looked after, and how hard. */
export interface UpkeepPolicy {
  /** Merge small files and drop deleted rows. */
  readonly compact: boolean;
  /** So many files of one size class are merged; classes differ by the same factor. */
  readonly minFiles: number;
  /** A file with this share of deleted rows is rewritten without them. */
  readonly deletedShare: number;
  /** Delete files that no version within the retention needs. */
  readonly vacuum: boolean;
  readonly vacuumEveryMs: number;
  /** Delete versions older than the retention from the log. */
  readonly cleanLog: boolean;
  readonly cleanLogEveryMs: number;
  /** Neither vacuum nor clean-up before the table has been open for so long. */
  readonly warmUpMs: number;
  /** Upkeep takes at most this share of the time. */
  readonly workShare: number;
}

export const DEFAULT_UPKEEP: UpkeepPolicy = {
  compact: true,
  minFiles: 10,
  deletedShare: 0.2,
  vacuum: true,
  vacuumEveryMs: DAY_MS,
  cleanLog: true,
  cleanLogEveryMs: HOUR_MS,
  warmUpMs: 10 * 60_000,
  workShare: 0.25,
};

/** A live file, as the policy sees it. */
export interface FileCondition extends CompactionFile {
  readonly add: AddFile;
}

/** What the policy decides from. Times are milliseconds since the table was opened. */
export interface TableCondition {
  readonly files: readonly FileCondition[];
  readonly targetBytes: number;
  readonly targetRows: number;
  readonly openMs: number;
  /** When files were last deleted; undefined when that was before. */
  readonly vacuumedMs: number | undefined;
  /** When the log was last cleaned up; undefined when that was before. */
  readonly logCleanedMs: number | undefined;
  /** Versions since then, or since the table was opened. */
  readonly versionsSince: number;
}

export type UpkeepTask =
  | { readonly kind: 'compact'; readonly files: readonly AddFile[] }
  | { readonly kind: 'clean-log' | 'vacuum' };

/** What a table needs most, if anything. */
export function nextTask(condition: TableCondition, policy: UpkeepPolicy): UpkeepTask | undefined {
  const [bin] = policy.compact
    ? planCompaction(condition.files, compactionRules(condition, policy))
    : [];
  if (bin) return { kind: 'compact', files: bin.map(({ add }) => add) };
  if (isLogDue(condition, policy)) return { kind: 'clean-log' };
  if (isVacuumDue(condition, policy)) return { kind: 'vacuum' };
  return undefined;
}

function compactionRules(
  { targetBytes, targetRows }: TableCondition,
  { minFiles, deletedShare }: UpkeepPolicy,
): CompactionRules {
  return { targetBytes, targetRows, minFiles, sizeRatio: minFiles, deletedShare };
}

/** To clean up a log means to list it: not for a few versions, and once a day at the least. */
function isLogDue(condition: TableCondition, policy: UpkeepPolicy): boolean {
  const { openMs, logCleanedMs, versionsSince } = condition;
  if (!policy.cleanLog || openMs < policy.warmUpMs) return false;
  if (logCleanedMs === undefined) return true;
  const everyMs = versionsSince < FEW_VERSIONS ? DAY_MS : policy.cleanLogEveryMs;
  return openMs - logCleanedMs >= everyMs;
}

function isVacuumDue({ openMs, vacuumedMs }: TableCondition, policy: UpkeepPolicy): boolean {
  if (!policy.vacuum || openMs < policy.warmUpMs) return false;
  return vacuumedMs === undefined || openMs - vacuumedMs >= policy.vacuumEveryMs;
}
