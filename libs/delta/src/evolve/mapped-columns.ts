import { randomUUID } from 'node:crypto';
import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { COLUMN_ID, PHYSICAL_NAME } from '../schema/column-mapping.ts';
import type { DeltaType, StructField, StructType } from '../schema/delta-type.ts';
import { fromField } from '../schema/from-fields.ts';
import type { Definition } from '../snapshot/table-state.ts';
import { withColumns, withProperty } from './definition.ts';

const MODE = 'delta.columnMapping.mode';
const MAX_COLUMN_ID = 'delta.columnMapping.maxColumnId';

/** The greatest id that column mapping gave in a table; 0 where it never did. */
export function maxColumnId({ metadata }: Pick<Definition, 'metadata'>): number {
  const text = metadata.configuration[MAX_COLUMN_ID];
  return text === undefined ? 0 : Number(text);
}

/** The definition with another greatest id; it never falls. */
export function withMaxColumnId(definition: Definition, id: number): Definition {
  return withProperty(definition, MAX_COLUMN_ID, String(Math.max(id, maxColumnId(definition))));
}

/**
 * Column mapping by name is switched on: every column keeps the name it has as its physical name,
 * and the id that files carry (Delta protocol, "Writer Requirements for Column Mapping").
 * @param fields the columns of the schema with an id at every depth
 */
export function withColumnMapping(
  definition: Definition,
  fields: readonly Field[],
  maxFieldId: number,
): Definition {
  const named = withColumns(definition, mappedStruct(definition.schema, fields).fields);
  return withMaxColumnId(withProperty(named, MODE, 'name'), maxFieldId);
}

/** A new column of a table with column mapping: its names in files are names no column ever had. */
export function newMappedField(field: Field): StructField {
  return fromField(field, ({ id }) => ({
    [COLUMN_ID]: id,
    [PHYSICAL_NAME]: `col-${randomUUID()}`,
  }));
}

function mappedStruct(struct: StructType, fields: readonly Field[]): StructType {
  const mapped = struct.fields.map((column, i): StructField => {
    const field = fields[i];
    if (field?.name !== column.name) throw new Error(`The column ${column.name} has no field`);
    const names = { [COLUMN_ID]: field.id, [PHYSICAL_NAME]: column.name };
    return {
      ...column,
      type: mappedType(column.type, field.type),
      metadata: { ...column.metadata, ...names },
    };
  });
  return { ...struct, fields: mapped };
}

function mappedType(type: DeltaType, field: FieldType): DeltaType {
  if (typeof type === 'string') return type;
  if (type.type === 'struct' && field.kind === 'struct') return mappedStruct(type, field.fields);
  if (type.type === 'array' && field.kind === 'list') {
    return { ...type, elementType: mappedType(type.elementType, field.element.type) };
  }
  if (type.type === 'map' && field.kind === 'map') {
    const keyType = mappedType(type.keyType, field.key.type);
    return { ...type, keyType, valueType: mappedType(type.valueType, field.value.type) };
  }
  return type;
}
