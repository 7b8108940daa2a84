import { IcebergError } from '../errors.ts';
import type { Snapshot, TableMetadata } from '../metadata/table-metadata.ts';

/** A step from one snapshot to the next; `before` is undefined where the table was empty. */
export interface SnapshotStep {
  readonly before: Snapshot | undefined;
  readonly after: Snapshot;
}

/**
 * The steps that led to a snapshot, the oldest first.
 * @param from the snapshot before the first step; undefined for the first one of the table
 * @throws IcebergError `iceberg/snapshot-expired` when the table has forgotten one in between,
 * `iceberg/not-an-ancestor` when `from` is none of `to`
 */
export function stepsBetween(
  { snapshots }: TableMetadata,
  from: bigint | undefined,
  to: Snapshot,
): readonly SnapshotStep[] {
  const known = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  const steps: SnapshotStep[] = [];
  for (let after = to; after.id !== from; ) {
    const before = after.parentId === undefined ? undefined : known.get(after.parentId);
    if (after.parentId !== undefined && !before) {
      const message = `The snapshot ${after.parentId}, which came before ${after.id}, has expired`;
      throw new IcebergError('iceberg/snapshot-expired', message, {
        context: { snapshotId: after.parentId },
      });
    }
    steps.unshift({ before, after });
    if (!before) {
      if (from === undefined) break;
      throw new IcebergError(
        'iceberg/not-an-ancestor',
        `The snapshot ${to.id} did not come from the snapshot ${from}`,
        { context: { from, to: to.id } },
      );
    }
    after = before;
  }
  return steps;
}
