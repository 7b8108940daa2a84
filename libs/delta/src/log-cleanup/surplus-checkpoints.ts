import type { CheckpointFiles, CommitFile } from '../log/log-listing.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So many of the newest are kept, whatever their age. */
const NEWEST = 3;

/**
 * The checkpoints that can go without making a version unreadable: of those older than an hour all
 * but the first of each hour, of those older than a day all but the first of each day. None when
 * the log is not whole from the first checkpoint on.
 * @param checkpoints in ascending order, as `commits`
 */
export function surplusCheckpoints(
  checkpoints: readonly CheckpointFiles[],
  commits: readonly CommitFile[],
  nowMs: number,
): CheckpointFiles[] {
  const [first] = checkpoints;
  if (!first || !isWhole(commits, first.version)) return [];
  const spans = new Set<string>();
  return checkpoints.slice(0, -NEWEST).filter(({ modifiedMs }) => {
    const ageMs = nowMs - modifiedMs;
    if (ageMs < HOUR_MS) return false;
    const spanMs = ageMs < DAY_MS ? HOUR_MS : DAY_MS;
    const span = `${spanMs} ${Math.floor(modifiedMs / spanMs)}`;
    if (!spans.has(span)) {
      spans.add(span);
      return false;
    }
    return true;
  });
}

function isWhole(commits: readonly CommitFile[], from: bigint): boolean {
  const needed = commits.filter(({ version }) => version > from);
  return needed.every(({ version }, i) => version === from + 1n + BigInt(i));
}
