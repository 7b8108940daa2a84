import type { MetadataUpdate } from '../catalog/metadata-update.ts';
import { IcebergError } from '../errors.ts';
import type { SnapshotRef, TableMetadata } from '../metadata/table-metadata.ts';
import { chooseSnapshot } from '../snapshot/choose-snapshot.ts';

export const MAIN = 'main';

/** What a tag names, and for how long. */
export interface TagOptions {
  /** By default the current snapshot; when it is replaced the one that it names. */
  readonly snapshotId?: bigint | undefined;
  /** Expiry drops the name when its snapshot is older; by default what the table says. */
  readonly maxRefAgeMs?: number | undefined;
}

/** What a branch names, and what expiry keeps of it; by default what the table says. */
export interface BranchOptions extends TagOptions {
  /** So many of its snapshots stay, however old. */
  readonly minSnapshotsToKeep?: number | undefined;
  /** Snapshots that are younger stay. */
  readonly maxSnapshotAgeMs?: number | undefined;
}

/** A branch or tag that is meant. */
export interface RefName {
  readonly name: string;
  readonly type: SnapshotRef['type'];
}

/**
 * Names a snapshot.
 * @throws IcebergError `iceberg/ref-exists`, `iceberg/ref-invalid`, `iceberg/snapshot-missing`
 */
export function createRef(
  metadata: TableMetadata,
  { name, type }: RefName,
  options: BranchOptions,
): readonly MetadataUpdate[] {
  const known = metadata.refs.find((ref) => ref.name === name);
  if (known) {
    const message = `The table has a ${known.type} ${name} already`;
    throw new IcebergError('iceberg/ref-exists', message, { context: { name } });
  }
  return [setRef(newRef(metadata, { name, type }, options))];
}

/**
 * Lets a branch or tag name another snapshot, or be kept for another time. What the options do not
 * say stays as it is.
 * @throws IcebergError `iceberg/ref-missing`, `iceberg/ref-invalid`, `iceberg/snapshot-missing`
 */
export function replaceRef(
  metadata: TableMetadata,
  which: RefName,
  options: BranchOptions,
): readonly MetadataUpdate[] {
  const known = findRef(metadata, which);
  const { minSnapshotsToKeep, maxSnapshotAgeMs, maxRefAgeMs, snapshotId } = options;
  const ref = newRef(metadata, which, {
    snapshotId: snapshotId ?? known.snapshotId,
    minSnapshotsToKeep: minSnapshotsToKeep ?? known.minSnapshotsToKeep,
    maxSnapshotAgeMs: maxSnapshotAgeMs ?? known.maxSnapshotAgeMs,
    maxRefAgeMs: maxRefAgeMs ?? known.maxRefAgeMs,
  });
  return [setRef(ref)];
}

/** @throws IcebergError `iceberg/ref-missing`; `iceberg/ref-invalid` for the main branch */
export function dropRef(metadata: TableMetadata, which: RefName): readonly MetadataUpdate[] {
  const { name } = findRef(metadata, which);
  if (name === MAIN) throw invalid(name, 'The main branch cannot be dropped');
  return [{ action: 'remove-snapshot-ref', 'ref-name': name }];
}

/**
 * Makes a snapshot the current one, whatever came after it.
 * @throws IcebergError `iceberg/snapshot-missing`
 */
export function setCurrentSnapshot(
  metadata: TableMetadata,
  snapshotId: bigint,
): readonly MetadataUpdate[] {
  chooseSnapshot(metadata, { snapshotId });
  if (metadata.currentSnapshotId === snapshotId) return [];
  return [setMain(metadata, snapshotId)];
}

/**
 * Goes back to a snapshot that has become the current one.
 * @throws IcebergError `iceberg/snapshot-missing`, `iceberg/not-an-ancestor`
 */
export function rollbackTo(metadata: TableMetadata, snapshotId: bigint): readonly MetadataUpdate[] {
  chooseSnapshot(metadata, { snapshotId });
  const parents = new Map(metadata.snapshots.map(({ id, parentId }) => [id, parentId]));
  let at = metadata.currentSnapshotId;
  while (at !== undefined && at !== snapshotId) at = parents.get(at);
  if (at !== undefined) return setCurrentSnapshot(metadata, snapshotId);
  const message = `The current snapshot did not come from the snapshot ${snapshotId}`;
  throw new IcebergError('iceberg/not-an-ancestor', message, { context: { snapshotId } });
}

/** The main branch at another snapshot; what is kept of it stays as it is. */
export function setMain({ refs }: TableMetadata, snapshotId: bigint): MetadataUpdate {
  const known = refs.find(({ name }) => name === MAIN) ?? NO_RETENTION;
  return setRef({ ...known, name: MAIN, type: 'branch', snapshotId });
}

const NO_RETENTION = {
  minSnapshotsToKeep: undefined,
  maxSnapshotAgeMs: undefined,
  maxRefAgeMs: undefined,
};

function newRef(
  metadata: TableMetadata,
  { name, type }: RefName,
  options: BranchOptions,
): SnapshotRef {
  if (name.trim() === '') throw invalid(name, 'A branch or tag has a name');
  if (name === MAIN && type === 'tag') throw invalid(name, 'main is a branch');
  const { minSnapshotsToKeep, maxSnapshotAgeMs, maxRefAgeMs } = options;
  for (const given of [minSnapshotsToKeep, maxSnapshotAgeMs, maxRefAgeMs]) {
    if (given === undefined || (Number.isSafeInteger(given) && given > 0)) continue;
    throw invalid(name, `A retention is a whole number above 0, and not ${given}`);
  }
  const snapshot = chooseSnapshot(metadata, { snapshotId: options.snapshotId });
  if (!snapshot) {
    const message = `The table has no snapshot that ${name} could name`;
    throw new IcebergError('iceberg/snapshot-missing', message, { context: { name } });
  }
  const kept = type === 'branch' ? { minSnapshotsToKeep, maxSnapshotAgeMs } : NO_RETENTION;
  return { ...NO_RETENTION, ...kept, name, type, snapshotId: snapshot.id, maxRefAgeMs };
}

function findRef({ refs }: TableMetadata, { name, type }: RefName): SnapshotRef {
  const ref = refs.find((each) => each.name === name);
  if (ref?.type === type) return ref;
  const message = ref
    ? `${name} is a ${ref.type} and no ${type}`
    : `The table has no ${type} ${name}`;
  throw new IcebergError('iceberg/ref-missing', message, { context: { name } });
}

function setRef(ref: SnapshotRef): MetadataUpdate {
  const { name, type, snapshotId, minSnapshotsToKeep, maxSnapshotAgeMs, maxRefAgeMs } = ref;
  return {
    action: 'set-snapshot-ref',
    'ref-name': name,
    type,
    'snapshot-id': snapshotId,
    ...(minSnapshotsToKeep === undefined ? {} : { 'min-snapshots-to-keep': minSnapshotsToKeep }),
    ...(maxSnapshotAgeMs === undefined ? {} : { 'max-snapshot-age-ms': maxSnapshotAgeMs }),
    ...(maxRefAgeMs === undefined ? {} : { 'max-ref-age-ms': maxRefAgeMs }),
  };
}

function invalid(name: string, message: string): IcebergError {
  return new IcebergError('iceberg/ref-invalid', message, { context: { name } });
}
