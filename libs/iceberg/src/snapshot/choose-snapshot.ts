import { IcebergError } from '../errors.ts';
import type { Snapshot, TableMetadata } from '../metadata/table-metadata.ts';

/** A snapshot by its id, its name or its time. All left out: the current one. */
export interface SnapshotChoice {
  readonly snapshotId?: bigint | undefined;
  /** A branch or tag. */
  readonly ref?: string | undefined;
  /** Milliseconds since the epoch: the snapshot that was the current one then. */
  readonly timestampMs?: number | undefined;
}

/**
 * @returns undefined for the current snapshot of a table that has none
 * @throws IcebergError `iceberg/snapshot-missing`, `iceberg/ref-missing`,
 * `iceberg/time-out-of-range`
 */
export function chooseSnapshot(
  metadata: TableMetadata,
  { snapshotId, ref, timestampMs }: SnapshotChoice,
): Snapshot | undefined {
  if (snapshotId !== undefined) return snapshotOf(metadata, snapshotId);
  if (ref !== undefined) return snapshotOf(metadata, idOfRef(metadata, ref));
  if (timestampMs !== undefined) return snapshotOf(metadata, idAt(metadata, timestampMs));
  const { currentSnapshotId } = metadata;
  return currentSnapshotId === undefined ? undefined : snapshotOf(metadata, currentSnapshotId);
}

function snapshotOf({ snapshots }: TableMetadata, snapshotId: bigint): Snapshot {
  const snapshot = snapshots.find(({ id }) => id === snapshotId);
  if (snapshot) return snapshot;
  throw new IcebergError('iceberg/snapshot-missing', `The table has no snapshot ${snapshotId}`, {
    context: { snapshotId },
  });
}

function idOfRef({ refs }: TableMetadata, name: string): bigint {
  const ref = refs.find((each) => each.name === name);
  if (ref) return ref.snapshotId;
  throw new IcebergError('iceberg/ref-missing', `The table has no branch or tag ${name}`, {
    context: { name },
  });
}

/** Commits of other branches are in `snapshots`, and not in this log ("Point in Time Reads"). */
function idAt({ snapshotLog }: TableMetadata, timestampMs: number): bigint {
  const entry = snapshotLog.filter((each) => each.timestampMs <= timestampMs).at(-1);
  if (entry) return entry.snapshotId;
  const when = new Date(timestampMs).toISOString();
  const message = `The table has no snapshot as old as ${when}`;
  throw new IcebergError('iceberg/time-out-of-range', message, { context: { timestampMs } });
}
