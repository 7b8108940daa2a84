import { FieldReader, isJsonObject, parseExactJson } from '@cdc-demo/lake-core';
import type { ExactJson } from '@cdc-demo/lake-core';
import { IcebergError, orInvalid } from '../errors.ts';
import { parseSchema } from '../schema/parse-schema.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { parsePartitionSpec } from './partition-spec.ts';
import type { PartitionSpec } from './partition-spec.ts';
import type { Snapshot, SnapshotLogEntry, SnapshotRef, TableMetadata } from './table-metadata.ts';

/** What the first two versions wrote where there is no snapshot. */
const NO_SNAPSHOT = -1n;

/**
 * Reads a metadata file of version 1, 2 or 3 (table specification, "Table Metadata Fields").
 * @param name of the file, for messages
 * @throws IcebergError `iceberg/metadata-invalid`, `iceberg/unsupported-version`
 */
export function parseTableMetadata(text: string, name: string): TableMetadata {
  return orInvalid('iceberg/metadata-invalid', `The metadata file ${name} is not valid`, () =>
    tableMetadata(parseExactJson(text), name),
  );
}

/** As `parseTableMetadata`, from the JSON. @throws TypeError besides */
export function tableMetadata(json: ExactJson, name: string): TableMetadata {
  return parseMetadata(new FieldReader('metadata', json), name);
}

function parseMetadata(metadata: FieldReader, name: string): TableMetadata {
  const formatVersion = metadata.number('format-version');
  if (formatVersion !== 1 && formatVersion !== 2 && formatVersion !== 3) {
    throw new IcebergError(
      'iceberg/unsupported-version',
      `The metadata file ${name} has version ${formatVersion} of the format`,
      { context: { formatVersion } },
    );
  }
  const isFirst = formatVersion === 1;
  const { schemas, currentSchemaId } = parseSchemas(metadata, isFirst);
  const { specs, defaultSpecId } = parseSpecs(metadata, isFirst);
  if (!isFirst) requireFields(metadata);
  const snapshots = (metadata.optionalList('snapshots') ?? []).map(knownSnapshot);
  const currentSnapshotId = currentSnapshot(metadata, snapshots);
  return {
    formatVersion,
    uuid: isFirst ? metadata.optionalString('table-uuid') : metadata.string('table-uuid'),
    location: metadata.string('location').replace(/\/+$/, ''),
    lastSequenceNumber: isFirst ? 0n : metadata.long('last-sequence-number'),
    lastUpdatedMs: metadata.number('last-updated-ms'),
    schemas,
    currentSchemaId,
    specs,
    defaultSpecId,
    lastPartitionId: lastPartitionId(metadata, isFirst, specs),
    properties: metadata.optionalMap('properties') ?? {},
    currentSnapshotId,
    snapshots,
    snapshotLog: (metadata.optionalList('snapshot-log') ?? []).map(parseLogEntry),
    refs: parseRefs(metadata, currentSnapshotId, snapshots),
    nextRowId: formatVersion === 3 ? metadata.long('next-row-id') : undefined,
  };
}

/** Fields that nothing here needs, and without which other readers refuse the table. */
function requireFields(metadata: FieldReader): void {
  metadata.number('last-column-id');
  const orders = metadata.list('sort-orders');
  const order = metadata.number('default-sort-order-id');
  const ids = orders.map((json) => new FieldReader('sort order', json).number('order-id'));
  if (!ids.includes(order)) {
    throw new TypeError(`the default sort order ${order} is missing`);
  }
}

function parseSchemas(
  metadata: FieldReader,
  isFirst: boolean,
): { readonly schemas: readonly TableSchema[]; readonly currentSchemaId: number } {
  const list = isFirst ? metadata.optionalList('schemas') : metadata.list('schemas');
  if (!list) {
    const schema = parseSchema(metadata.json('schema'));
    return { schemas: [schema], currentSchemaId: schema.id };
  }
  const schemas = list.map(parseSchema);
  const currentSchemaId = metadata.number('current-schema-id');
  if (!schemas.some(({ id }) => id === currentSchemaId)) {
    throw new TypeError(`the current schema ${currentSchemaId} is missing`);
  }
  return { schemas, currentSchemaId };
}

function parseSpecs(
  metadata: FieldReader,
  isFirst: boolean,
): { readonly specs: readonly PartitionSpec[]; readonly defaultSpecId: number } {
  const list = isFirst
    ? metadata.optionalList('partition-specs')
    : metadata.list('partition-specs');
  if (!list) {
    const spec = parsePartitionSpec(0, metadata.list('partition-spec'));
    return { specs: [spec], defaultSpecId: spec.id };
  }
  const specs = list.map((json) => {
    const spec = new FieldReader('partition spec', json);
    return parsePartitionSpec(spec.number('spec-id'), spec.list('fields'));
  });
  const defaultSpecId = metadata.number('default-spec-id');
  if (!specs.some(({ id }) => id === defaultSpecId)) {
    throw new TypeError(`the default partition spec ${defaultSpecId} is missing`);
  }
  return { specs, defaultSpecId };
}

function lastPartitionId(
  metadata: FieldReader,
  isFirst: boolean,
  specs: readonly PartitionSpec[],
): number {
  if (!isFirst) return metadata.number('last-partition-id');
  const ids = specs.flatMap(({ fields }) => fields.map(({ fieldId }) => fieldId));
  return metadata.optionalNumber('last-partition-id') ?? Math.max(999, ...ids);
}

/** What was read of the JSON of a snapshot: most of them are those of the metadata before. */
const knownSnapshots = new WeakMap<object, Snapshot>();

function knownSnapshot(json: ExactJson): Snapshot {
  if (!isJsonObject(json)) return parseSnapshot(json);
  const snapshot = knownSnapshots.get(json) ?? parseSnapshot(json);
  knownSnapshots.set(json, snapshot);
  return snapshot;
}

function parseSnapshot(json: ExactJson): Snapshot {
  const snapshot = new FieldReader('snapshot', json);
  const { operation, ...summary } = snapshot.optionalMap('summary') ?? {};
  return {
    id: snapshot.long('snapshot-id'),
    parentId: snapshot.optionalLong('parent-snapshot-id'),
    sequenceNumber: snapshot.optionalLong('sequence-number') ?? 0n,
    timestampMs: snapshot.number('timestamp-ms'),
    operation,
    summary,
    manifests:
      snapshot.optionalString('manifest-list') ??
      snapshot.optionalStrings('manifests') ??
      snapshot.string('manifest-list'),
    schemaId: snapshot.optionalNumber('schema-id'),
    firstRowId: snapshot.optionalLong('first-row-id'),
  };
}

function parseLogEntry(json: ExactJson): SnapshotLogEntry {
  const entry = new FieldReader('snapshot log', json);
  return { snapshotId: entry.long('snapshot-id'), timestampMs: entry.number('timestamp-ms') };
}

function currentSnapshot(
  metadata: FieldReader,
  snapshots: readonly Snapshot[],
): bigint | undefined {
  const id = metadata.optionalLong('current-snapshot-id');
  if (id === undefined || id === NO_SNAPSHOT) return undefined;
  if (!snapshots.some((snapshot) => snapshot.id === id)) {
    throw new TypeError(`the current snapshot ${id} is missing`);
  }
  return id;
}

function parseRefs(
  metadata: FieldReader,
  current: bigint | undefined,
  snapshots: readonly Snapshot[],
): readonly SnapshotRef[] {
  const refs = metadata.optionalObject('refs');
  const found = (refs?.names ?? []).map((name): SnapshotRef => {
    const ref = new FieldReader(`refs.${name}`, refs?.json(name));
    const type = ref.string('type');
    if (type !== 'branch' && type !== 'tag') throw new TypeError(`refs.${name} is a ${type}`);
    const snapshotId = ref.long('snapshot-id');
    if (!snapshots.some(({ id }) => id === snapshotId)) {
      throw new TypeError(`refs.${name} has a snapshot that is missing`);
    }
    return {
      name,
      type,
      snapshotId,
      minSnapshotsToKeep: ref.optionalNumber('min-snapshots-to-keep'),
      maxSnapshotAgeMs: ref.optionalNumber('max-snapshot-age-ms'),
      maxRefAgeMs: ref.optionalNumber('max-ref-age-ms'),
    };
  });
  if (current === undefined || found.some(({ name }) => name === 'main')) return found;
  const none = { minSnapshotsToKeep: undefined, maxSnapshotAgeMs: undefined };
  const main = { name: 'main', type: 'branch', snapshotId: current, ...none } as const;
  return [...found, { ...main, maxRefAgeMs: undefined }];
}
