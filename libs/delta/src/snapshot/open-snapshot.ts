import type { ObjectStore } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';
import type { Action } from '../log/actions.ts';
import { commitTimeMs, monotoneTimeMs } from '../log/commit-time.ts';
import { readActions } from '../log/read-commit.ts';
import type { CommitFile } from '../log/log-listing.ts';
import { replayLog } from './replay-log.ts';
import type { ReadableSegment } from './replay-log.ts';
import type { Snapshot } from './snapshot.ts';
import { TableSnapshot } from './table-snapshot.ts';
import { TableState } from './table-state.ts';

/** Commits that are fetched at the same time. */
const FETCHES = 16;

export interface OpenSnapshotOptions {
  /** By default the newest. */
  readonly version?: bigint;
}

/**
 * Reads the log of the table in `store` up to a version.
 * @throws DeltaError `delta/not-a-table`, `delta/version-missing`, `delta/log-gap`,
 * `delta/log-corrupt`, `delta/log-incomplete`, `delta/unsupported-feature`, `delta/schema-invalid`,
 * `delta/snapshot-expired` when the log is cleaned up meanwhile
 */
export async function openSnapshot(
  store: ObjectStore,
  options: OpenSnapshotOptions = {},
): Promise<Snapshot> {
  return replayLog(store, options.version, async (segment) => {
    const state = new TableState();
    let timestampMs = await applyCheckpoint(store, segment, state);
    for await (const { actions, file } of readCommits(store, segment.replay)) {
      for (const action of actions) state.apply(action);
      if (!file.covers) timestampMs = commitTimeMs(actions, file.modifiedMs, timestampMs);
      for (const { modifiedMs } of file.covers ?? []) {
        timestampMs = monotoneTimeMs(modifiedMs, timestampMs);
      }
    }
    const { version } = segment;
    return new TableSnapshot(store, state, { version, timestampMs: timestampMs ?? 0 });
  });
}

/** @returns when the checkpoint's version was committed; undefined without a checkpoint */
async function applyCheckpoint(
  store: ObjectStore,
  segment: ReadableSegment,
  state: TableState,
): Promise<number | undefined> {
  const { checkpoint, checkpointCommit, commits } = segment;
  if (!checkpoint) return undefined;
  for await (const actions of segment.checkpointActions()) {
    for (const action of actions) state.apply(action);
  }
  if (!checkpointCommit) return monotoneTimeMs(checkpoint.modifiedMs, undefined);
  // The time of a commit counts only when it is the last one.
  const actions = commits.length > 0 ? [] : await readCommit(store, checkpointCommit);
  return commitTimeMs(actions, checkpointCommit.modifiedMs, undefined);
}

interface ReadCommit<File> {
  readonly file: File;
  readonly actions: readonly Action[];
}

/**
 * The actions of commits in their order, several fetched ahead.
 * @throws DeltaError `delta/log-corrupt`, `delta/snapshot-expired` when a file was removed
 * meanwhile
 */
export async function* readCommits<File extends CommitFile>(
  store: ObjectStore,
  files: readonly File[],
): AsyncGenerator<ReadCommit<File>, void, undefined> {
  for (let at = 0; at < files.length; at += FETCHES) {
    const some = files.slice(at, at + FETCHES);
    const read = await Promise.all(
      some.map(async (file) => ({ file, actions: await readCommit(store, file) })),
    );
    yield* read;
  }
}

async function readCommit(store: ObjectStore, file: CommitFile): Promise<readonly Action[]> {
  const actions = await readActions(store, file.key);
  if (actions) return actions;
  throw new DeltaError('delta/snapshot-expired', `${file.key} was removed while the log was read`, {
    context: { version: file.version },
  });
}
