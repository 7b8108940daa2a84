import type { PartitionSpec } from './partition-spec.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** The state of a table at some time (table specification, "Snapshots"). */
export interface Snapshot {
  readonly id: bigint;
  readonly parentId: bigint | undefined;
  readonly sequenceNumber: bigint;
  readonly timestampMs: number;
  /** What changed; absent from snapshots of the first version of the format. */
  readonly operation: string | undefined;
  readonly summary: Readonly<Record<string, string>>;
  /** The location of the manifest list, or those of the manifests themselves. */
  readonly manifests: string | readonly string[];
  readonly schemaId: number | undefined;
  readonly firstRowId: bigint | undefined;
}

/** A name for a snapshot. */
export interface SnapshotRef {
  readonly name: string;
  readonly type: 'branch' | 'tag';
  readonly snapshotId: bigint;
  readonly minSnapshotsToKeep: number | undefined;
  readonly maxSnapshotAgeMs: number | undefined;
  readonly maxRefAgeMs: number | undefined;
}

/** When a snapshot became the current one. */
export interface SnapshotLogEntry {
  readonly snapshotId: bigint;
  readonly timestampMs: number;
}

/** What a metadata file says (table specification, "Table Metadata"). */
export interface TableMetadata {
  readonly formatVersion: 1 | 2 | 3;
  readonly uuid: string | undefined;
  readonly location: string;
  readonly lastSequenceNumber: bigint;
  readonly lastUpdatedMs: number;
  readonly schemas: readonly TableSchema[];
  readonly currentSchemaId: number;
  readonly specs: readonly PartitionSpec[];
  readonly defaultSpecId: number;
  /** The greatest id that a partition field has, or had. */
  readonly lastPartitionId: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly currentSnapshotId: bigint | undefined;
  readonly snapshots: readonly Snapshot[];
  readonly snapshotLog: readonly SnapshotLogEntry[];
  readonly refs: readonly SnapshotRef[];
  readonly nextRowId: bigint | undefined;
}
