import { FieldReader, isJsonObject } from '@cdc-demo/lake-core';
import type { ExactJson, ExactJsonObject } from '@cdc-demo/lake-core';

/** Changes of a table's metadata, as the REST catalog's protocol has them (`TableUpdate`). */
export type MetadataUpdate =
  | { readonly action: 'add-schema'; readonly schema: ExactJsonObject }
  | { readonly action: 'set-current-schema'; readonly 'schema-id': number }
  | { readonly action: 'add-spec'; readonly spec: ExactJsonObject }
  | { readonly action: 'set-default-spec'; readonly 'spec-id': number }
  | { readonly action: 'add-snapshot'; readonly snapshot: ExactJsonObject }
  /** The whole reference: a retention that is left out is the table's. */
  | {
      readonly action: 'set-snapshot-ref';
      readonly 'ref-name': string;
      readonly type: 'branch' | 'tag';
      readonly 'snapshot-id': bigint;
      readonly 'min-snapshots-to-keep'?: number;
      readonly 'max-snapshot-age-ms'?: number;
      readonly 'max-ref-age-ms'?: number;
    }
  | { readonly action: 'remove-snapshot-ref'; readonly 'ref-name': string }
  /** None of them may be one that a reference names. */
  | { readonly action: 'remove-snapshots'; readonly 'snapshot-ids': readonly bigint[] }
  | { readonly action: 'set-properties'; readonly updates: Readonly<Record<string, string>> }
  | { readonly action: 'remove-properties'; readonly removals: readonly string[] };

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
  const commit = { updatedMs: Math.max(nowMs, lastMs), addedMs: addedSnapshots(updates) };
  let metadata = json;
  for (const update of updates) metadata = { ...metadata, ...changed(metadata, update, commit) };
  const log = [
    ...listOf(json, 'metadata-log'),
    { 'timestamp-ms': lastMs, 'metadata-file': location },
  ];
  const { [KEPT_VERSIONS]: kept = DEFAULT_KEPT_VERSIONS } =
    new FieldReader('metadata', metadata).optionalMap('properties') ?? {};
  return {
    ...metadata,
    'last-updated-ms': commit.updatedMs,
    'metadata-log': log.slice(-Math.max(1, Number(kept))),
  };
}

interface UpdateTimes {
  /** Of the commit. */
  readonly updatedMs: number;
  /** Of the snapshots that it adds, by their ids. */
  readonly addedMs: ReadonlyMap<bigint, number>;
}

function addedSnapshots(updates: readonly MetadataUpdate[]): UpdateTimes['addedMs'] {
  return new Map(
    updates.flatMap((update) => {
      if (update.action !== 'add-snapshot') return [];
      const snapshot = new FieldReader('snapshot', update.snapshot);
      return [[snapshot.long('snapshot-id'), snapshot.number('timestamp-ms')] as const];
    }),
  );
}

function changed(
  metadata: ExactJsonObject,
  update: MetadataUpdate,
  commit: UpdateTimes,
): ExactJsonObject {
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
      return withRef(metadata, update, commit);
    case 'remove-snapshot-ref': {
      const { [update['ref-name']]: _, ...refs } = refsOf(metadata);
      return { refs };
    }
    case 'remove-snapshots':
      return withoutSnapshots(metadata, new Set(update['snapshot-ids']));
    case 'set-properties': {
      const properties = (metadata['properties'] ?? {}) as ExactJsonObject;
      return { properties: { ...properties, ...update.updates } };
    }
    case 'remove-properties': {
      const properties = Object.entries((metadata['properties'] ?? {}) as ExactJsonObject);
      const kept = properties.filter(([name]) => !update.removals.includes(name));
      return { properties: Object.fromEntries(kept) };
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

/**
 * The log says when a snapshot became the current one: a new one with its own time, one that was
 * there before, as after a rollback, with that of the commit.
 */
function withRef(
  metadata: ExactJsonObject,
  { action: _, 'ref-name': name, ...ref }: Extract<MetadataUpdate, { action: 'set-snapshot-ref' }>,
  { updatedMs, addedMs }: UpdateTimes,
): ExactJsonObject {
  const id = ref['snapshot-id'];
  const refs = { ...refsOf(metadata), [name]: ref };
  if (name !== MAIN || isCurrent(metadata, id)) return { refs };
  const log = { 'timestamp-ms': addedMs.get(id) ?? updatedMs, 'snapshot-id': id };
  return {
    refs,
    'current-snapshot-id': id,
    'snapshot-log': [...listOf(metadata, 'snapshot-log'), log],
  };
}

function isCurrent(metadata: ExactJsonObject, id: bigint): boolean {
  return new FieldReader('metadata', metadata).optionalLong('current-snapshot-id') === id;
}

function refsOf(metadata: ExactJsonObject): ExactJsonObject {
  return (metadata['refs'] ?? {}) as ExactJsonObject;
}

function listOf(metadata: ExactJsonObject, name: string): readonly ExactJson[] {
  return new FieldReader('metadata', metadata).optionalList(name) ?? [];
}
