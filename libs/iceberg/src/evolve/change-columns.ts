import { FieldReader, formatTableColumns, parseTableColumns } from '@cdc-demo/lake-core';
import type { ColumnChange, TableColumns } from '@cdc-demo/lake-core';
import type { TableVersion } from '../catalog/table-catalog.ts';
import type { MetadataUpdate } from '../catalog/metadata-update.ts';
import { COLUMNS_PROPERTY } from '../sink/table-state.ts';
import { checkChange, findColumn, refused } from './check-change.ts';
import { currentSchema, evolveTable, newSchema } from './evolve-table.ts';

/**
 * What changes a column of a table, in metadata alone. A table that a pipeline keeps remembers what
 * its columns are of the source.
 * @throws IcebergError as `checkChange`
 */
export function columnUpdates(
  version: TableVersion,
  columns: TableColumns,
  change: ColumnChange,
): readonly MetadataUpdate[] {
  checkChange(version, columns, change);
  const { [COLUMNS_PROPERTY]: kept } = version.metadata.properties;
  const known = kept === undefined ? columns : parseTableColumns(columns.fields, kept);
  const { updates, columns: evolved } = evolveTable(version, known, [change]);
  return kept === undefined ? updates : [...updates, keepColumns(evolved)];
}

/** @throws IcebergError `iceberg/column-missing`, `iceberg/schema-change` */
export function identifierUpdates(
  { json, metadata }: TableVersion,
  { fields }: TableColumns,
  names: readonly string[],
): readonly MetadataUpdate[] {
  const ids = names.map((name) => {
    const { id, type, nullable } = findColumn(fields, name);
    if (nullable) throw refused(name, 'may be NULL and cannot tell rows apart');
    if (type.kind === 'float') throw refused(name, 'has floats and cannot tell rows apart');
    if (['list', 'map', 'struct'].includes(type.kind)) {
      throw refused(name, 'is no single value and cannot tell rows apart');
    }
    return id;
  });
  const schema = currentSchema(new FieldReader('metadata', json), metadata.currentSchemaId);
  return newSchema(metadata, { ...schema, 'identifier-field-ids': ids });
}

export function keepColumns(columns: TableColumns): MetadataUpdate {
  return { action: 'set-properties', updates: { [COLUMNS_PROPERTY]: formatTableColumns(columns) } };
}
