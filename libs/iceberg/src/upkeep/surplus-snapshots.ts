import type { Snapshot, SnapshotRef, TableMetadata } from '../metadata/table-metadata.ts';

const DEFAULT_AGE_MS = 5 * 24 * 3600 * 1000;
const MAX_AGE = 'history.expire.max-snapshot-age-ms';
const MIN_SNAPSHOTS = 'history.expire.min-snapshots-to-keep';
const MAX_REF_AGE = 'history.expire.max-ref-age-ms';
const MAIN = 'main';

/** Which snapshots a table keeps, beside what its own properties say. */
export interface SnapshotRetention {
  /**
   * So many of the main branch at most: each of them makes every metadata file longer. A tag keeps
   * one for longer.
   */
  readonly maxSnapshots: number;
  /** Younger ones are kept where the branch does not say; in place of what the table says. */
  readonly maxSnapshotAgeMs?: number | undefined;
}

/** What a table can do without. */
export interface SurplusSnapshots {
  readonly snapshots: ReadonlySet<bigint>;
  /** Names of branches and tags; their snapshots may be surplus, too. */
  readonly refs: readonly string[];
}

/**
 * What a table can do without. Branches and tags, but the main branch, whose snapshot is older than
 * they or the table say (`history.expire.max-ref-age-ms`, by default for ever). And snapshots: of
 * each branch the newest are kept without a gap, so that time travel finds what was there: those
 * that are younger than the branch or the table says (`history.expire.max-snapshot-age-ms`, by
 * default five days), of the main branch at most `maxSnapshots`, and as many as
 * `min-snapshots-to-keep` in any case. Tags keep what they name.
 */
export function surplusSnapshots(
  { snapshots, refs, properties }: TableMetadata,
  { maxSnapshots, maxSnapshotAgeMs }: SnapshotRetention,
  nowMs: number,
): SurplusSnapshots {
  const byId = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  const ageMs = maxSnapshotAgeMs ?? numberIn(properties[MAX_AGE]) ?? DEFAULT_AGE_MS;
  const refAgeMs = numberIn(properties[MAX_REF_AGE]) ?? Infinity;
  const min = numberIn(properties[MIN_SNAPSHOTS]) ?? 1;
  const isOld = ({ name, snapshotId, maxRefAgeMs }: SnapshotRef): boolean => {
    const timestampMs = byId.get(snapshotId)?.timestampMs ?? nowMs;
    return name !== MAIN && timestampMs < nowMs - (maxRefAgeMs ?? refAgeMs);
  };
  const kept = new Set<bigint>();
  for (const ref of refs) {
    if (isOld(ref)) continue;
    const isMain = ref.name === MAIN;
    const oldestMs = nowMs - (ref.maxSnapshotAgeMs ?? ageMs);
    const least = Math.max(1, ref.minSnapshotsToKeep ?? min);
    const lineage = lineageOf(byId.get(ref.snapshotId), byId);
    lineage.forEach(({ id, timestampMs }, i) => {
      const isRecent = timestampMs >= oldestMs && (!isMain || i < maxSnapshots);
      if (i === 0 || (ref.type === 'branch' && (i < least || isRecent))) kept.add(id);
    });
  }
  return {
    snapshots: new Set(snapshots.flatMap(({ id }) => (kept.has(id) ? [] : [id]))),
    refs: refs.filter(isOld).map(({ name }) => name),
  };
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
