import { describe, expect, it } from '@jest/globals';
import type { Field, FieldType, TableSchema } from '@cdc-demo/cdc-core';
import { compareColumns } from './compare-columns.ts';
import { newTableColumns } from './table-columns.ts';
import { PLAIN_TYPES } from './table-types.fixture.ts';

const column = (id: number, name: string, type: FieldType, nullable = true): Field => ({
  id,
  name,
  type,
  nullable,
});
const TEXT: FieldType = { kind: 'string' };
const INT: FieldType = { kind: 'int', bits: 32 };
const LONG: FieldType = { kind: 'int', bits: 64 };
const fields = [column(1, 'id', INT, false), column(2, 'n', INT), column(4, 'x', TEXT, false)];
const schema = (changed: Partial<TableSchema> = {}): TableSchema => ({
  table: { namespace: 'public', name: 't' },
  version: 1,
  fields,
  key: [0],
  ...changed,
});
const columns = newTableColumns(schema(), 'upsert', PLAIN_TYPES);

describe("a source's columns", () => {
  it('are those of the table whatever their nullability and order', () => {
    expect(compareColumns(columns, schema(), PLAIN_TYPES)).toEqual({ kind: 'same' });
    const relaxed = fields.map((field) => ({ ...field, nullable: true }));
    expect(compareColumns(columns, schema({ fields: relaxed }), PLAIN_TYPES).kind).toBe('same');
    const turned = schema({ fields: [...fields].reverse(), key: [2] });
    expect(compareColumns(columns, turned, PLAIN_TYPES).kind).toBe('same');
  });

  it.each<[string, Partial<TableSchema>, readonly object[]]>([
    [
      'added',
      { fields: [...fields, column(7, 'new', LONG, false)] },
      [{ kind: 'add', sourceId: 7, field: { name: 'new', nullable: true } }],
    ],
    ['dropped', { fields: fields.slice(0, 2) }, [{ kind: 'drop', name: 'x' }]],
    [
      'renamed, known by its number',
      { fields: [...fields.slice(0, 2), column(4, 'y', TEXT)] },
      [{ kind: 'rename', name: 'x', to: 'y' }],
    ],
    [
      'dropped and made anew, known by its number',
      { fields: [...fields.slice(0, 2), column(5, 'x', TEXT)] },
      [
        { kind: 'drop', name: 'x' },
        { kind: 'add', sourceId: 5, field: { name: 'x' } },
      ],
    ],
    [
      'widened, one of the key too',
      { fields: [column(1, 'id', LONG), column(2, 'n', LONG), fields[2]!] },
      [
        { kind: 'widen', name: 'id', type: LONG },
        { kind: 'widen', name: 'n', type: LONG },
      ],
    ],
    [
      'renamed, widened and followed by one that takes the name that is free then',
      { fields: [fields[0]!, column(2, 'm', LONG), column(4, 'n', TEXT)] },
      [
        { kind: 'rename', name: 'n', to: 'm' },
        { kind: 'rename', name: 'x', to: 'n' },
        { kind: 'widen', name: 'm' },
      ],
    ],
    [
      'of the key renamed',
      { fields: [column(1, 'key', INT, false), ...fields.slice(1)] },
      [{ kind: 'rename', name: 'id', to: 'key' }],
    ],
  ])('are followed when one is %s', (_, changed, changes) => {
    const found = compareColumns(columns, schema(changed), PLAIN_TYPES);
    expect(found).toMatchObject({ kind: 'changed', changes });
  });

  it.each<[string, Partial<TableSchema>]>([
    ['its type was string', { fields: [...fields.slice(0, 2), column(4, 'x', { kind: 'date' })] }],
    ['its type was int32 and is int16', { fields: [fields[0]!, small(), fields[2]!] }],
    ['only in case', { fields: [...fields, column(9, 'ID', TEXT)] }],
    ['exchanged', { fields: [fields[0]!, column(2, 'x', INT), column(4, 'n', TEXT)] }],
    ['the key was (id)', { key: [0, 2] }],
    ['the key was (id)', { fields: fields.slice(1), key: [] }],
    ['dropped and made anew', { fields: [fields[0]!, fields[1]!, column(0, 'x', TEXT)] }],
  ])('are refused otherwise: %s', (why, changed) => {
    const found = compareColumns(columns, schema(changed), PLAIN_TYPES);
    expect(found).toMatchObject({ kind: 'refused', why: expect.stringContaining(why) });
  });

  it('leave a column alone that somebody else added to the table', () => {
    const foreign = {
      ...columns,
      fields: [...columns.fields, column(0, 'theirs', TEXT)],
      sourceIds: [...columns.sourceIds, 0],
    };
    expect(compareColumns(foreign, schema(), PLAIN_TYPES)).toMatchObject({
      kind: 'refused',
      column: 'theirs',
      why: 'the source does not have it any more',
    });
  });
});

function small(): Field {
  return column(2, 'n', { kind: 'int', bits: 16 });
}
