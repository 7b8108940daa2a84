import { changeColumns } from '@cdc-demo/lake-core';
import type { ColumnChange, TableColumns } from '@cdc-demo/lake-core';
import type { MetadataUpdate } from '../catalog/metadata-update.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import { formatSchema } from '../schema/format-schema.ts';

/** A table after changes of its columns, as metadata only: files stay what they are. */
export interface IcebergShape {
  readonly columns: TableColumns;
  readonly updates: readonly MetadataUpdate[];
}

/** The schema of the columns becomes the current one, under the next id that is free. */
export function evolveTable(
  { schemas }: TableMetadata,
  columns: TableColumns,
  changes: readonly ColumnChange[],
): IcebergShape {
  if (changes.length === 0) return { columns, updates: [] };
  const evolved = changes.reduce(changeColumns, columns);
  const id = Math.max(...schemas.map((schema) => schema.id)) + 1;
  const schema = formatSchema(id, evolved.fields, identifierIds(evolved));
  return {
    columns: evolved,
    updates: [
      { action: 'add-schema', schema },
      { action: 'set-current-schema', 'schema-id': id },
    ],
  };
}

/** Ids of the columns whose values tell rows apart. */
export function identifierIds({ fields, key, mode }: TableColumns): readonly number[] {
  if (mode === 'append') return [];
  return fields.flatMap(({ id, name }) => (key.includes(name) ? [id] : []));
}
