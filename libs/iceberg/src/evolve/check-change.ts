import { describeType, sameType } from '@cdc-demo/cdc-core';
import type { Field } from '@cdc-demo/cdc-core';
import { FieldReader } from '@cdc-demo/lake-core';
import type { ColumnChange, TableColumns } from '@cdc-demo/lake-core';
import type { TableVersion } from '../catalog/table-catalog.ts';
import { IcebergError } from '../errors.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';

/**
 * Is a change one that readers of the table can follow (table specification, "Schema Evolution")?
 * @throws IcebergError `iceberg/column-missing`, `iceberg/schema-change`
 */
export function checkChange(
  version: TableVersion,
  { fields, key }: TableColumns,
  change: ColumnChange,
): void {
  switch (change.kind) {
    case 'add': {
      const { field } = change;
      assertFree(fields, field.name);
      if (!field.nullable) throw refused(field.name, 'would be NULL in the rows that are there');
      return;
    }
    case 'rename': {
      const column = findColumn(fields, change.name);
      assertFree(
        fields.filter((field) => field !== column),
        change.to,
      );
      return;
    }
    case 'drop': {
      const { id, name } = findColumn(fields, change.name);
      if (fields.length === 1) throw refused(name, 'is the only one and cannot be dropped');
      if (key.includes(name)) throw refused(name, 'is part of the key and cannot be dropped');
      const use = useOf(version, id);
      if (use) throw refused(name, `is part of ${use} and cannot be dropped`);
      return;
    }
    case 'widen': {
      const { name, type } = findColumn(fields, change.name);
      if (sameType(type, change.type) || TABLE_TYPES.isWider(type, change.type)) return;
      const [from, to] = [describeType(type), describeType(change.type)];
      throw refused(name, `is ${from} and cannot become ${to}, which lacks some of its values`);
    }
  }
}

export function findColumn(fields: readonly Field[], name: string): Field {
  const column = fields.find((field) => field.name === name);
  if (column) return column;
  throw new IcebergError('iceberg/column-missing', `The table has no column ${name}`, {
    context: { column: name },
  });
}

export function refused(column: string, why: string): IcebergError {
  return new IcebergError('iceberg/schema-change', `The column ${column} ${why}`, {
    context: { column },
  });
}

function assertFree(fields: readonly Field[], name: string): void {
  if (name === '') throw refused(name, 'has no name');
  const taken = fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
  if (taken) throw refused(name, `has the name of the column ${taken.name}, case left aside`);
}

/** What needs a column beside its rows; also earlier partitions, whose files are still there. */
function useOf({ json, metadata }: TableVersion, id: number): string | undefined {
  const identifiers = metadata.schemas.find((each) => each.id === metadata.currentSchemaId);
  if (identifiers?.identifierFieldIds.includes(id)) return 'the identifier of rows';
  if (metadata.specs.some(({ fields }) => fields.some(({ sourceIds }) => sourceIds.includes(id)))) {
    return 'the partition';
  }
  const orders = new FieldReader('metadata', json).optionalList('sort-orders') ?? [];
  const sorted = orders.flatMap((order) => new FieldReader('sort order', order).list('fields'));
  const isSorted = sorted.some((each) => new FieldReader('sort', each).number('source-id') === id);
  return isSorted ? 'a sort order' : undefined;
}
