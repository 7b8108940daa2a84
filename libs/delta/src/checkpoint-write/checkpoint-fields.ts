import type { Field, FieldType } from '@cdc-demo/cdc-core';

const STRING: FieldType = { kind: 'string' };
const BOOLEAN: FieldType = { kind: 'boolean' };
const INT: FieldType = { kind: 'int', bits: 32 };
const LONG: FieldType = { kind: 'int', bits: 64 };

function field(name: string, type: FieldType, nullable = true): Field {
  return { id: 0, name, type, nullable };
}

const STRINGS: FieldType = { kind: 'list', element: field('element', STRING) };
const MAP: FieldType = {
  kind: 'map',
  key: field('key', STRING, false),
  value: field('value', STRING),
};

function struct(...fields: Field[]): FieldType {
  return { kind: 'struct', fields };
}

const DELETION_VECTOR = struct(
  field('storageType', STRING),
  field('pathOrInlineDv', STRING),
  field('offset', INT),
  field('sizeInBytes', INT, false),
  field('cardinality', LONG, false),
  field('maxRowIndex', LONG),
);

const FEATURES: readonly Field[] = [
  field('readerFeatures', STRINGS),
  field('writerFeatures', STRINGS),
];

/**
 * The columns of a classic checkpoint in the order and with the types that Spark writes: other
 * types are refused by some readers (Delta protocol, "Checkpoint Schema").
 */
export const CHECKPOINT_FIELDS: readonly Field[] = [
  field(
    'txn',
    struct(field('appId', STRING), field('version', LONG, false), field('lastUpdated', LONG)),
  ),
  field(
    'add',
    struct(
      field('path', STRING),
      field('partitionValues', MAP),
      field('size', LONG, false),
      field('modificationTime', LONG, false),
      field('dataChange', BOOLEAN, false),
      field('tags', MAP),
      field('deletionVector', DELETION_VECTOR),
      field('baseRowId', LONG),
      field('defaultRowCommitVersion', LONG),
      field('clusteringProvider', STRING),
      field('stats', STRING),
    ),
  ),
  field(
    'remove',
    struct(
      field('path', STRING),
      field('deletionTimestamp', LONG),
      field('dataChange', BOOLEAN, false),
      field('extendedFileMetadata', BOOLEAN),
      field('partitionValues', MAP),
      field('size', LONG),
      field('deletionVector', DELETION_VECTOR),
      field('baseRowId', LONG),
      field('defaultRowCommitVersion', LONG),
    ),
  ),
  field(
    'metaData',
    struct(
      field('id', STRING),
      field('name', STRING),
      field('description', STRING),
      field('format', struct(field('provider', STRING), field('options', MAP))),
      field('schemaString', STRING),
      field('partitionColumns', STRINGS),
      field('configuration', MAP),
      field('createdTime', LONG),
    ),
  ),
  field(
    'protocol',
    struct(
      field('minReaderVersion', INT, false),
      field('minWriterVersion', INT, false),
      ...FEATURES,
    ),
  ),
  field(
    'domainMetadata',
    struct(
      field('domain', STRING),
      field('configuration', STRING),
      field('removed', BOOLEAN, false),
    ),
  ),
];
