import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import { FileDeletion } from '@cdc-demo/lake-core';
import type { TableCommits } from '../commit/table-commits.ts';
import type { TableFiles } from '../files/table-files.ts';
import type { Snapshot, TableMetadata } from '../metadata/table-metadata.ts';
import { snapshotPaths } from './snapshot-paths.ts';

export interface ExpiryParts {
  readonly store: ObjectStore;
  readonly files: TableFiles;
  readonly clock: Clock;
  /** Called between pieces of work, with what the last one took; throws when it is to end. */
  readonly pause?: (workedMs: number) => Promise<void>;
}

export interface ExpiryResult {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Removes snapshots from a table's metadata, in a commit that changes nothing else.
 * @returns false when somebody else has the next version
 */
export function expireSnapshots(commits: TableCommits, ids: ReadonlySet<bigint>): Promise<boolean> {
  return commits.change([{ action: 'remove-snapshots', 'snapshot-ids': [...ids] }]);
}

/**
 * Deletes what the snapshots needed that `after` lacks, and none needs that it has: data files and
 * delete files, manifests and manifest lists. What is gone already does not count.
 * @param before the metadata from which they were removed
 */
export async function deleteExpired(
  { store, files, clock, pause }: ExpiryParts,
  before: TableMetadata,
  after: TableMetadata,
): Promise<ExpiryResult> {
  const kept = new Set(after.snapshots.map(({ id }) => id));
  const expired = before.snapshots.filter(({ id }) => !kept.has(id));
  const needed = await snapshotPaths(comparedWith(expired, after), { metadata: after, files });
  const paths = await snapshotPaths(expired, { metadata: before, files }, needed);
  const deletion = new FileDeletion(store, { clock, pause });
  for (const path of paths) {
    const location = files.locate(path);
    const found = location.store === store ? await store.stat(location.key) : undefined;
    if (found) await deletion.add(found);
  }
  await deletion.finish();
  return { files: deletion.files, bytes: deletion.bytes };
}

/**
 * The snapshots that can need files of expired ones. A file that a snapshot does not have any more
 * does not come back in those after it: of a line of snapshots the oldest tells. Others than the
 * ancestors of those may have been applied anywhere.
 */
function comparedWith(
  expired: readonly Snapshot[],
  { snapshots }: TableMetadata,
): readonly Snapshot[] {
  const kept = new Set(snapshots.map(({ id }) => id));
  const oldest = snapshots.filter(({ parentId }) => parentId === undefined || !kept.has(parentId));
  const parents = new Map(expired.map(({ id, parentId }) => [id, parentId]));
  const ancestors = new Set<bigint>();
  for (const { parentId } of oldest) {
    for (let at = parentId; at !== undefined && !ancestors.has(at); at = parents.get(at)) {
      ancestors.add(at);
    }
  }
  return expired.every(({ id }) => ancestors.has(id)) ? oldest : snapshots;
}
