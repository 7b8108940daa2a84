import { randomUUID } from 'node:crypto';
import type { ExactJsonObject, TableColumns } from '@cdc-demo/lake-core';
import { identifierIds } from '../evolve/evolve-table.ts';
import type { WrittenVersion } from '../manifest/manifest-schema.ts';
import { formatSchema } from '../schema/format-schema.ts';

/** Ids of partition fields begin behind it. */
const NO_PARTITION_ID = 999;

export interface NewMetadata {
  readonly formatVersion: WrittenVersion;
  readonly location: string;
  /** With ids at every depth. */
  readonly columns: TableColumns;
  readonly properties: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

/** The metadata of a new table without snapshot (table specification, "Table Metadata Fields"). */
export function newMetadata(table: NewMetadata): ExactJsonObject {
  const { formatVersion, location, columns, properties, nowMs } = table;
  return {
    'format-version': formatVersion,
    'table-uuid': randomUUID(),
    location,
    'last-sequence-number': 0,
    'last-updated-ms': nowMs,
    'last-column-id': columns.maxFieldId,
    'current-schema-id': 0,
    schemas: [formatSchema(0, columns.fields, identifierIds(columns))],
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
