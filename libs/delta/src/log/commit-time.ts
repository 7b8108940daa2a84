import type { Action } from './actions.ts';
import { commitInfoOf } from './read-commit.ts';

/**
 * When a version was committed, in milliseconds: its in-commit timestamp where it has one (Delta
 * protocol, "In-Commit Timestamps"), else the time its file was written, raised above the version
 * before so that times grow with versions.
 */
export function commitTimeMs(
  actions: readonly Action[],
  fileModifiedMs: number,
  previousMs: number | undefined,
): number {
  return commitInfoOf(actions)?.inCommitTimestamp ?? monotoneTimeMs(fileModifiedMs, previousMs);
}

/** Whole milliseconds, after `previousMs`. */
export function monotoneTimeMs(fileModifiedMs: number, previousMs: number | undefined): number {
  const timeMs = Math.floor(fileModifiedMs);
  return previousMs !== undefined && timeMs <= previousMs ? previousMs + 1 : timeMs;
}
