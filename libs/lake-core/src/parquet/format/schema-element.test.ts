import { describe, expect, test } from '@jest/globals';
import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { leafColumns } from './leaf-column.ts';
import { leafType, parquetSchema } from './schema-element.ts';

const field = (id: number, name: string, type: FieldType, nullable = true): Field => ({
  id,
  name,
  type,
  nullable,
});

const nested: readonly Field[] = [
  field(1, 'id', { kind: 'int', bits: 64 }, false),
  field(2, 'tags', { kind: 'list', element: field(3, 'item', { kind: 'string' }) }),
  field(4, 'attributes', {
    kind: 'map',
    key: field(5, 'k', { kind: 'string' }),
    value: field(0, 'v', {
      kind: 'struct',
      fields: [field(7, 'x', { kind: 'date' }, false)],
    }),
  }),
];

describe('schema of a file', () => {
  test('lists have three levels and maps required keys, by the names of the format', () => {
    expect(parquetSchema(nested)).toMatchObject({
      name: 'schema',
      children: [
        { name: 'id', repetition: 'REQUIRED', fieldId: 1, physical: 'INT64', children: [] },
        {
          name: 'tags',
          repetition: 'OPTIONAL',
          fieldId: 2,
          converted: 'LIST',
          logical: { type: 'LIST' },
          children: [
            {
              name: 'list',
              repetition: 'REPEATED',
              fieldId: 0,
              children: [{ name: 'element', repetition: 'OPTIONAL', fieldId: 3 }],
            },
          ],
        },
        {
          name: 'attributes',
          converted: 'MAP',
          logical: { type: 'MAP' },
          children: [
            {
              name: 'key_value',
              repetition: 'REPEATED',
              children: [
                { name: 'key', repetition: 'REQUIRED', fieldId: 5 },
                {
                  name: 'value',
                  repetition: 'OPTIONAL',
                  fieldId: 0,
                  children: [{ name: 'x', repetition: 'REQUIRED', fieldId: 7 }],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test('levels count the optional and repeated nodes above a leaf', () => {
    const leaves = leafColumns(nested).map(({ path, maxDefinition, maxRepetition }) => [
      path.join('.'),
      maxDefinition,
      maxRepetition,
    ]);
    expect(leaves).toEqual([
      ['id', 0, 0],
      ['tags.list.element', 3, 1],
      ['attributes.key_value.key', 2, 1],
      ['attributes.key_value.value.x', 3, 1],
    ]);
  });

  test('a decimal takes the smallest of INT32, INT64 and the shortest fixed length', () => {
    const physical = (precision: number): unknown => {
      const { physical: type, width } = leafType({ kind: 'decimal', precision, scale: 2 });
      return [type, width];
    };
    expect(physical(9)).toEqual(['INT32', 0]);
    expect(physical(10)).toEqual(['INT64', 0]);
    expect(physical(18)).toEqual(['INT64', 0]);
    expect(physical(19)).toEqual(['FIXED_LEN_BYTE_ARRAY', 9]);
    expect(physical(38)).toEqual(['FIXED_LEN_BYTE_ARRAY', 16]);
  });

  test.each<[FieldType, Record<string, unknown>]>([
    [
      { kind: 'int', bits: 8 },
      { physical: 'INT32', converted: 'INT_8' },
    ],
    [{ kind: 'int', bits: 16 }, { logical: { type: 'INTEGER', bitWidth: 16 } }],
    [{ kind: 'time' }, { converted: 'TIME_MICROS', logical: { isAdjustedToUTC: false } }],
    [{ kind: 'timestamp', zone: 'utc' }, { logical: { isAdjustedToUTC: true } }],
    [{ kind: 'timestamp', zone: 'none' }, { logical: { isAdjustedToUTC: false } }],
    [{ kind: 'json' }, { physical: 'BYTE_ARRAY', converted: 'UTF8', logical: { type: 'STRING' } }],
    [{ kind: 'uuid' }, { width: 16, logical: { type: 'UUID' } }],
  ])('%j is stored as %j', (type, stored) => {
    expect(leafType(type as Parameters<typeof leafType>[0])).toMatchObject(stored);
  });
});
