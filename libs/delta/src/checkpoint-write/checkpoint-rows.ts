import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { FieldValue } from '@cdc-demo/cdc-core';
import type {
  AddFile,
  DeletionVectorDescriptor,
  Metadata,
  PartitionValues,
  Protocol,
  RemoveFile,
} from '../log/actions.ts';
import type { CheckpointContent } from './checkpoint-content.ts';
import { CHECKPOINT_FIELDS } from './checkpoint-fields.ts';

/** Rows of a batch: few, so that building one does not hold up a commit. */
const BATCH_ROWS = 1024;
const NAMES = CHECKPOINT_FIELDS.map((field) => field.name);

type Row = readonly [name: string, value: FieldValue];

/**
 * The rows of a checkpoint in batches: protocol, metadata, transactions, domains, tombstones and
 * live files (Delta protocol, "Checkpoints").
 */
export async function* checkpointBatches(
  content: CheckpointContent,
  tombstones: AsyncIterable<RemoveFile>,
): AsyncGenerator<ColumnBatch, void, undefined> {
  let rows = new ColumnBatch(CHECKPOINT_FIELDS, BATCH_ROWS);
  for await (const [name, value] of checkpointRows(content, tombstones)) {
    rows.appendRow(NAMES.map((column) => (column === name ? value : null)));
    if (rows.length < BATCH_ROWS) continue;
    yield rows;
    rows = new ColumnBatch(CHECKPOINT_FIELDS, BATCH_ROWS);
  }
  if (rows.length > 0) yield rows;
}

async function* checkpointRows(
  { protocol, metadata, transactions, domains, files }: CheckpointContent,
  tombstones: AsyncIterable<RemoveFile>,
): AsyncGenerator<Row, void, undefined> {
  yield ['protocol', protocolValue(protocol)];
  yield ['metaData', metadataValue(metadata)];
  for (const { appId, version, lastUpdated } of transactions) {
    yield ['txn', { appId, version, lastUpdated: long(lastUpdated) }];
  }
  for (const { domain, configuration, removed } of domains) {
    yield ['domainMetadata', { domain, configuration, removed }];
  }
  for await (const remove of tombstones) yield ['remove', removeValue(remove)];
  for (const add of files) yield ['add', addValue(add)];
}

function protocolValue(protocol: Protocol): FieldValue {
  const { minReaderVersion, minWriterVersion } = protocol;
  return {
    minReaderVersion,
    minWriterVersion,
    readerFeatures: protocol.readerFeatures ?? null,
    writerFeatures: protocol.writerFeatures ?? null,
  };
}

function metadataValue(metadata: Metadata): FieldValue {
  const { id, name, description, format, schemaString, partitionColumns } = metadata;
  return {
    id,
    name: name ?? null,
    description: description ?? null,
    format: { provider: format.provider, options: entries(format.options) },
    schemaString,
    partitionColumns,
    configuration: entries(metadata.configuration),
    createdTime: long(metadata.createdTime),
  };
}

function addValue(add: AddFile): FieldValue {
  return {
    path: add.path,
    partitionValues: entries(add.partitionValues),
    size: BigInt(add.size),
    modificationTime: BigInt(add.modificationTime),
    dataChange: false,
    tags: add.tags ? entries(add.tags) : null,
    deletionVector: vectorValue(add.deletionVector),
    baseRowId: add.baseRowId ?? null,
    defaultRowCommitVersion: add.defaultRowCommitVersion ?? null,
    clusteringProvider: add.clusteringProvider ?? null,
    stats: add.stats ?? null,
  };
}

function removeValue(remove: RemoveFile): FieldValue {
  const { partitionValues, extendedFileMetadata } = remove;
  return {
    path: remove.path,
    deletionTimestamp: long(remove.deletionTimestamp),
    dataChange: false,
    extendedFileMetadata: extendedFileMetadata ?? null,
    partitionValues: partitionValues ? entries(partitionValues) : null,
    size: long(remove.size),
    deletionVector: vectorValue(remove.deletionVector),
    baseRowId: remove.baseRowId ?? null,
    defaultRowCommitVersion: remove.defaultRowCommitVersion ?? null,
  };
}

function vectorValue(vector: DeletionVectorDescriptor | undefined): FieldValue {
  if (!vector) return null;
  const { storageType, pathOrInlineDv, offset, sizeInBytes, cardinality } = vector;
  return {
    storageType,
    pathOrInlineDv,
    offset: offset ?? null,
    sizeInBytes,
    cardinality: BigInt(cardinality),
    maxRowIndex: null,
  };
}

function entries(map: PartitionValues): FieldValue {
  return Object.entries(map);
}

function long(value: number | undefined): bigint | null {
  return value === undefined ? null : BigInt(Math.trunc(value));
}
