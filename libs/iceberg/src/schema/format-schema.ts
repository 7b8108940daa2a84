import type { Field, FieldType } from '@cdc-demo/cdc-core';
import type { ExactJson, ExactJsonObject } from '@cdc-demo/lake-core';

/** A schema as metadata has it (table specification, "Appendix C: Schemas"). */
export function formatSchema(
  schemaId: number,
  fields: readonly Field[],
  identifierFieldIds: readonly number[],
): ExactJsonObject {
  return {
    type: 'struct',
    'schema-id': schemaId,
    ...(identifierFieldIds.length > 0 ? { 'identifier-field-ids': identifierFieldIds } : {}),
    fields: fields.map(formatField),
  };
}

export function formatField({ id, name, type, nullable }: Field): ExactJsonObject {
  return { id, name, required: !nullable, type: formatType(type) };
}

/** What Iceberg does not have, `tableType` has turned into something else. */
export function formatType(type: FieldType): ExactJson {
  switch (type.kind) {
    case 'int':
      return type.bits === 64 ? 'long' : 'int';
    case 'float':
      return type.bits === 64 ? 'double' : 'float';
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`;
    case 'timestamp':
      return type.zone === 'utc' ? 'timestamptz' : 'timestamp';
    case 'json':
      return 'string';
    case 'list':
      return {
        type: 'list',
        'element-id': type.element.id,
        element: formatType(type.element.type),
        'element-required': !type.element.nullable,
      };
    case 'map':
      return {
        type: 'map',
        'key-id': type.key.id,
        key: formatType(type.key.type),
        'value-id': type.value.id,
        value: formatType(type.value.type),
        'value-required': !type.value.nullable,
      };
    case 'struct':
      return { type: 'struct', fields: type.fields.map(formatField) };
    default:
      return type.kind;
  }
}
