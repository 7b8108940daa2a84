import { FieldReader, formatExactJson, isJsonObject } from '@cdc-demo/lake-core';
import type { ExactJson, ExactJsonObject } from '@cdc-demo/lake-core';
import type { TableMetadata } from '../../metadata/table-metadata.ts';
import type { MetadataUpdate } from '../metadata-update.ts';
import type { TableVersion } from '../table-catalog.ts';

/** Stands for what the request has added last. */
const LAST_ADDED = -1;

/** What a commit has the service check and change (`TableRequirement`, `TableUpdate`). */
export interface CommitRequest {
  readonly requirements: readonly ExactJsonObject[];
  readonly updates: readonly object[];
}

type Requirement = (base: TableVersion) => readonly ExactJsonObject[];

/** What must not have changed for an update to mean what it was meant to. */
const REQUIREMENTS: Readonly<Record<string, Requirement>> = {
  'add-schema': ({ json }) => [
    { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': lastId(json, 'column') },
  ],
  'set-current-schema': ({ metadata: { currentSchemaId } }) => [
    { type: 'assert-current-schema-id', 'current-schema-id': currentSchemaId },
  ],
  'add-spec': ({ json }) => [
    {
      type: 'assert-last-assigned-partition-id',
      'last-assigned-partition-id': lastId(json, 'partition'),
    },
  ],
  'set-default-spec': ({ metadata: { defaultSpecId } }) => [
    { type: 'assert-default-spec-id', 'default-spec-id': defaultSpecId },
  ],
  'add-snapshot': ({ metadata }) => [assertRef(metadata, 'main')],
  'set-properties': ({ metadata }) => [assertRef(metadata, 'main')],
  // A snapshot that a reference came to name meanwhile has to stay.
  'remove-snapshots': ({ metadata }) => [
    ...new Map(
      ['main', ...metadata.refs.map(({ name }) => name)].map((name) => [
        name,
        assertRef(metadata, name),
      ]),
    ).values(),
  ],
};

/** A commit after `base`. */
export function commitRequest(
  base: TableVersion,
  updates: readonly MetadataUpdate[],
): CommitRequest {
  const { uuid } = base.metadata;
  const all = updates.flatMap(({ action }) => REQUIREMENTS[action]?.(base) ?? []);
  const distinct = new Map(all.map((each) => [formatExactJson(each), each]));
  return {
    requirements: [
      ...(uuid === undefined ? [] : [{ type: 'assert-table-uuid', uuid }]),
      ...distinct.values(),
    ],
    updates: updates.map((update) => withRetention(base.json, update)),
  };
}

/** The creation of a drafted table, with whatever its first commit has besides. */
export function createRequest(
  { json }: TableVersion,
  updates: readonly MetadataUpdate[],
): CommitRequest {
  const draft = new FieldReader('metadata', json);
  return {
    requirements: [{ type: 'assert-create' }],
    updates: [
      { action: 'assign-uuid', uuid: draft.string('table-uuid') },
      { action: 'upgrade-format-version', 'format-version': draft.number('format-version') },
      ...draft.list('schemas').map((schema) => ({ action: 'add-schema', schema })),
      { action: 'set-current-schema', 'schema-id': LAST_ADDED },
      ...draft.list('partition-specs').map((spec) => ({ action: 'add-spec', spec })),
      { action: 'set-default-spec', 'spec-id': LAST_ADDED },
      ...draft.list('sort-orders').map((order) => ({
        action: 'add-sort-order',
        'sort-order': order,
      })),
      { action: 'set-default-sort-order', 'sort-order-id': LAST_ADDED },
      { action: 'set-location', location: draft.string('location') },
      { action: 'set-properties', updates: draft.optionalMap('properties') ?? {} },
      ...updates,
    ],
  };
}

/**
 * The updates as a service applies them: a schema that the table has had already is not added, but
 * becomes the current one again under its own id.
 */
export function withKnownSchemas(
  { json }: TableVersion,
  updates: readonly MetadataUpdate[],
): readonly MetadataUpdate[] {
  const known = new Map<string, number>();
  for (const schema of new FieldReader('metadata', json).list('schemas')) {
    known.set(shapeOf(schema), new FieldReader('schema', schema).number('schema-id'));
  }
  const renumbered = new Map<number, number>();
  return updates.flatMap((update): MetadataUpdate[] => {
    if (update.action === 'add-schema') {
      const id = known.get(shapeOf(update.schema));
      if (id === undefined) return [update];
      renumbered.set(Number(update.schema['schema-id']), id);
      return [];
    }
    if (update.action !== 'set-current-schema') return [update];
    const { 'schema-id': id } = update;
    return [{ ...update, 'schema-id': renumbered.get(id) ?? id }];
  });
}

/** Does the table show what a commit was to do? */
export function isApplied({ metadata }: TableVersion, updates: readonly MetadataUpdate[]): boolean {
  const ids = new Set(metadata.snapshots.map(({ id }) => id));
  const added = updates.flatMap((update) =>
    update.action === 'add-snapshot' ? [snapshotId(update.snapshot)] : [],
  );
  if (added.length > 0) return added.every((id) => ids.has(id));
  return updates.every((update) => {
    switch (update.action) {
      case 'remove-snapshots':
        return update['snapshot-ids'].every((id) => !ids.has(id));
      case 'set-properties':
        return Object.entries(update.updates).every(
          ([name, value]) => metadata.properties[name] === value,
        );
      default:
        return false;
    }
  });
}

function snapshotId(snapshot: ExactJsonObject): bigint {
  return new FieldReader('snapshot', snapshot).long('snapshot-id');
}

function assertRef({ refs }: TableMetadata, name: string): ExactJsonObject {
  const ref = refs.find((each) => each.name === name);
  return { type: 'assert-ref-snapshot-id', ref: name, 'snapshot-id': ref?.snapshotId ?? null };
}

function lastId(json: ExactJsonObject, of: 'column' | 'partition'): number {
  return new FieldReader('metadata', json).number(`last-${of}-id`);
}

/** How long a reference and its snapshots are kept goes on with it. */
function withRetention(json: ExactJsonObject, update: MetadataUpdate): object {
  if (update.action !== 'set-snapshot-ref') return update;
  const { refs } = json;
  const known = isJsonObject(refs) ? refs[update['ref-name']] : undefined;
  return isJsonObject(known) ? { ...known, ...update } : update;
}

/** A schema without its id, the same text for the same columns. */
function shapeOf(schema: ExactJson): string {
  if (!isJsonObject(schema)) return '';
  const { 'schema-id': _id, ...shape } = schema;
  const identifiers = shape['identifier-field-ids'] ?? [];
  return formatExactJson(sorted({ ...shape, 'identifier-field-ids': identifiers }) as object);
}

function sorted(json: ExactJson): ExactJson {
  if (Array.isArray(json)) return (json as readonly ExactJson[]).map(sorted);
  if (!isJsonObject(json)) return json;
  const entries = Object.entries(json).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, value]) => [name, sorted(value)]));
}
