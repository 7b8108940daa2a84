import { FieldReader, changeColumns, isJsonObject } from '@cdc-demo/lake-core';
import type { ColumnChange, ExactJson, ExactJsonObject, TableColumns } from '@cdc-demo/lake-core';
import type { TableVersion } from '../catalog/table-catalog.ts';
import type { MetadataUpdate } from '../catalog/metadata-update.ts';
import { formatField, formatType } from '../schema/format-schema.ts';

/** A table after changes of its columns, as metadata only: files stay what they are. */
export interface IcebergShape {
  readonly columns: TableColumns;
  readonly updates: readonly MetadataUpdate[];
}

/**
 * The schema of the columns becomes the current one, under the next id that is free. What the
 * changes do not concern stays as it is, whoever wrote it; ids of columns are never used again.
 */
export function evolveTable(
  { json, metadata }: TableVersion,
  columns: TableColumns,
  changes: readonly ColumnChange[],
): IcebergShape {
  if (changes.length === 0) return { columns, updates: [] };
  const table = new FieldReader('metadata', json);
  const maxFieldId = Math.max(columns.maxFieldId, table.number('last-column-id'));
  const evolved = changes.reduce(changeColumns, { ...columns, maxFieldId });
  const widened = new Set(changes.flatMap((each) => (each.kind === 'widen' ? [each.name] : [])));
  const schema = currentSchema(table, metadata.currentSchemaId);
  const known = new Map(
    new FieldReader('schema', schema).list('fields').map((field): [number, ExactJsonObject] => {
      return [new FieldReader('field', field).number('id'), isJsonObject(field) ? field : {}];
    }),
  );
  const fields = evolved.fields.map((field): ExactJson => {
    const before = known.get(field.id);
    if (!before) return formatField(field);
    const renamed = { ...before, name: field.name };
    return widened.has(field.name) ? { ...renamed, type: formatType(field.type) } : renamed;
  });
  return { columns: evolved, updates: newSchema(metadata, { ...schema, fields }) };
}

/** The schema becomes the current one, under the next id that is free. */
export function newSchema(
  { schemas }: TableVersion['metadata'],
  schema: ExactJsonObject,
): readonly MetadataUpdate[] {
  const id = Math.max(...schemas.map((each) => each.id)) + 1;
  return [
    { action: 'add-schema', schema: { ...schema, 'schema-id': id } },
    { action: 'set-current-schema', 'schema-id': id },
  ];
}

/** The current schema as the metadata has it. */
export function currentSchema(table: FieldReader, currentSchemaId: number): ExactJsonObject {
  const found = table.list('schemas').find((each) => {
    return new FieldReader('schema', each).optionalNumber('schema-id') === currentSchemaId;
  });
  if (isJsonObject(found)) return found;
  throw new TypeError(`the schema ${currentSchemaId} is missing`);
}

/** Ids of the columns whose values tell rows apart. */
export function identifierIds({ fields, key, mode }: TableColumns): readonly number[] {
  if (mode === 'append') return [];
  return fields.flatMap(({ id, name }) => (key.includes(name) ? [id] : []));
}
