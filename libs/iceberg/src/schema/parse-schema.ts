import type { Field } from '@cdc-demo/cdc-core';
import { FieldReader } from '@cdc-demo/lake-core';
import type { ExactJson } from '@cdc-demo/lake-core';
import { parseDefault } from './parse-default.ts';
import { UnsupportedType, describeJsonType, parseType } from './parse-type.ts';
import type { SchemaColumn, TableSchema } from './table-schema.ts';

/**
 * A schema of a table's metadata. Columns of a type that is not supported are kept by their name.
 * @param json a struct with `schema-id`, which the first version of the format may leave out
 * @throws TypeError that says what is wrong
 */
export function parseSchema(json: ExactJson | undefined): TableSchema {
  const schema = new FieldReader('schema', json);
  if (schema.string('type') !== 'struct') throw new TypeError('a schema is no struct');
  const columns = schema.list('fields').map(parseColumn);
  const ids = new Set(columns.map(({ id }) => id));
  if (ids.size < columns.length) throw new TypeError('two columns of a schema have one id');
  return {
    id: schema.optionalNumber('schema-id') ?? 0,
    columns,
    identifierFieldIds: (schema.optionalList('identifier-field-ids') ?? []).map(Number),
  };
}

function parseColumn(json: ExactJson): SchemaColumn {
  const column = new FieldReader('field', json);
  const id = column.number('id');
  const name = column.string('name');
  const nullable = !column.boolean('required');
  const type = describeJsonType(column.json('type'));
  let field: Field | undefined;
  try {
    field = { id, name, type: parseType(column.json('type')), nullable };
  } catch (error) {
    if (!(error instanceof UnsupportedType)) throw error;
    return { id, name, type: error.message, field, initialDefault: null };
  }
  const initialDefault = parseDefault(column.json('initial-default'), field.type);
  return { id, name, type, field, initialDefault };
}
