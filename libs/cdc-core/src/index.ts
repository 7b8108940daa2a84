export { describeType, sameFields, sameType } from './schema/field.ts';
export type { Field, FieldType } from './schema/field.ts';
export { formatTableName, parseTableName } from './schema/table-name.ts';
export { sameSchema } from './schema/table-schema.ts';
export type { TableName, TableSchema } from './schema/table-schema.ts';

export { Column, NULL, PRESENT, UNCHANGED, grown } from './columns/column.ts';
export type { Presence } from './columns/column.ts';
export type { FieldValue, MapEntries } from './columns/field-value.ts';
export {
  BooleanColumn,
  FloatColumn,
  Int32Column,
  Int64Column,
} from './columns/fixed-width-columns.ts';
export { BytesColumn, FixedBytesColumn } from './columns/bytes-columns.ts';
export { ListColumn, MapColumn, StructColumn } from './columns/nested-columns.ts';
export { createColumn } from './columns/create-column.ts';
export { ColumnBatch } from './columns/column-batch.ts';

export { canonicalJson, canonicalRow } from './values/canonical-json.ts';
export {
  bigIntToBytes,
  bytesToBigInt,
  decimalWidth,
  formatDecimal,
  parseDecimal,
} from './values/decimal.ts';
export { formatDate, formatTime, formatTimestamp } from './values/temporal.ts';
export { parseDate, parseTimestamp } from './values/parse-temporal.ts';
export { Secret } from './values/secret.ts';
export { formatHex, formatUuid, parseUuid } from './values/uuid.ts';
export type { JsonValue } from './values/json-value.ts';

export {
  comparePositions,
  formatLsn,
  formatPosition,
  parseLsn,
  parsePosition,
  postgresPosition,
} from './changes/position.ts';
export type { Position, PostgresPosition } from './changes/position.ts';
export {
  ChangeBatch,
  DELETE,
  INSERT,
  NO_IMAGE,
  READ,
  TRUNCATE,
  UPDATE,
} from './changes/change-batch.ts';
export type { ChangeImages, Op, Transaction } from './changes/change-batch.ts';
export { BatchSpill } from './changes/batch-spill.ts';
export { SpilledChanges, SpilledTransaction } from './changes/spilled-transaction.ts';
export { TransactionAssembler, releaseGroup } from './changes/transaction-assembler.ts';
export type { TransactionGroup } from './changes/transaction-assembler.ts';
export { changeEvents } from './changes/change-event.ts';
export type { ChangeEvent, EventRow, OldRow } from './changes/change-event.ts';

export { CdcError, explainError, isCdcError } from './errors/cdc-error.ts';
export type { CdcErrorInit, ErrorContext, ErrorKind, ErrorPolicy } from './errors/cdc-error.ts';

export type { Clock } from './ports/clock.ts';
export { silentLogger } from './ports/logger.ts';
export type { LogFields, Logger } from './ports/logger.ts';
export type { ListOptions, ObjectStat, ObjectStore, ObjectWriter } from './ports/object-store.ts';
export type { ResyncRange, ResyncCursor, ResyncRequest, ResyncRows } from './ports/resync.ts';
export type { SpillFile, SpillSpace } from './ports/spill-space.ts';
export type {
  SnapshotBegin,
  SnapshotEnd,
  SnapshotRows,
  SnapshotRun,
  SnapshotUnitEnd,
  Source,
  SourceLagBytes,
  SourceMessage,
  StartFrom,
  UnfinishedSnapshot,
} from './ports/source.ts';
export type {
  CommitOutcome,
  CommitPoint,
  CommitStats,
  OpenOutcome,
  Sink,
  SnapshotSettlement,
  SnapshotStage,
  StagedSnapshot,
  TableSink,
  Writer,
} from './ports/sink.ts';
export type {
  BatchCommitted,
  ChangesReceived,
  PipelineEvent,
  PipelineObserver,
  PipelineState,
  ResyncProgress,
  SnapshotProgress,
  SourceLag,
  TableCommitted,
} from './ports/pipeline-event.ts';
export type { TableTended, UpkeepEvent, UpkeepOutcome } from './ports/upkeep-event.ts';
