import type { Snapshot, TableMetadata } from '../metadata/table-metadata.ts';

const DEFAULT_AGE_MS = 5 * 24 * 3600 * 1000;
const MAX_AGE = 'history.expire.max-snapshot-age-ms';
const MIN_SNAPSHOTS = 'history.expire.min-snapshots-to-keep';
const MAIN = 'main';

/** Which snapshots a table keeps, beside what its own properties say. */
export interface SnapshotRetention {
  /**
   * So many of the main branch at most: each of them makes every metadata file longer. A tag keeps
   * one for longer.
   */
  readonly maxSnapshots: number;
}

/**
 * The ids of the snapshots that a table can do without. Of each branch the newest are kept without
 * a gap, so that time travel finds what was there: those that are younger than the branch or the
 * table says (`history.expire.max-snapshot-age-ms`, by default five days), of the main branch at
 * most `maxSnapshots`, and as many as `min-snapshots-to-keep` in any case. Tags keep what they
 * name.
 */
export function surplusSnapshots(
  { snapshots, refs, properties }: TableMetadata,
  { maxSnapshots }: SnapshotRetention,
  nowMs: number,
): ReadonlySet<bigint> {
  const byId = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  const ageMs = numberIn(properties[MAX_AGE]) ?? DEFAULT_AGE_MS;
  const min = numberIn(properties[MIN_SNAPSHOTS]) ?? 1;
  const kept = new Set<bigint>();
  for (const ref of refs) {
    const isMain = ref.name === MAIN;
    const oldestMs = nowMs - (ref.maxSnapshotAgeMs ?? ageMs);
    const least = Math.max(1, ref.minSnapshotsToKeep ?? min);
    const lineage = lineageOf(byId.get(ref.snapshotId), byId);
    lineage.forEach(({ id, timestampMs }, i) => {
      const isRecent = timestampMs >= oldestMs && (!isMain || i < maxSnapshots);
      if (i === 0 || (ref.type === 'branch' && (i < least || isRecent))) kept.add(id);
    });
  }
  return new Set(snapshots.flatMap(({ id }) => (kept.has(id) ? [] : [id])));
}

/** A snapshot and those before it, the newest first. */
function lineageOf(
  head: Snapshot | undefined,
  byId: ReadonlyMap<bigint, Snapshot>,
): readonly Snapshot[] {
  const lineage: Snapshot[] = [];
  for (let at = head; at; at = at.parentId === undefined ? undefined : byId.get(at.parentId)) {
    lineage.push(at);
  }
  return lineage;
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
