import type { ObjectStore } from '@cdc-demo/cdc-core';
import { FileDeletion } from '@cdc-demo/lake-core';
import type { FileDeletionOptions } from '@cdc-demo/lake-core';
import type { TableCommits } from '../commit/table-commits.ts';
import type { TableFiles } from '../files/table-files.ts';
import type { Snapshot, TableMetadata } from '../metadata/table-metadata.ts';
import { snapshotPaths } from './snapshot-paths.ts';
import type { SurplusSnapshots } from './surplus-snapshots.ts';

export interface ExpiryParts extends FileDeletionOptions {
  readonly store: ObjectStore;
  readonly files: TableFiles;
}

export interface ExpiryResult {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Removes snapshots, branches and tags from a table's metadata, in a commit that changes nothing
 * else.
 * @returns false when somebody else has the next version
 */
export function expireSnapshots(
  commits: TableCommits,
  { snapshots, refs }: SurplusSnapshots,
): Promise<boolean> {
  return commits.change([
    ...refs.map((name) => ({ action: 'remove-snapshot-ref', 'ref-name': name }) as const),
    { action: 'remove-snapshots', 'snapshot-ids': [...snapshots] },
  ]);
}

/**
 * Deletes what the snapshots needed that `after` lacks, and none needs that it has: data files and
 * delete files, manifests and manifest lists. What is gone already does not count.
 * @param before the metadata from which they were removed
 */
export async function deleteExpired(
  { store, files, ...options }: ExpiryParts,
  before: TableMetadata,
  after: TableMetadata,
): Promise<ExpiryResult> {
  const kept = new Set(after.snapshots.map(({ id }) => id));
  const expired = before.snapshots.filter(({ id }) => !kept.has(id));
  if (expired.length === 0) return { files: 0, bytes: 0 };
  const needed = await snapshotPaths(comparedWith(expired, after), { metadata: after, files });
  const paths = await snapshotPaths(expired, { metadata: before, files }, needed);
  const deletion = new FileDeletion(store, options);
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
 * does not come back in those after it: where all expired ones come before the oldest of a line of
 * snapshots, that one tells for the line. With a gap in the line, or beside another branch, each
 * snapshot tells for itself.
 */
function comparedWith(
  expired: readonly Snapshot[],
  { snapshots }: TableMetadata,
): readonly Snapshot[] {
  const kept = new Set(snapshots.map(({ id }) => id));
  const parents = new Map(expired.map(({ id, parentId }) => [id, parentId]));
  const oldest = snapshots.filter(({ parentId }) => parentId === undefined || !kept.has(parentId));
  const isAfterAll = ({ parentId }: Snapshot): boolean => {
    let ancestors = 0;
    for (let at = parentId; at !== undefined && parents.has(at); at = parents.get(at)) ancestors++;
    return ancestors === expired.length;
  };
  return oldest.every(isAfterAll) ? oldest : snapshots;
}
