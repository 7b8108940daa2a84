import type { JsonValue } from '@cdc-demo/cdc-core';

/**
 * The actions of the Delta protocol ("Actions"), field by field as the log has them, so that one
 * of these objects is one line of a commit. Absent and null are the same and are left out. Times
 * are milliseconds since the epoch. Sizes and times are numbers; whatever may need all of its 64
 * bits is a bigint.
 */
export type Action =
  | { readonly commitInfo: CommitInfo }
  | { readonly protocol: Protocol }
  | { readonly metaData: Metadata }
  | { readonly add: AddFile }
  | { readonly remove: RemoveFile }
  | { readonly cdc: AddCdcFile }
  | { readonly txn: Txn }
  | { readonly domainMetadata: DomainMetadata }
  | { readonly sidecar: Sidecar }
  | { readonly checkpointMetadata: CheckpointMetadata };

/** "Protocol Evolution". */
export interface Protocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  /** There exactly when `minReaderVersion` is 3. */
  readonly readerFeatures?: readonly string[];
  /** There exactly when `minWriterVersion` is 7. */
  readonly writerFeatures?: readonly string[];
}

/** "Change Metadata". */
export interface Metadata {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly format: { readonly provider: string; readonly options: StringMap };
  /** The schema as JSON text; see `parseSchema`. */
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly createdTime?: number;
  readonly configuration: StringMap;
}

export type StringMap = Readonly<Record<string, string>>;

/**
 * Partition column (physical name under column mapping) to its value as text; null and '' both
 * stand for NULL.
 */
export type PartitionValues = Readonly<Record<string, string | null>>;

/** "Add File and Remove File". */
export interface AddFile {
  /** Relative to the table or absolute, URL-encoded (RFC 2396). */
  readonly path: string;
  readonly partitionValues: PartitionValues;
  readonly size: number;
  readonly modificationTime: number;
  readonly dataChange: boolean;
  /** "Per-file Statistics" as JSON text; parsed by who needs it. */
  readonly stats?: string;
  readonly tags?: StringMap;
  readonly deletionVector?: DeletionVectorDescriptor;
  readonly baseRowId?: bigint;
  readonly defaultRowCommitVersion?: bigint;
  readonly clusteringProvider?: string;
}

export interface RemoveFile {
  readonly path: string;
  readonly deletionTimestamp?: number;
  readonly dataChange: boolean;
  readonly extendedFileMetadata?: boolean;
  readonly partitionValues?: PartitionValues;
  readonly size?: number;
  readonly stats?: string;
  readonly tags?: StringMap;
  readonly deletionVector?: DeletionVectorDescriptor;
  readonly baseRowId?: bigint;
  readonly defaultRowCommitVersion?: bigint;
}

/** "Add CDC File". */
export interface AddCdcFile {
  readonly path: string;
  readonly partitionValues: PartitionValues;
  readonly size: number;
  /** Always false in what a correct writer wrote. */
  readonly dataChange: boolean;
  readonly tags?: StringMap;
}

/** "Deletion Vector Descriptor Schema". */
export interface DeletionVectorDescriptor {
  /** In a file named by a UUID below the table, inline, or in a file at an absolute path. */
  readonly storageType: 'u' | 'i' | 'p';
  readonly pathOrInlineDv: string;
  readonly offset?: number;
  readonly sizeInBytes: number;
  readonly cardinality: number;
}

/** "Transaction Identifiers". */
export interface Txn {
  readonly appId: string;
  readonly version: bigint;
  readonly lastUpdated?: number;
}

/** "Domain Metadata". */
export interface DomainMetadata {
  readonly domain: string;
  readonly configuration: string;
  readonly removed: boolean;
}

/**
 * "Commit Provenance Information": anything, of which these names mean something. Integers that
 * no number holds are strings of their digits.
 */
export interface CommitInfo {
  readonly timestamp?: number;
  readonly inCommitTimestamp?: number;
  readonly operation?: string;
  readonly operationParameters?: Readonly<Record<string, JsonValue>>;
  readonly operationMetrics?: Readonly<Record<string, JsonValue>>;
  readonly isBlindAppend?: boolean;
  readonly engineInfo?: string;
  readonly txnId?: string;
  readonly [name: string]: JsonValue | undefined;
}

/** "Sidecar File Information"; in V2 checkpoints only. */
export interface Sidecar {
  readonly path: string;
  readonly sizeInBytes: number;
  readonly modificationTime: number;
  readonly tags?: StringMap;
}

/** "Checkpoint Metadata"; in V2 checkpoints only. */
export interface CheckpointMetadata {
  readonly version: bigint;
  readonly tags?: StringMap;
}

/** The actions of one version, in the order of its file. */
export interface Commit {
  readonly version: bigint;
  /** In-commit timestamp, or else when the file was written; see `Snapshot.timestampMs`. */
  readonly timestampMs: number;
  readonly actions: readonly Action[];
}
