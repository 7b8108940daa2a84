import { FieldReader, isJsonObject } from '@cdc-demo/lake-core';
import type { ExactJson, ExactJsonObject } from '@cdc-demo/lake-core';

/** Changes of a table's metadata, as the REST catalog's protocol has them (`TableUpdate`). */
export type MetadataUpdate =
  | { readonly action: 'add-schema'; readonly schema: ExactJsonObject }
  | { readonly action: 'set-current-schema'; readonly 'schema-id': number }
  | { readonly action: 'add-spec'; readonly spec: ExactJsonObject }
  | { readonly action: 'set-default-spec'; readonly 'spec-id': number }
  | { readonly action: 'add-snapshot'; readonly snapshot: ExactJsonObject }
  | {
      readonly action: 'set-snapshot-ref';
      readonly 'ref-name': string;
      readonly type: 'branch' | 'tag';
      readonly 'snapshot-id': bigint;
    }
  /** None of them may be one that a reference names. */
  | { readonly action: 'remove-snapshots'; readonly 'snapshot-ids': readonly bigint[] }
  | { readonly action: 'set-properties'; readonly updates: Readonly<Record<string, string>> };

/** A metadata file that another one follows. */
export interface MetadataFile {
  readonly json: ExactJsonObject;
  /** Its whole location. */
  readonly location: string;
}

const MAIN = 'main';
const KEPT_VERSIONS = 'write.metadata.previous-versions-max';
const DEFAULT_KEPT_VERSIONS = 100;

/**
 * The metadata after the changes. What is not changed stays as it is, whoever wrote it.
 * @param nowMs the time of the commit; it never goes back
 */
export function updateMetadata(
  { json, location }: MetadataFile,
  updates: readonly MetadataUpdate[],
  nowMs: number,
): ExactJsonObject {
  const reader = new FieldReader('metadata', json);
  const lastMs = reader.number('last-updated-ms');
  let metadata = json;
  for (const update of updates) metadata = { ...metadata, ...changed(metadata, update) };
  const log = [
    ...listOf(json, 'metadata-log'),
    { 'timestamp-ms': lastMs, 'metadata-file': location },
  ];
  const { [KEPT_VERSIONS]: kept = DEFAULT_KEPT_VERSIONS } =
    new FieldReader('metadata', metadata).optionalMap('properties') ?? {};
  return {
    ...metadata,
    'last-updated-ms': Math.max(nowMs, lastMs),
    'metadata-log': log.slice(-Math.max(1, Number(kept))),
  };
}

function changed(metadata: ExactJsonObject, update: MetadataUpdate): ExactJsonObject {
  switch (update.action) {
    case 'add-schema':
      return withSchema(metadata, update.schema);
    case 'set-current-schema':
      return { 'current-schema-id': update['schema-id'] };
    case 'add-spec':
      return withSpec(metadata, update.spec);
    case 'set-default-spec':
      return { 'default-spec-id': update['spec-id'] };
    case 'add-snapshot':
      return withSnapshot(metadata, update.snapshot);
    case 'set-snapshot-ref':
      return withRef(metadata, update);
    case 'remove-snapshots':
      return withoutSnapshots(metadata, new Set(update['snapshot-ids']));
    case 'set-properties': {
      const properties = (metadata['properties'] ?? {}) as ExactJsonObject;
      return { properties: { ...properties, ...update.updates } };
    }
  }
}

function withSchema(metadata: ExactJsonObject, schema: ExactJsonObject): ExactJsonObject {
  const last = new FieldReader('metadata', metadata).number('last-column-id');
  return {
    schemas: [...listOf(metadata, 'schemas'), schema],
    'last-column-id': Math.max(last, greatestId(schema)),
  };
}

function withSpec(metadata: ExactJsonObject, spec: ExactJsonObject): ExactJsonObject {
  const last = new FieldReader('metadata', metadata).number('last-partition-id');
  const fields = new FieldReader('partition spec', spec).list('fields');
  const ids = fields.map((field) => new FieldReader('partition field', field).number('field-id'));
  return {
    'partition-specs': [...listOf(metadata, 'partition-specs'), spec],
    'last-partition-id': Math.max(last, ...ids),
  };
}

/** The greatest id of a field at any depth. */
function greatestId(json: ExactJson): number {
  if (Array.isArray(json)) return Math.max(0, ...(json as readonly ExactJson[]).map(greatestId));
  if (!isJsonObject(json)) return 0;
  const ids = ['id', 'element-id', 'key-id', 'value-id'].map((name) => Number(json[name] ?? 0));
  return Math.max(...ids, ...Object.values(json).map(greatestId));
}

function withSnapshot(metadata: ExactJsonObject, snapshot: ExactJsonObject): ExactJsonObject {
  const { 'next-row-id': nextRowId } = metadata;
  const added = snapshot['added-rows'];
  return {
    snapshots: [...listOf(metadata, 'snapshots'), snapshot],
    'last-sequence-number': snapshot['sequence-number'] ?? 0,
    ...(nextRowId === undefined || added === undefined
      ? {}
      : { 'next-row-id': BigInt(nextRowId as number) + BigInt(added as number) }),
  };
}

/** Of the log goes what is before a gap, too: it would tell wrong times. */
function withoutSnapshots(metadata: ExactJsonObject, ids: ReadonlySet<bigint>): ExactJsonObject {
  const isGone = (item: ExactJson): boolean => {
    return ids.has(new FieldReader('snapshot', item).long('snapshot-id'));
  };
  const without = (name: string): ExactJsonObject => {
    return name in metadata
      ? { [name]: listOf(metadata, name).filter((item) => !isGone(item)) }
      : {};
  };
  const log = listOf(metadata, 'snapshot-log');
  return {
    ...without('snapshots'),
    ...without('statistics'),
    ...without('partition-statistics'),
    'snapshot-log': log.slice(log.findLastIndex(isGone) + 1),
  };
}

function withRef(
  metadata: ExactJsonObject,
  update: Extract<MetadataUpdate, { action: 'set-snapshot-ref' }>,
): ExactJsonObject {
  const { 'ref-name': name, type, 'snapshot-id': id } = update;
  const known = (metadata['refs'] ?? {}) as Readonly<Record<string, ExactJsonObject>>;
  const refs = { ...known, [name]: { ...known[name], 'snapshot-id': id, type } };
  if (name !== MAIN) return { refs };
  const snapshot = listOf(metadata, 'snapshots').find(
    (each) => new FieldReader('snapshot', each).long('snapshot-id') === id,
  );
  const timestampMs = new FieldReader('snapshot', snapshot).number('timestamp-ms');
  const log = { 'timestamp-ms': timestampMs, 'snapshot-id': id };
  return {
    refs,
    'current-snapshot-id': id,
    'snapshot-log': [...listOf(metadata, 'snapshot-log'), log],
  };
}

function listOf(metadata: ExactJsonObject, name: string): readonly ExactJson[] {
  return new FieldReader('metadata', metadata).optionalList(name) ?? [];
}
