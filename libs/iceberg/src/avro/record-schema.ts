import type { ExactJson, ExactJsonObject } from '@cdc-demo/lake-core';
import type { AvroRecord } from './avro-record.ts';

/** A field of a record: its name, Avro type and Iceberg field id. */
export interface RecordField {
  readonly name: string;
  readonly type: ExactJson;
  readonly id: number;
  readonly optional: boolean;
}

export function required(name: string, type: ExactJson, id: number): RecordField {
  return { name, type, id, optional: false };
}

export function optional(name: string, type: ExactJson, id: number): RecordField {
  return { name, type, id, optional: true };
}

/** A record schema whose fields carry their ids (table specification, "Appendix A: Avro"). */
export function recordSchema(name: string, fields: readonly RecordField[]): ExactJsonObject {
  return {
    type: 'record',
    name,
    fields: fields.map(fieldSchema),
  };
}

function fieldSchema({ name, type, id, optional: isOptional }: RecordField): ExactJsonObject {
  return isOptional
    ? { name, type: ['null', type], default: null, 'field-id': id }
    : { name, type, 'field-id': id };
}

/** A list of values that are never NULL. */
export function listSchema(items: ExactJson, elementId: number): ExactJsonObject {
  return { type: 'array', items, 'element-id': elementId };
}

/** A map with integers as keys, which Avro does not have: a list of entries. */
export function mapSchema(keyId: number, valueId: number, value: string): ExactJsonObject {
  const entry = recordSchema(`k${keyId}_v${valueId}`, [
    required('key', 'int', keyId),
    required('value', value, valueId),
  ]);
  return { type: 'array', logicalType: 'map', items: entry };
}

/** The values of a record that was read, as a record of these fields is written. */
export function copyFields(
  record: AvroRecord,
  fields: readonly RecordField[],
): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name, id }) => [name, record.value(id) ?? null]));
}
