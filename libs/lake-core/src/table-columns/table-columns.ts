import type { Field, FieldType, TableSchema } from '@cdc-demo/cdc-core';
import type { ColumnChange } from './column-change.ts';
import { tableType } from './table-types.ts';
import type { TableTypes } from './table-types.ts';

/** Ids of a column in files, kept beside the schema so that column mapping can come later. */
interface ColumnIds {
  readonly id: number;
  /** The source's number of the column; 0 for columns that the sink adds. */
  readonly sourceId: number;
  /** Ids below the top level by path: `element`, `key`, `value`, `element.name`. */
  readonly nested?: Readonly<Record<string, number>>;
}

/** The columns of a table, with the ids that its files carry. */
export interface TableColumns {
  /** With field ids unique at every depth. */
  readonly fields: readonly Field[];
  /** The source's number of each of `fields`. */
  readonly sourceIds: readonly number[];
  /** The greatest id that was ever given; 0 in a table whose files carry no ids. */
  readonly maxFieldId: number;
  readonly mode: SinkMode;
  /** Names of the source's key columns, in the key's order. */
  readonly key: readonly string[];
}

/** Rows by key with their newest values, or every change as a row of its own. */
export type SinkMode = 'upsert' | 'append';

const STRING: FieldType = { kind: 'string' };

/** The columns that append mode puts before those of the source. */
export const APPEND_COLUMNS: readonly Field[] = [
  { id: 0, name: '_cdc_operation', type: { kind: 'string' }, nullable: false },
  { id: 0, name: '_cdc_timestamp', type: { kind: 'timestamp', zone: 'utc' }, nullable: true },
  { id: 0, name: '_cdc_source_lsn', type: { kind: 'string' }, nullable: true },
  {
    id: 0,
    name: '_cdc_unchanged',
    type: { kind: 'list', element: { id: 0, name: 'element', type: STRING, nullable: true } },
    nullable: true,
  },
];

/** The columns of a new table, ids given in order. In upsert mode those of the key are required. */
export function newTableColumns(
  schema: TableSchema,
  mode: SinkMode,
  types: TableTypes,
): TableColumns {
  const ids = new FieldIds(0);
  const leading = mode === 'append' ? APPEND_COLUMNS : [];
  const fields = [
    ...leading.map((field) => ids.assign(field)),
    ...schema.fields.map((field, i) => {
      const nullable = mode === 'append' || !schema.key.includes(i);
      return ids.assign({ ...tableField(field, types), nullable });
    }),
  ];
  const sourceIds = [...leading.map(() => 0), ...schema.fields.map((field) => field.id)];
  return { fields, sourceIds, maxFieldId: ids.max, mode, key: keyNames(schema) };
}

/** Names of the key's columns in a source's schema. */
export function keyNames(schema: TableSchema): string[] {
  return schema.key.map((index) => schema.fields[index]?.name ?? '');
}

/** The columns after a change of the table. */
export function changeColumns(columns: TableColumns, change: ColumnChange): TableColumns {
  const { fields, sourceIds, key, maxFieldId } = columns;
  switch (change.kind) {
    case 'add': {
      const { field, sourceId } = change;
      const ids = new FieldIds(maxFieldId);
      // Without a greatest id the files of the table carry none.
      const added = maxFieldId === 0 ? field : ids.assign(field);
      return {
        ...columns,
        fields: [...fields, { ...added, nullable: true }],
        sourceIds: [...sourceIds, sourceId],
        maxFieldId: ids.max,
      };
    }
    case 'rename': {
      const rename = (name: string): string => (name === change.name ? change.to : name);
      const renamed = fields.map((field) => ({ ...field, name: rename(field.name) }));
      return { ...columns, fields: renamed, key: key.map(rename) };
    }
    case 'drop': {
      const isKept = fields.map(({ name }) => name !== change.name);
      return {
        ...columns,
        fields: fields.filter((_, i) => isKept[i]),
        sourceIds: sourceIds.filter((_, i) => isKept[i]),
      };
    }
    case 'widen': {
      const widened = fields.map((field) => {
        if (field.name !== change.name) return field;
        const nested: Record<string, number> = {};
        collectNested(field.type, '', nested);
        return { ...field, type: applyNested(change.type, '', nested) };
      });
      return { ...columns, fields: widened };
    }
  }
}

/** The columns with an id at every depth; those that have one keep it. */
export function withFieldIds(columns: TableColumns, greatest: number): TableColumns {
  const ids = new FieldIds(Math.max(columns.maxFieldId, greatest));
  const fields = columns.fields.map((field) => ids.complete(field));
  return { ...columns, fields, maxFieldId: ids.max };
}

/** The text that keeps what a table's own schema does not say of its columns. */
export function formatTableColumns(columns: TableColumns): string {
  const entries = columns.fields.map((field, i): [string, ColumnIds] => {
    const nested: Record<string, number> = {};
    collectNested(field.type, '', nested);
    const hasNested = Object.keys(nested).length > 0;
    const sourceId = columns.sourceIds[i] ?? 0;
    return [field.name, { id: field.id, sourceId, ...(hasNested ? { nested } : {}) }];
  });
  const { mode, key, maxFieldId } = columns;
  return JSON.stringify({ mode, key, maxFieldId, columns: Object.fromEntries(entries) });
}

/**
 * The table's fields with the ids that the text keeps. A column without entry keeps its own.
 * @param text as `formatTableColumns` made it
 */
export function parseTableColumns(fields: readonly Field[], text: string): TableColumns {
  const parsed = JSON.parse(text) as Omit<TableColumns, 'fields' | 'sourceIds'> & {
    readonly columns: Readonly<Record<string, ColumnIds>>;
  };
  const withIds = fields.map((field) => {
    const ids = parsed.columns[field.name];
    // The schema says the ids where it has any.
    if (!ids || field.id !== 0) return field;
    return { ...field, id: ids.id, type: applyNested(field.type, '', ids.nested ?? {}) };
  });
  return {
    fields: withIds,
    sourceIds: fields.map((field) => parsed.columns[field.name]?.sourceId ?? 0),
    maxFieldId: parsed.maxFieldId,
    mode: parsed.mode,
    key: parsed.key,
  };
}

/** A column of the source as the table has it. */
export function tableField({ name, type, nullable }: Field, types: TableTypes): Field {
  return { id: 0, name, type: tableType(type, types), nullable };
}

/** Gives ids from `max` on. */
class FieldIds {
  max: number;

  constructor(max: number) {
    this.max = max;
  }

  assign(field: Field): Field {
    const id = ++this.max;
    return { ...field, id, type: this.#assignBelow(field.type) };
  }

  /** Gives ids where there are none. */
  complete(field: Field): Field {
    const id = field.id === 0 ? ++this.max : field.id;
    return { ...field, id, type: mapNested(field.type, (inner) => this.complete(inner)) };
  }

  #assignBelow(type: FieldType): FieldType {
    return mapNested(type, (field) => this.assign(field));
  }
}

function mapNested(type: FieldType, change: (field: Field, name: string) => Field): FieldType {
  switch (type.kind) {
    case 'list':
      return { kind: 'list', element: change(type.element, 'element') };
    case 'map':
      return { kind: 'map', key: change(type.key, 'key'), value: change(type.value, 'value') };
    case 'struct':
      return { kind: 'struct', fields: type.fields.map((field) => change(field, field.name)) };
    default:
      return type;
  }
}

function collectNested(type: FieldType, prefix: string, into: Record<string, number>): void {
  mapNested(type, (field, name) => {
    into[prefix + name] = field.id;
    collectNested(field.type, `${prefix}${name}.`, into);
    return field;
  });
}

function applyNested(
  type: FieldType,
  prefix: string,
  ids: Readonly<Record<string, number>>,
): FieldType {
  return mapNested(type, (field, name) => ({
    ...field,
    id: ids[prefix + name] ?? field.id,
    type: applyNested(field.type, `${prefix}${name}.`, ids),
  }));
}
