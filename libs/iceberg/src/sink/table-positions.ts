import type { Position } from '@cdc-demo/cdc-core';
import { parseTablePosition } from '@cdc-demo/lake-core';
import type { IcebergTable } from '../iceberg-table.ts';
import { POSITION_PROPERTY } from './table-position.ts';

/** A snapshot of a table that a pipeline keeps, and what it holds of the source. */
export interface PositionedSnapshot {
  readonly snapshotId: bigint;
  readonly timestampMs: number;
  /** The snapshot contains everything of the source before it. */
  readonly position: Position;
}

/**
 * The snapshots of the main branch that a pipeline made, the newest first; as far back as they are
 * kept. Nothing for a table that no pipeline keeps.
 */
export function tablePositions({ metadata }: IcebergTable): readonly PositionedSnapshot[] {
  const { snapshots, currentSnapshotId } = metadata;
  const byId = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  const found: PositionedSnapshot[] = [];
  let at = currentSnapshotId === undefined ? undefined : byId.get(currentSnapshotId);
  while (at) {
    const { id, timestampMs, summary, parentId } = at;
    const { [POSITION_PROPERTY]: text } = summary;
    if (text !== undefined) {
      found.push({ snapshotId: id, timestampMs, position: parseTablePosition(text).position });
    }
    at = parentId === undefined ? undefined : byId.get(parentId);
  }
  return found;
}
