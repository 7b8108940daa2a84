import { randomUUID } from 'node:crypto';
import type { ExactJsonObject, TableColumns } from '@cdc-demo/lake-core';
import { identifierIds } from '../evolve/evolve-table.ts';
import type { WrittenVersion } from '../manifest/manifest-schema.ts';
import type { PartitionSpec } from '../metadata/partition-spec.ts';
import { NO_PARTITION_ID, formatSpec } from '../partition/partition-by.ts';
import { formatSchema } from '../schema/format-schema.ts';

export interface NewMetadata {
  readonly formatVersion: WrittenVersion;
  readonly location: string;
  /** With ids at every depth. */
  readonly columns: TableColumns;
  readonly spec: PartitionSpec;
  readonly properties: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

/** The metadata of a new table without snapshot (table specification, "Table Metadata Fields"). */
export function newMetadata(table: NewMetadata): ExactJsonObject {
  const { formatVersion, location, columns, spec, properties, nowMs } = table;
  return {
    'format-version': formatVersion,
    'table-uuid': randomUUID(),
    location,
    'last-sequence-number': 0,
    'last-updated-ms': nowMs,
    'last-column-id': columns.maxFieldId,
    'current-schema-id': 0,
    schemas: [formatSchema(0, columns.fields, identifierIds(columns))],
    'default-spec-id': spec.id,
    'partition-specs': [formatSpec(spec)],
    'last-partition-id': Math.max(NO_PARTITION_ID, ...spec.fields.map(({ fieldId }) => fieldId)),
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
