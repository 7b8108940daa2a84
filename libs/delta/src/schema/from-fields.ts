import type { Field, FieldType } from '@cdc-demo/cdc-core';
import type { ExactJsonObject } from '@cdc-demo/lake-core';
import type { DeltaType, StructField, StructType } from './delta-type.ts';

/** What stands in the metadata of a column, at every depth; by default nothing. */
export type ColumnMetadata = (field: Field) => ExactJsonObject;

const nothing: ColumnMetadata = () => ({});

/**
 * The Delta struct of fields. What Delta has no type for (json, uuid, time) becomes string.
 * The inverse of `toFields` but for that and for the ids, which `metadata` may add.
 */
export function fromFields(
  fields: readonly Field[],
  metadata: ColumnMetadata = nothing,
): StructType {
  return { type: 'struct', fields: fields.map((field) => fromField(field, metadata)) };
}

export function fromField(field: Field, metadata: ColumnMetadata = nothing): StructField {
  return {
    name: field.name,
    type: fromFieldType(field.type, metadata),
    nullable: field.nullable,
    metadata: metadata(field),
  };
}

function fromFieldType(type: FieldType, metadata: ColumnMetadata): DeltaType {
  switch (type.kind) {
    case 'boolean':
    case 'binary':
    case 'date':
    case 'variant':
      return type.kind;
    case 'int':
      return { 8: 'byte', 16: 'short', 32: 'integer', 64: 'long' }[type.bits];
    case 'float':
      return type.bits === 32 ? 'float' : 'double';
    case 'decimal':
      return `decimal(${String(type.precision)},${String(type.scale)})`;
    case 'timestamp':
      return type.zone === 'utc' ? 'timestamp' : 'timestamp_ntz';
    case 'string':
    case 'json':
    case 'uuid':
    case 'time':
      return 'string';
    case 'list':
      return {
        type: 'array',
        elementType: fromFieldType(type.element.type, metadata),
        containsNull: type.element.nullable,
      };
    case 'map':
      return {
        type: 'map',
        keyType: fromFieldType(type.key.type, metadata),
        valueType: fromFieldType(type.value.type, metadata),
        valueContainsNull: type.value.nullable,
      };
    case 'struct':
      return fromFields(type.fields, metadata);
  }
}
