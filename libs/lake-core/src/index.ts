export { LakeError, lakePolicy } from './errors.ts';
export type { LakeErrorCode } from './errors.ts';
export { planCompaction } from './compaction/plan-compaction.ts';
export type { CompactionFile, CompactionRules } from './compaction/plan-compaction.ts';
export { deletedMeanwhile } from './compaction/deleted-meanwhile.ts';
export { copyRows } from './compaction/rewrite-rows.ts';
export type { CopiedRows, RowCopy } from './compaction/rewrite-rows.ts';
export { DEFAULT_LAYOUT, DataFileWriter } from './data-files/data-file-writer.ts';
export type {
  DataFilesOptions,
  FileLayout,
  FilePartition,
  FileSummary,
  WrittenFile,
} from './data-files/data-file-writer.ts';
export { partitionFolder } from './data-files/partition-folder.ts';
export { TableFileWriter, bytesOf } from './data-files/table-file-writer.ts';
export type {
  PartitionSplit,
  TableFilesOptions,
  WrittenPlaces,
} from './data-files/table-file-writer.ts';
export { DeletionVector } from './deletion-vector/deletion-vector.ts';
export {
  DELETION_VECTOR_MAGIC,
  encodeDeletionVectorPayload,
  frameDeletionVectorPayload,
  parseDeletionVectorPayload,
  unframeDeletionVectorPayload,
} from './deletion-vector/deletion-vector-payload.ts';
export {
  formatExactJson,
  isJsonObject,
  parseExactJson,
  parseLongNumbersAsText,
} from './exact-json/exact-json.ts';
export type { ExactJson, ExactJsonObject } from './exact-json/exact-json.ts';
export { FieldReader } from './exact-json/field-reader.ts';
export { defaultFileResolver } from './file-location/file-location.ts';
export type { FileLocation, FileResolver } from './file-location/file-location.ts';
export { FileRegistry } from './key-index/file-registry.ts';
export { indexRows } from './key-index/index-rows.ts';
export type { FileRows, IndexedRows } from './key-index/index-rows.ts';
export { KeyBlock } from './key-index/key-block.ts';
export type { KeyWidth } from './key-index/key-block.ts';
export { KeyEncoder } from './key-index/key-encoder.ts';
export type { RowRange } from './key-index/key-encoder.ts';
export { keyOrder, sortedRows } from './key-index/key-order.ts';
export type { CompareRows } from './key-index/key-order.ts';
export { KeyIndex } from './key-index/key-index.ts';
export type { KeyIndexOptions } from './key-index/key-index.ts';
export { ParquetWriter } from './parquet/write/parquet-writer.ts';
export type { ParquetFileSummary, ParquetWriterOptions } from './parquet/write/parquet-writer.ts';
export type { ExactBound, LeafStatistics } from './parquet/write/leaf-statistics.ts';
export type { ParquetCompression } from './parquet/write/compression.ts';
export { applyToIndex } from './row-plan/apply-to-index.ts';
export type { Placement } from './row-plan/apply-to-index.ts';
export { ChangePartitions } from './row-plan/change-partitions.ts';
export type { PartitionOptions } from './row-plan/change-partitions.ts';
export { gatherColumn } from './row-plan/gather-column.ts';
export { materialiseFeed, materialiseRows } from './row-plan/materialise.ts';
export type { FeedRows, RowSpan } from './row-plan/materialise.ts';
export { ADDED, DROPPED } from './row-plan/planned-images.ts';
export {
  CHANGE_TYPES,
  FEED_DELETE,
  FEED_INSERT,
  FEED_UPDATE_POSTIMAGE,
  FEED_UPDATE_PREIMAGE,
} from './row-plan/row-plan.ts';
export type { Patch, PlannedKeys, ReplacedRows, RowPlan, RowRefs } from './row-plan/row-plan.ts';
export { RowPlanner } from './row-plan/row-planner.ts';
export type { PlanTarget } from './row-plan/row-planner.ts';
export { ChangeSurveyor, StoredSpan } from './row-plan/survey-changes.ts';
export type { ChangeSurvey, StoredFile } from './row-plan/survey-changes.ts';
export type { Anomalies } from './row-plan/row-versions.ts';
export type { StoredRows } from './row-plan/stored-rows.ts';
export { bindPredicate, boundColumns, predicateColumns } from './predicate/bound-predicate.ts';
export type { BoundColumn, BoundPredicate } from './predicate/bound-predicate.ts';
export { parsePredicate } from './predicate/parse-predicate.ts';
export { compareValues, toComparable } from './predicate/comparable.ts';
export type { Comparable } from './predicate/comparable.ts';
export { matchingRows } from './predicate/matching-rows.ts';
export {
  ALL_NULL,
  NO_BOUNDS,
  exactBounds,
  possibleOutcomes,
} from './predicate/possible-outcomes.ts';
export type { ColumnBounds, PossibleOutcomes } from './predicate/possible-outcomes.ts';
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
  startsWith,
} from './predicate/predicate.ts';
export type { ColumnPath, ComparisonOperator, Literal, Predicate } from './predicate/predicate.ts';
export { openParquet } from './parquet/read/parquet-file.ts';
export type {
  ParquetFile,
  ParquetProjection,
  ParquetReadOptions,
} from './parquet/read/parquet-file.ts';
export type { RowPruning } from './parquet/read/row-pruning.ts';
export { ParquetFileCache } from './parquet/read/parquet-file-cache.ts';
export type { ParquetFileCacheOptions } from './parquet/read/parquet-file-cache.ts';
export { ReaderPlace } from './reader-place/reader-place.ts';
export type { Place, PlaceFile, PlaceFormat } from './reader-place/reader-place.ts';
export { constantColumn } from './read-rows/constant-column.ts';
export { firstColumns, keepRows } from './read-rows/keep-rows.ts';
export { relabelColumn } from './read-rows/relabel-column.ts';
export { rowObjects } from './read-rows/row-objects.ts';
export type { Row } from './read-rows/row-objects.ts';
export { RowDigester, RowSetDigest, digestKey } from './row-digest/row-digest.ts';
export { describeChange } from './table-columns/column-change.ts';
export type { ColumnChange } from './table-columns/column-change.ts';
export { compareColumns } from './table-columns/compare-columns.ts';
export type { ColumnsComparison } from './table-columns/compare-columns.ts';
export {
  APPEND_COLUMNS,
  changeColumns,
  formatTableColumns,
  newTableColumns,
  parseTableColumns,
  withFieldIds,
} from './table-columns/table-columns.ts';
export type { SinkMode, TableColumns } from './table-columns/table-columns.ts';
export { tableType } from './table-columns/table-types.ts';
export type { TableTypes } from './table-columns/table-types.ts';
export { IndexUpdates } from './table-index/index-updates.ts';
export type { WrittenRows } from './table-index/index-updates.ts';
export type { FileReader, LiveFile, TableRows } from './table-index/live-file.ts';
export { MovedKeys } from './table-index/moved-keys.ts';
export type { RewriteOutput, RewrittenRows, SourceNow } from './table-index/rewritten-rows.ts';
export { TableIndex } from './table-index/table-index.ts';
export type { IndexedFile } from './table-index/table-index.ts';
export { TouchedFiles } from './table-index/touched-files.ts';
export type { TouchedFile } from './table-index/touched-files.ts';
export { changeRows } from './table-rows/change-rows.ts';
export { formatTablePosition, parseTablePosition } from './table-position/table-position.ts';
export type { TablePosition } from './table-position/table-position.ts';
export { firstRows } from './table-rows/first-rows.ts';
export { deletesOf, upsertsOf } from './table-rows/keyed-changes.ts';
export { partsAfter } from './table-rows/pending-changes.ts';
export { toTableRange } from './table-rows/range-changes.ts';
export type { TableRange } from './table-rows/range-changes.ts';
export { tableChanges } from './table-rows/table-changes.ts';
export type { SourceChanges, TableChanges } from './table-rows/table-changes.ts';
export { toTableChanges, toTableRows } from './table-rows/table-rows.ts';
export { ChangeCommitter } from './table-sink/change-committer.ts';
export type { CommitterContext, CommitterParts } from './table-sink/change-committer.ts';
export { FirstRowsStage } from './table-sink/first-rows-stage.ts';
export type { FirstRowsStageParts, StagedSize } from './table-sink/first-rows-stage.ts';
export { LakeTableSink } from './table-sink/lake-table-sink.ts';
export type { TableSinkContext, TendedTableSink } from './table-sink/lake-table-sink.ts';
export type {
  FileFacts,
  NewTable,
  OpenTable,
  SinkFormat,
  SinkUpkeep,
  TableCommitter,
} from './table-sink/sink-format.ts';
export { sinkSettings } from './table-sink/sink-options.ts';
export type { SinkOptions, SinkSettings } from './table-sink/sink-options.ts';
export { TableSinks } from './table-sink/table-sinks.ts';
export type {
  CommittedCompaction,
  FormatCommits,
  NextVersion,
  StagedCompaction,
  StateOutcome,
  TableErrorKind,
  TableErrors,
  TableShape,
  TableState,
} from './table-sink/table-format.ts';
export { AppendWriter } from './table-write/append-writer.ts';
export type { AppendFormat } from './table-write/append-writer.ts';
export type { ChangeWriter, PreparedRows, RowTarget } from './table-write/change-writer.ts';
export { MergeCommit } from './table-write/merge-commit.ts';
export type {
  CarriedColumns,
  ChangeFiles,
  FileDeletions,
  MergeFormat,
} from './table-write/merge-commit.ts';
export { writeRows } from './table-write/write-rows.ts';
export type { RowsWriter, WrittenRowFiles } from './table-write/write-rows.ts';
export { RowRewrites } from './table-write/row-rewrites.ts';
export type { RewriteParts } from './table-write/row-rewrites.ts';
export { UpsertWriter } from './table-write/upsert-writer.ts';
export type {
  PlannedPart,
  RowCommit,
  RowCommitParts,
  UpsertContext,
} from './table-write/upsert-writer.ts';
export { UNPUBLISHED_FOLDER, UnpublishedTable } from './unpublished/unpublished-table.ts';
export { removeSettled } from './unpublished/remove-settled.ts';
export type { SettledTable } from './unpublished/remove-settled.ts';
export { FileDeletion } from './upkeep/file-deletion.ts';
export type { FileDeletionOptions } from './upkeep/file-deletion.ts';
export type { Pace } from './upkeep/pace.ts';
export { TableUpkeep } from './upkeep/table-upkeep.ts';
export type { Cleanup, FormatUpkeep, UpkeepContext } from './upkeep/table-upkeep.ts';
export { DEFAULT_POLICY, isDueEvery } from './upkeep/upkeep-policy.ts';
export type { UpkeepPolicy } from './upkeep/upkeep-policy.ts';
