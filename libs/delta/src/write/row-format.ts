import type { Field, FieldType } from '@cdc-demo/cdc-core';
import type { RowLayout } from '../read/projection.ts';
import { physicalName } from '../schema/column-mapping.ts';
import type { ColumnMappingMode } from '../schema/column-mapping.ts';
import type { DeltaType, StructField } from '../schema/delta-type.ts';

/** How the rows of a table stand in its files. */
export interface RowFormat {
  /** The columns as people see them, with the ids that files carry. */
  readonly fields: readonly Field[];
  /** The same columns as files and the log name them. */
  readonly physical: readonly Field[];
  /** Indexes of the partition columns, in the order of `metaData.partitionColumns`. */
  readonly partition: readonly number[];
}

/** @param fields the columns of `layout`, with ids */
export function rowFormat(layout: RowLayout, fields: readonly Field[]): RowFormat {
  const { schema, columnMapping, metadata } = layout;
  const physical = schema.fields.map((column, i) => {
    const field = fields[i];
    if (field?.name !== column.name) throw new Error(`The column ${column.name} has no field`);
    return physicalField(field, column, columnMapping);
  });
  const names = schema.fields.map(({ name }) => name);
  return { fields, physical, partition: metadata.partitionColumns.map((n) => names.indexOf(n)) };
}

function physicalField(field: Field, column: StructField, mode: ColumnMappingMode): Field {
  const name = physicalName(column, mode);
  return { ...field, name, type: physicalType(field.type, column.type, mode) };
}

function physicalType(type: FieldType, column: DeltaType, mode: ColumnMappingMode): FieldType {
  if (typeof column === 'string') return type;
  if (type.kind === 'struct' && column.type === 'struct') {
    const fields = type.fields.map((field, i) => {
      const inner = column.fields[i];
      return inner ? physicalField(field, inner, mode) : field;
    });
    return { ...type, fields };
  }
  if (type.kind === 'list' && column.type === 'array') {
    const element = physicalType(type.element.type, column.elementType, mode);
    return { ...type, element: { ...type.element, type: element } };
  }
  if (type.kind === 'map' && column.type === 'map') {
    const key = physicalType(type.key.type, column.keyType, mode);
    const value = physicalType(type.value.type, column.valueType, mode);
    return { ...type, key: { ...type.key, type: key }, value: { ...type.value, type: value } };
  }
  return type;
}
