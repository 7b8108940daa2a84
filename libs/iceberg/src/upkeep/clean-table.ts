import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import type { FileDeletionOptions } from '@cdc-demo/lake-core';
import { untilCommitted } from '../commit/until-committed.ts';
import type { TableCommits } from '../commit/table-commits.ts';
import { IcebergError } from '../errors.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import { deleteExpired, expireSnapshots } from './expire-snapshots.ts';
import { MIN_AGE_MS, removeOrphans } from './remove-orphans.ts';
import type { OrphansResult } from './remove-orphans.ts';
import { surplusSnapshots } from './surplus-snapshots.ts';
import type { SurplusSnapshots } from './surplus-snapshots.ts';

const GARBAGE = 'gc.enabled';

/** A table whose old files are deleted. */
export interface CleanedTable {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly commits: TableCommits;
}

export interface ExpireOptions extends Omit<FileDeletionOptions, 'clock' | 'pause'> {
  /** So many snapshots of the main branch stay at most; by default as many as the table says. */
  readonly maxSnapshots?: number | undefined;
  /**
   * Older snapshots go where their branch does not say otherwise; by default what the table says
   * (`history.expire.max-snapshot-age-ms`, five days).
   */
  readonly olderThanMs?: number | undefined;
}

export interface ExpireResult {
  readonly expiredSnapshots: number;
  readonly droppedRefs: readonly string[];
  readonly deletedFiles: number;
  readonly deletedBytes: number;
}

/**
 * Removes snapshots that the table can do without (`surplusSnapshots`), and deletes what only they
 * needed. What branches and tags name stays, unless they are older than they may be.
 * @throws IcebergError `iceberg/cleanup-forbidden`, `iceberg/conflict`; as `deleteExpired`
 */
export async function expireTable(
  { store, clock, commits }: CleanedTable,
  { maxSnapshots = Infinity, olderThanMs, dryRun = false, onFile }: ExpireOptions,
): Promise<ExpireResult> {
  const { before, after, surplus } = await untilCommitted(commits, async () => {
    const metadata = commits.version.metadata;
    assertCleanable(metadata);
    const retention = { maxSnapshots, maxSnapshotAgeMs: olderThanMs };
    const found = surplusSnapshots(metadata, retention, clock.nowMs());
    const expiry = { before: metadata, after: without(metadata, found), surplus: found };
    const isDone = dryRun || isNone(found) || (await expireSnapshots(commits, found));
    return isDone ? expiry : undefined;
  });
  const parts = { store, files: commits.files, clock, dryRun, onFile };
  const { files, bytes } = await deleteExpired(parts, before, after);
  return {
    expiredSnapshots: surplus.snapshots.size,
    droppedRefs: surplus.refs,
    deletedFiles: files,
    deletedBytes: bytes,
  };
}

export interface RemoveOrphansOptions extends Omit<FileDeletionOptions, 'clock' | 'pause'> {
  /** Younger files may belong to a commit that is being made; three days unless given. */
  readonly olderThanMs?: number | undefined;
  /** Also with less than three days: nobody else may write the table then. */
  readonly force?: boolean | undefined;
}

/**
 * Deletes files that nothing in the table names; see `removeOrphans`.
 * @throws IcebergError `iceberg/cleanup-forbidden`, `iceberg/retention-too-short`
 */
export async function removeTableOrphans(
  { store, clock, commits }: CleanedTable,
  { olderThanMs, force = false, dryRun, onFile }: RemoveOrphansOptions,
): Promise<OrphansResult> {
  if (olderThanMs !== undefined && olderThanMs < MIN_AGE_MS && !force) {
    const message = `Files younger than three days may belong to a commit that is being made`;
    throw new IcebergError('iceberg/retention-too-short', message, { context: { olderThanMs } });
  }
  await commits.update();
  const { version, files } = commits;
  assertCleanable(version.metadata);
  return removeOrphans(store, { version, files }, { clock, olderThanMs, dryRun, onFile });
}

/** Other tables may have the files of a table that says so. */
export function isCleanable({ properties }: TableMetadata): boolean {
  return properties[GARBAGE]?.toLowerCase() !== 'false';
}

function assertCleanable(metadata: TableMetadata): void {
  if (isCleanable(metadata)) return;
  const { location } = metadata;
  const message = `The table at ${location} forbids that its files are deleted (${GARBAGE})`;
  throw new IcebergError('iceberg/cleanup-forbidden', message, { context: { location } });
}

function isNone({ snapshots, refs }: SurplusSnapshots): boolean {
  return snapshots.size === 0 && refs.length === 0;
}

function without(metadata: TableMetadata, { snapshots }: SurplusSnapshots): TableMetadata {
  return { ...metadata, snapshots: metadata.snapshots.filter(({ id }) => !snapshots.has(id)) };
}
