export { DeltaError, deltaPolicy } from './errors.ts';
export type { DeltaErrorCode } from './errors.ts';
export { DeltaTable } from './delta-table.ts';
export type { ChangesOptions, FilesOptions, RowsOptions, VersionChoice } from './delta-table.ts';
export type { FileInfo, RecordCount, TableInfo } from './table-info.ts';
export type { HistoryEntry } from './log/commit-history.ts';
export type { ReadOptions } from './read/data-file-reader.ts';
export type { FileLocation, FileResolver } from '@cdc-demo/lake-core';
export type { Snapshot } from './snapshot/snapshot.ts';
export type {
  Action,
  AddCdcFile,
  AddFile,
  CheckpointMetadata,
  Commit,
  CommitInfo,
  DeletionVectorDescriptor,
  DomainMetadata,
  Metadata,
  PartitionValues,
  Protocol,
  RemoveFile,
  Sidecar,
  StringMap,
  Txn,
} from './log/actions.ts';
export type { ColumnMappingMode } from './schema/column-mapping.ts';
export type {
  ArrayType,
  DeltaType,
  MapType,
  StructField,
  StructType,
} from './schema/delta-type.ts';
export { DeltaSink } from './sink/delta-sink.ts';
export type { DeltaSinkOptions } from './sink/sink-options.ts';
export { DeltaTableWriter } from './delta-table-writer.ts';
export type { DeltaTableWriterOptions, NewTable } from './delta-table-writer.ts';
export { DEFAULT_UPKEEP } from './upkeep/upkeep-policy.ts';
export type { DeltaUpkeepPolicy } from './upkeep/upkeep-policy.ts';
export { changedRows } from './feed/changed-rows.ts';
export type { ChangeType, ChangedRow } from './feed/changed-rows.ts';
export { summarizeFeed } from './feed/feed-summary.ts';
export type { FeedVersion } from './feed/feed-summary.ts';
export { tablePositions, versionAtPosition } from './sink/table-positions.ts';
export type { PositionedVersion } from './sink/table-positions.ts';
export { verifyFeed } from './feed/verify-feed.ts';
export type { FeedDifference, FeedVerification, VerifyOptions } from './feed/verify-feed.ts';
export { diffVersions } from './feed/version-diff.ts';
export type { DiffOptions } from './feed/version-diff.ts';
export { VersionTracker } from './changes/version-tracker.ts';
export type { UnreadVersions } from './changes/version-tracker.ts';
export {
  and,
  eq,
  ge,
  gt,
  isNotNull,
  isNull,
  le,
  lt,
  ne,
  not,
  oneOf,
  or,
  parsePredicate,
  rowObjects,
  startsWith,
} from '@cdc-demo/lake-core';
export type { ColumnPath, ComparisonOperator, Literal, Predicate, Row } from '@cdc-demo/lake-core';
export type { OptimizeOptions, OptimizeResult } from './compaction/optimize.ts';
export type { LogCleanupOptions, LogCleanupResult } from './log-cleanup/clean-log.ts';
export type { VacuumOptions, VacuumResult } from './vacuum/vacuum.ts';
export type { TableReader } from './write/table-readers.ts';
