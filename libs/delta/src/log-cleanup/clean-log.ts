import type { Clock, ObjectStat, ObjectStore } from '@cdc-demo/cdc-core';
import { FileDeletion } from '@cdc-demo/lake-core';
import { CommitHistory, firstInCommitTimestamp } from '../log/commit-history.ts';
import { listLog, LOG_FOLDER } from '../log/log-listing.ts';
import type { CheckpointFiles } from '../log/log-listing.ts';
import { readCheckpoint, sidecarKey, SIDECAR_FOLDER } from '../log/read-checkpoint.ts';
import { surplusCheckpoints } from './surplus-checkpoints.ts';
import { readDefinition } from '../snapshot/read-definition.ts';
import { isLogCleanedUp, logRetentionMs } from '../table-properties.ts';
import { assertKnownToWriter } from '../write/features.ts';

const DAY_MS = 24 * 3600 * 1000;
/** Files of a version: commits, checkpoints, checksums; and compactions from a version on. */
const VERSIONED = /^(\d{20})\.(?:json|crc|checkpoint\..+|\d{20}\.compacted\.json)$/;
const COMPACTED = /\.compacted\.json$/;

export interface LogCleanupOptions {
  readonly clock: Clock;
  /** Called between pieces of work, with what the last one took; throws when it is to end. */
  readonly pause?: (workedMs: number) => Promise<void>;
}

export interface LogCleanupResult {
  readonly deletedFiles: number;
  readonly deletedBytes: number;
  /** The oldest version that can still be read, and about when it was committed. */
  readonly oldest: { readonly version: bigint; readonly timestampMs: number } | undefined;
}

/**
 * Deletes the part of the log that only versions older than the table's retention need (Delta
 * protocol, "Metadata Cleanup"): what lies before the newest checkpoint that is old enough, which
 * stays together with its own commit. Of the checkpoints after it, those that are a day old are
 * thinned out to one a day, those that are an hour old to one an hour: each version stays readable
 * by the commits after the checkpoint before it. Safe to be ended at any moment and to be run
 * again.
 * @throws DeltaError `delta/not-writable` when the table needs a writer that knows more,
 * `delta/property-invalid`; as `openSnapshot`
 */
export async function cleanLog(
  store: ObjectStore,
  { clock, pause }: LogCleanupOptions,
): Promise<LogCleanupResult> {
  const { protocol, metadata } = await readDefinition(store);
  assertKnownToWriter(store, protocol);
  const { configuration } = metadata;
  const nowMs = clock.nowMs();
  const { commits, checkpoints } = await listLog(store);
  const history = new CommitHistory(store, commits);
  const first = checkpoints[0]?.version ?? 0n;
  const oldestKept = async (from: bigint): Promise<LogCleanupResult['oldest']> => {
    const version = commits.find((commit) => commit.version >= from)?.version;
    return version === undefined
      ? undefined
      : { version, timestampMs: await history.timestampMs(version) };
  };
  const cutoffMs = midnight(nowMs - logRetentionMs(configuration));
  const cutoff = isLogCleanedUp(configuration)
    ? await history.versionAt(cutoffMs, firstInCommitTimestamp(configuration))
    : undefined;
  const checkpoint = checkpoints.findLast(
    ({ version }) => cutoff !== undefined && version <= cutoff,
  );
  const deletion = new FileDeletion(store, { clock, pause });
  if (checkpoint) await deleteBefore(store, checkpoint.version, deletion);
  const oldest = checkpoint?.version ?? (commits[0]?.version === 0n ? 0n : first);
  const left = checkpoints.filter(({ version }) => version >= oldest);
  const surplus = new Set(
    isLogCleanedUp(configuration) ? surplusCheckpoints(left, commits, nowMs) : [],
  );
  for (const { keys } of surplus) {
    for (const key of keys) {
      const file = await store.stat(key);
      if (file) await deletion.add(file);
    }
  }
  await deletion.finish();
  const kept = left.filter((one) => !surplus.has(one));
  const beforeMs = midnight(nowMs - DAY_MS);
  await deleteSidecars(store, { checkpoints: kept, beforeMs, deletion });
  const { files, bytes } = deletion;
  return { deletedFiles: files, deletedBytes: bytes, oldest: await oldestKept(oldest) };
}

/** Deletes all files of versions before that of a checkpoint, which stays with its own commit. */
async function deleteBefore(
  store: ObjectStore,
  checkpoint: bigint,
  deletion: FileDeletion,
): Promise<void> {
  for await (const file of store.list(LOG_FOLDER, { delimiter: '/' })) {
    const name = file.key.slice(LOG_FOLDER.length);
    const [, digits] = VERSIONED.exec(name) ?? [];
    if (digits === undefined) continue;
    const version = BigInt(digits);
    if (version > checkpoint || (version === checkpoint && !COMPACTED.test(name))) break;
    await deletion.add(file);
  }
  await deletion.finish();
}

/** Sidecars that no checkpoint of the log has, but for new ones: those of a checkpoint to come. */
async function deleteSidecars(
  store: ObjectStore,
  parts: {
    readonly checkpoints: readonly CheckpointFiles[];
    readonly beforeMs: number;
    readonly deletion: FileDeletion;
  },
): Promise<void> {
  const { checkpoints, beforeMs, deletion } = parts;
  const old: ObjectStat[] = [];
  for await (const file of store.list(SIDECAR_FOLDER))
    if (file.modifiedMs < beforeMs) old.push(file);
  if (old.length === 0) return;
  const named = new Set<string>();
  for (const checkpoint of checkpoints) {
    for await (const actions of readCheckpoint(store, checkpoint, 'sidecars')) {
      for (const action of actions) {
        if ('sidecar' in action) named.add(sidecarKey(action.sidecar.path));
      }
    }
  }
  for (const file of old) if (!named.has(file.key)) await deletion.add(file);
  await deletion.finish();
}

function midnight(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS) * DAY_MS;
}
