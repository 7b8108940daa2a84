import { changeColumns, withFieldIds } from '@cdc-demo/lake-core';
import type { ColumnChange, TableColumns } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import type { StructField } from '../schema/delta-type.ts';
import { fromField } from '../schema/from-fields.ts';
import type { Definition } from '../snapshot/table-state.ts';
import { featuresOf } from '../write/features.ts';
import { isMapped, withColumns, withFeatures, withProperty } from './definition.ts';
import {
  maxColumnId,
  newMappedField,
  withColumnMapping,
  withMaxColumnId,
} from './mapped-columns.ts';
import { widenField } from './widen-field.ts';

const TYPE_WIDENING = 'delta.enableTypeWidening';

/** What a table is apart from its files. */
export interface DeltaShape {
  readonly definition: Definition;
  readonly columns: TableColumns;
}

/**
 * A table after changes of its columns, as metadata only: files stay what they are. The first
 * rename or drop switches column mapping on, the first wider type type widening.
 * @throws DeltaError `delta/column-missing`, `delta/schema-change`
 */
export function evolveTable(shape: DeltaShape, changes: readonly ColumnChange[]): DeltaShape {
  if (changes.length === 0) return shape;
  let evolved = shape;
  if (changes.some(({ kind }) => kind === 'rename' || kind === 'drop')) evolved = mapped(evolved);
  for (const change of changes) {
    const columns = changeColumns(evolved.columns, change);
    evolved = { columns, definition: changeDefinition(evolved.definition, change, columns) };
  }
  const { columns } = evolved;
  const definition = isMapped(evolved.definition)
    ? withMaxColumnId(evolved.definition, columns.maxFieldId)
    : evolved.definition;
  return { columns, definition: withFeatures(definition, featuresOf(columns.fields)) };
}

function mapped(shape: DeltaShape): DeltaShape {
  if (isMapped(shape.definition)) return shape;
  const columns = withFieldIds(shape.columns, maxColumnId(shape.definition));
  const definition = withFeatures(shape.definition, ['columnMapping']);
  return { columns, definition: withColumnMapping(definition, columns.fields, columns.maxFieldId) };
}

/** @param columns the columns after the change */
function changeDefinition(
  definition: Definition,
  change: ColumnChange,
  columns: TableColumns,
): Definition {
  const { fields } = definition.schema;
  switch (change.kind) {
    case 'add': {
      assertFree(fields, change.field.name);
      const field = columns.fields.at(-1) ?? change.field;
      const added = isMapped(definition) ? newMappedField(field) : fromField(field);
      return withColumns(definition, [...fields, added]);
    }
    case 'rename': {
      const column = findColumn(fields, change.name);
      assertFree(
        fields.filter((field) => field !== column),
        change.to,
      );
      const renamed = replaced(fields, column, { ...column, name: change.to });
      return withPartitionColumn(withColumns(definition, renamed), change.name, change.to);
    }
    case 'drop': {
      const column = findColumn(fields, change.name);
      assertNoPartition(definition, column.name, 'be dropped');
      if (fields.length === 1) throw refused(column.name, 'is the only one and cannot be dropped');
      return withColumns(
        definition,
        fields.filter((field) => field !== column),
      );
    }
    case 'widen': {
      const column = findColumn(fields, change.name);
      assertNoPartition(definition, column.name, 'get another type');
      const wanted = fromField({ id: 0, name: column.name, type: change.type, nullable: true });
      const wider = widenField(column, wanted.type);
      if (!wider) throw refused(column.name, 'can only get a type that holds all of its values');
      if (wider === column) return definition;
      const able = withFeatures(definition, ['typeWidening']);
      const on = withProperty(able, TYPE_WIDENING, 'true');
      return withColumns(on, replaced(fields, column, wider));
    }
  }
}

function withPartitionColumn(definition: Definition, name: string, to: string): Definition {
  const { metadata } = definition;
  const partitionColumns = metadata.partitionColumns.map((one) => (one === name ? to : one));
  return { ...definition, metadata: { ...metadata, partitionColumns } };
}

function replaced(
  fields: readonly StructField[],
  column: StructField,
  by: StructField,
): readonly StructField[] {
  return fields.map((field) => (field === column ? by : field));
}

function findColumn(fields: readonly StructField[], name: string): StructField {
  const column = fields.find((field) => field.name === name);
  if (column) return column;
  throw new DeltaError('delta/column-missing', `The table has no column ${name}`, {
    context: { column: name },
  });
}

function assertFree(fields: readonly StructField[], name: string): void {
  const folded = name.toLowerCase();
  const taken = fields.find((field) => field.name.toLowerCase() === folded);
  if (taken) throw refused(name, `has the name of the column ${taken.name}, case left aside`);
}

function assertNoPartition({ metadata }: Definition, name: string, what: string): void {
  if (metadata.partitionColumns.includes(name)) {
    throw refused(name, `is a partition column, which cannot ${what}`);
  }
}

function refused(column: string, why: string): DeltaError {
  return new DeltaError('delta/schema-change', `The column ${column} ${why}`, {
    context: { column },
  });
}
