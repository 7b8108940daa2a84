import { planCompaction } from '../compaction/plan-compaction.ts';
import type { CompactionFile } from '../compaction/plan-compaction.ts';

/** How hard a table is looked after. */
export interface UpkeepPolicy {
  /** Merge small files and drop deleted rows. */
  readonly compact: boolean;
  /** So many files of one size class are merged; classes differ by the same factor. */
  readonly minFiles: number;
  /** A file with this share of deleted rows is rewritten without them. */
  readonly deletedShare: number;
  /** Nothing old is deleted before the table has been open for so long. */
  readonly warmUpMs: number;
  /** Upkeep takes at most this share of the time. */
  readonly workShare: number;
}

export const DEFAULT_POLICY: UpkeepPolicy = {
  compact: true,
  minFiles: 10,
  deletedShare: 0.2,
  warmUpMs: 10 * 60_000,
  workShare: 0.25,
};

/** Times in milliseconds since the table was opened. */
export interface TaskTimes {
  readonly openMs: number;
  /** When a task was done; undefined: before. */
  readonly doneMs: number | undefined;
}

/** Deletes something old, again and again. */
export interface PeriodicTask {
  readonly isDue: boolean;
}

/** Is a task due that is done after a warm-up, and then again and again? */
export function isDueEvery(
  everyMs: number,
  { warmUpMs }: UpkeepPolicy,
  { openMs, doneMs }: TaskTimes,
): boolean {
  return openMs >= warmUpMs && (doneMs === undefined || openMs - doneMs >= everyMs);
}

/** What the policy decides from. */
export interface UpkeepState<C extends CompactionFile, T extends PeriodicTask> {
  /** The live files in the order of their making. */
  readonly files: readonly C[];
  readonly targetBytes: number;
  readonly targetRows: number;
  /** The most urgent one first. */
  readonly periodic: readonly T[];
}

export type NextTask<C extends CompactionFile, T extends PeriodicTask> =
  | { readonly compact: readonly C[] }
  | { readonly periodic: T };

/** What a table needs most, if anything. */
export function nextTask<C extends CompactionFile, T extends PeriodicTask>(
  state: UpkeepState<C, T>,
  policy: UpkeepPolicy,
): NextTask<C, T> | undefined {
  const { files, targetBytes, targetRows, periodic } = state;
  const { compact, minFiles, deletedShare } = policy;
  const rules = { targetBytes, targetRows, minFiles, sizeRatio: minFiles, deletedShare };
  const [bin] = compact ? planCompaction(files, rules) : [];
  if (bin) return { compact: bin };
  const due = periodic.find(({ isDue }) => isDue);
  return due && { periodic: due };
}
