export { IcebergError, icebergPolicy, isIcebergError } from './errors.ts';
export type { IcebergErrorCode } from './errors.ts';
export { IcebergTable } from './iceberg-table.ts';
export type { ChangesOptions, ReadOptions, RowsOptions, TableInfo } from './iceberg-table.ts';
export { IcebergTableWriter } from './iceberg-table-writer.ts';
export type { IcebergTableWriterOptions, NewTable } from './iceberg-table-writer.ts';
export type { OptimizeOptions, OptimizeResult } from './compaction/optimize.ts';
export type { BranchOptions, TagOptions } from './refs/change-refs.ts';
export type { ExpireOptions, ExpireResult, RemoveOrphansOptions } from './upkeep/clean-table.ts';
export type { OrphansResult } from './upkeep/remove-orphans.ts';
export { RestCatalog } from './catalog/rest/rest-catalog.ts';
export type { Fetch } from './catalog/rest/http-exchange.ts';
export type { RestCatalogOptions } from './catalog/rest/rest-catalog.ts';
export type { TableIdentifier } from './catalog/rest/rest-table.ts';
export type { OpenTableStore } from './catalog/rest/storage-config.ts';
export type { CatalogTable } from './catalog/table-catalog.ts';
export type { ChangeType } from './changes/pair-changes.ts';
export type { ChangeOptions } from './changes/read-changes.ts';
export { SnapshotTracker } from './changes/snapshot-tracker.ts';
export type { UnreadSnapshots } from './changes/snapshot-tracker.ts';
export type { ContentFile, FileContent } from './manifest/manifest-file.ts';
export type { PartitionField, PartitionSpec } from './metadata/partition-spec.ts';
export type {
  Snapshot,
  SnapshotLogEntry,
  SnapshotRef,
  TableMetadata,
} from './metadata/table-metadata.ts';
export type { Wanted } from './read/scan.ts';
export type { SchemaColumn, TableSchema } from './schema/table-schema.ts';
export type { SnapshotChoice } from './snapshot/choose-snapshot.ts';
export { IcebergSink } from './sink/iceberg-sink.ts';
export type { IcebergSinkOptions } from './sink/sink-options.ts';
export { tablePositions } from './sink/table-positions.ts';
export type { PositionedSnapshot } from './sink/table-positions.ts';
export { DEFAULT_UPKEEP } from './upkeep/upkeep-policy.ts';
export type { IcebergUpkeepPolicy } from './upkeep/upkeep-policy.ts';
export type { TableReader } from './write/table-readers.ts';
export { rowObjects } from '@cdc-demo/lake-core';
export type { FileLocation, FileResolver, Predicate, Row } from '@cdc-demo/lake-core';
