import { describe, expect, it } from '@jest/globals';
import type { Field, FieldType, TableSchema } from '@cdc-demo/cdc-core';
import { formatTableColumns, newTableColumns, parseTableColumns } from './table-columns.ts';
import { PLAIN_TYPES } from './table-types.fixture.ts';

const column = (id: number, name: string, type: FieldType, nullable = true): Field => ({
  id,
  name,
  type,
  nullable,
});
const TEXT: FieldType = { kind: 'string' };
const nested: FieldType = {
  kind: 'struct',
  fields: [
    column(0, 'a', { kind: 'list', element: column(0, 'element', { kind: 'uuid' }) }),
    column(0, 'b', {
      kind: 'map',
      key: column(0, 'key', TEXT, false),
      value: column(0, 'value', TEXT),
    }),
  ],
};
const fields = [
  column(1, 'id', { kind: 'int', bits: 32 }, false),
  column(2, 'n', nested),
  column(4, 'x', TEXT, false),
];
const schema = (changed: Partial<TableSchema> = {}): TableSchema => ({
  table: { namespace: 'public', name: 't' },
  version: 1,
  fields,
  key: [0],
  ...changed,
});

describe('columns of a table', () => {
  it('have an id at every depth, and only the key is required', () => {
    const columns = newTableColumns(schema(), 'upsert', PLAIN_TYPES);
    expect(columns.fields.map(({ id, nullable }) => [id, nullable])).toEqual([
      [1, false],
      [2, true],
      [8, true],
    ]);
    expect(columns.maxFieldId).toBe(8);
    expect(columns.sourceIds).toEqual([1, 2, 4]);
    const all = newTableColumns(schema(), 'append', PLAIN_TYPES);
    expect(all.fields.slice(0, 4).map(({ name }) => name)).toEqual([
      '_cdc_operation',
      '_cdc_timestamp',
      '_cdc_source_lsn',
      '_cdc_unchanged',
    ]);
    expect(all.fields[4]?.nullable).toBe(true);
  });

  it('come back from the text with the same ids', () => {
    const columns = newTableColumns(schema(), 'upsert', PLAIN_TYPES);
    const bare = columns.fields.map((field) => ({ ...field, id: 0 }));
    expect(parseTableColumns(bare, formatTableColumns(columns))).toEqual(columns);
  });
});
