import { randomUUID } from 'node:crypto';
import type { Field } from '@cdc-demo/cdc-core';
import type { ExactJsonObject } from '@cdc-demo/lake-core';
import type { WrittenVersion } from '../manifest/manifest-schema.ts';
import { formatSchema } from '../schema/format-schema.ts';

/** Ids of partition fields begin behind it. */
const NO_PARTITION_ID = 999;

export interface NewMetadata {
  readonly formatVersion: WrittenVersion;
  readonly location: string;
  /** With ids at every depth. */
  readonly fields: readonly Field[];
  /** The greatest of the ids. */
  readonly lastColumnId: number;
  /** Names of the columns whose values tell rows apart. */
  readonly key: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

/** The metadata of a new table without snapshot (table specification, "Table Metadata Fields"). */
export function newMetadata(table: NewMetadata): ExactJsonObject {
  const { formatVersion, location, fields, lastColumnId, key, properties, nowMs } = table;
  const identifierFieldIds = fields.flatMap(({ id, name }) => (key.includes(name) ? [id] : []));
  return {
    'format-version': formatVersion,
    'table-uuid': randomUUID(),
    location,
    'last-sequence-number': 0,
    'last-updated-ms': nowMs,
    'last-column-id': lastColumnId,
    'current-schema-id': 0,
    schemas: [formatSchema(0, fields, identifierFieldIds)],
    'default-spec-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields: [] }],
    'last-partition-id': NO_PARTITION_ID,
    'default-sort-order-id': 0,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    properties,
    ...(formatVersion === 3 ? { 'next-row-id': 0 } : {}),
    refs: {},
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
  };
}
