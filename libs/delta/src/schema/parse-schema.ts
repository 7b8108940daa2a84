import { formatExactJson, isJsonObject, parseExactJson } from '@cdc-demo/lake-core';
import type { ExactJson, ExactJsonObject } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import type { DeltaType, StructField, StructType } from './delta-type.ts';

/**
 * The schema of a table from `metaData.schemaString`. Types are not judged here: a type that
 * nobody asks for does no harm.
 * @throws DeltaError `delta/schema-invalid` when the text is no struct, or names of one level are
 * the same without regard to case
 */
export function parseSchema(schemaString: string): StructType {
  let json: ExactJson;
  try {
    json = parseExactJson(schemaString);
  } catch (cause) {
    throw new DeltaError('delta/schema-invalid', 'The schema of the table is no JSON', { cause });
  }
  return decodeStruct(json, '');
}

/** The inverse of `parseSchema`. */
export function formatSchema(schema: StructType): string {
  return formatExactJson(schema);
}

function decodeStruct(json: ExactJson | undefined, path: string): StructType {
  const object = objectAt(json, path);
  const { type, fields } = object;
  if (type !== 'struct' || !Array.isArray(fields)) throw invalid(path, 'it is no struct');
  const decoded = (fields as readonly ExactJson[]).map((field) => decodeField(field, path));
  const names = new Set<string>();
  for (const { name } of decoded) {
    const folded = name.toLowerCase();
    if (names.has(folded)) throw invalid(`${path}${name}`, 'it has this name twice');
    names.add(folded);
  }
  return { type, fields: decoded };
}

function decodeField(json: ExactJson, path: string): StructField {
  const { name, type, nullable, metadata } = objectAt(json, path);
  if (typeof name !== 'string') throw invalid(path, 'it has a field without a name');
  return {
    name,
    type: decodeType(type, `${path}${name}.`),
    nullable: nullable !== false,
    metadata: isJsonObject(metadata) ? metadata : {},
  };
}

function decodeType(json: ExactJson | undefined, path: string): DeltaType {
  if (typeof json === 'string') return json;
  const object = objectAt(json, path);
  switch (object['type']) {
    case 'struct':
      return decodeStruct(object, path);
    case 'array':
      return {
        type: 'array',
        elementType: decodeType(object['elementType'], `${path}element.`),
        containsNull: object['containsNull'] !== false,
      };
    case 'map':
      return {
        type: 'map',
        keyType: decodeType(object['keyType'], `${path}key.`),
        valueType: decodeType(object['valueType'], `${path}value.`),
        valueContainsNull: object['valueContainsNull'] !== false,
      };
    default:
      // An object form of a primitive type, as `{"type": "variant"}`.
      if (typeof object['type'] === 'string') return object['type'];
      throw invalid(path, 'it has a type without a name');
  }
}

function objectAt(json: ExactJson | undefined, path: string): ExactJsonObject {
  if (isJsonObject(json)) return json;
  throw invalid(path, 'an object is missing');
}

function invalid(path: string, what: string): DeltaError {
  const column = path.replace(/\.$/, '');
  const where = column === '' ? '' : ` at ${column}`;
  return new DeltaError(
    'delta/schema-invalid',
    `The schema of the table is wrong${where}: ${what}`,
    {
      context: { column },
    },
  );
}
