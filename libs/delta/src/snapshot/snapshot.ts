import type { AddFile, Commit, DomainMetadata, Metadata, Protocol, Txn } from '../log/actions.ts';
import type { ColumnMappingMode } from '../schema/column-mapping.ts';
import type { StructType } from '../schema/delta-type.ts';

/**
 * What a table holds at one version (Delta protocol, "Action Reconciliation").
 *
 * A snapshot moves: `update` and `apply` bring it to a newer version in place, in time that
 * depends on the new actions only. Whoever needs a version to stand still keeps a snapshot that
 * nobody moves.
 */
export interface Snapshot {
  readonly version: bigint;
  /**
   * When the version was committed, milliseconds since the epoch: its in-commit timestamp where
   * the table has them, else when the log file was written, raised above the version before.
   */
  readonly timestampMs: number;
  readonly protocol: Protocol;
  readonly metadata: Metadata;
  /** `metadata.schemaString`, parsed. */
  readonly schema: StructType;
  readonly columnMapping: ColumnMappingMode;

  /** Live files, and the bytes that they have together. */
  readonly fileCount: number;
  readonly sizeInBytes: number;

  /** Live files in no order. Not to be used past the next `update` or `apply`. */
  files(): IterableIterator<AddFile>;

  /** The live file with this path and deletion vector (see `logicalFileKey`). */
  file(key: string): AddFile | undefined;

  /** By application id. */
  readonly transactions: ReadonlyMap<string, Txn>;

  /** By domain, without removed ones. */
  readonly domains: ReadonlyMap<string, DomainMetadata>;

  /**
   * Moves to the newest version.
   * @returns the commits that were new, in order; none when it was the newest already
   * @throws DeltaError `delta/snapshot-expired` when the log no longer has the commits between,
   * and what opening a snapshot throws; the snapshot is at the last whole version then
   */
  update(): Promise<readonly Commit[]>;

  /**
   * Moves to the next version, whose actions are known already, as after one's own commit.
   * @throws RangeError unless `commit.version` is the next one
   */
  apply(commit: Commit): void;
}
