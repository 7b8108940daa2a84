import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { IcebergError } from '../errors.ts';
import type { PartitionField, PartitionSpec } from '../metadata/partition-spec.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { parseTransform, resultType } from './transform.ts';
import type { Transform } from './transform.ts';

/** A partition field with the types of its values. */
export interface PartitionColumn {
  readonly field: PartitionField;
  readonly transform: Transform;
  /** Of the values that are transformed. */
  readonly source: FieldType;
  /** Of the transformed values. */
  readonly type: FieldType;
}

/** A spec whose values can be written. */
export interface BoundSpec {
  readonly spec: PartitionSpec;
  readonly columns: readonly PartitionColumn[];
}

/**
 * The types of a spec's values. A column that was dropped has the type that it had last.
 * @throws IcebergError `iceberg/not-writable` for a transform or a type that is not known
 */
export function boundSpec(
  { specs, schemas, currentSchemaId, location }: TableMetadata,
  specId: number,
): BoundSpec {
  const spec = specs.find(({ id }) => id === specId);
  if (!spec) throw new Error(`There is no partition spec ${specId}`);
  const newestFirst = schemas.toSorted((a, b) => b.id - a.id);
  const current = newestFirst.filter(({ id }) => id === currentSchemaId);
  return bindSpec(spec, [...current, ...newestFirst].map(fieldsOf), location);
}

/**
 * As `boundSpec`, for a spec of columns that are known.
 * @param schemas in which columns are looked for, one after the other
 */
export function bindSpec(
  spec: PartitionSpec,
  schemas: readonly (readonly Field[])[],
  location: string,
): BoundSpec {
  const columns = spec.fields.map((field): PartitionColumn => {
    const column = partitionColumn(field, schemas);
    if (column) return column;
    const message =
      `The table at ${location} cannot be written by this program: ` +
      `the partition field ${field.name} (${field.transform}) is not known`;
    throw new IcebergError('iceberg/not-writable', message, { context: { location } });
  });
  return { spec, columns };
}

function partitionColumn(
  field: PartitionField,
  schemas: readonly (readonly Field[])[],
): PartitionColumn | undefined {
  const transform = parseTransform(field.transform);
  const [sourceId, ...others] = field.sourceIds;
  if (!transform || sourceId === undefined || others.length > 0) return undefined;
  for (const fields of schemas) {
    const source = typeOf(sourceId, fields);
    if (!source) continue;
    const type = resultType(transform, source);
    return type && { field, transform, source, type };
  }
  return undefined;
}

function fieldsOf({ columns }: TableSchema): readonly Field[] {
  return columns.flatMap(({ field }) => field ?? []);
}

/** The type of a column, or of a field of structs. */
function typeOf(id: number, fields: readonly Field[]): FieldType | undefined {
  for (const field of fields) {
    if (field.id === id) return field.type;
    const within = field.type.kind === 'struct' ? typeOf(id, field.type.fields) : undefined;
    if (within) return within;
  }
  return undefined;
}
