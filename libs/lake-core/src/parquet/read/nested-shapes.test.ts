import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { describe, expect, it } from '@jest/globals';
import type { SchemaElement } from 'hyparquet';
import { madeFile, plain } from './made-file.fixture.ts';
import type { MadePage } from './made-file.fixture.ts';
import { openBytes, readAll } from './read-rows.fixture.ts';

const int: FieldType = { kind: 'int', bits: 32 };
const field = (name: string, type: FieldType, nullable = true): Field => ({
  id: 0,
  name,
  type,
  nullable,
});
const list = (type: FieldType): FieldType => ({ kind: 'list', element: field('element', type) });
const struct = (...fields: Field[]): FieldType => ({ kind: 'struct', fields });
const map = (key: FieldType, value: FieldType): FieldType => ({
  kind: 'map',
  key: field('key', key, false),
  value: field('value', value),
});

const LIST = { converted_type: 'LIST', num_children: 1, repetition_type: 'OPTIONAL' } as const;
const REPEATED = { repetition_type: 'REPEATED' } as const;
const OPTIONAL = { repetition_type: 'OPTIONAL' } as const;
const REQUIRED = { repetition_type: 'REQUIRED' } as const;
const INT32 = { type: 'INT32' } as const;

interface Shape {
  readonly schema: readonly SchemaElement[];
  readonly type: FieldType;
  readonly entries: readonly (readonly [repetition: number, definition: number])[];
  readonly max: number;
  readonly rows: readonly FieldValue[];
}

/** One column `f` of integers; those that are there count from 1. */
const shapes: Readonly<Record<string, Shape>> = {
  'two levels: the repeated leaf is the element': {
    schema: [
      { name: 'f', ...LIST },
      { name: 'array', ...REPEATED, ...INT32 },
    ],
    type: list(int),
    entries: [
      [0, 2],
      [1, 2],
      [0, 1],
      [0, 0],
      [0, 2],
    ],
    max: 2,
    rows: [[1, 2], [], null, [3]],
  },
  'two levels: a repeated group called array is the element': {
    schema: [
      { name: 'f', ...LIST },
      { name: 'array', ...REPEATED, num_children: 1 },
      { name: 'a', ...OPTIONAL, ...INT32 },
    ],
    type: list(struct(field('a', int))),
    entries: [
      [0, 3],
      [1, 2],
      [0, 1],
    ],
    max: 3,
    rows: [[{ a: 1 }, { a: null }], []],
  },
  'two levels: a repeated group named after the list is the element': {
    schema: [
      { name: 'f', ...LIST },
      { name: 'f_tuple', ...REPEATED, num_children: 1 },
      { name: 'a', ...REQUIRED, ...INT32 },
    ],
    type: list(struct(field('a', int))),
    entries: [
      [0, 2],
      [0, 0],
    ],
    max: 2,
    rows: [[{ a: 1 }], null],
  },
  'two levels in two levels': {
    schema: [
      { name: 'f', ...LIST },
      { name: 'array', ...REPEATED, converted_type: 'LIST', num_children: 1 },
      { name: 'array', ...REPEATED, ...INT32 },
    ],
    type: list(list(int)),
    entries: [
      [0, 3],
      [2, 3],
      [1, 2],
      [0, 1],
    ],
    max: 3,
    rows: [[[1, 2], []], []],
  },
  'three levels, as Hive names them': {
    schema: [
      { name: 'f', ...LIST },
      { name: 'bag', ...REPEATED, num_children: 1 },
      { name: 'array_element', ...OPTIONAL, ...INT32 },
    ],
    type: list(int),
    entries: [
      [0, 3],
      [1, 2],
      [0, 1],
      [0, 0],
    ],
    max: 3,
    rows: [[1, null], [], null],
  },
  'three levels without any annotation': {
    schema: [
      { name: 'f', ...REQUIRED, num_children: 1 },
      { name: 'list', ...REPEATED, num_children: 1 },
      { name: 'element', ...REQUIRED, ...INT32 },
    ],
    type: list(int),
    entries: [
      [0, 1],
      [1, 1],
      [0, 0],
    ],
    max: 1,
    rows: [[1, 2], []],
  },
  'a repeated leaf without a group around it': {
    schema: [{ name: 'f', ...REPEATED, ...INT32 }],
    type: list(int),
    entries: [
      [0, 1],
      [1, 1],
      [0, 0],
    ],
    max: 1,
    rows: [[1, 2], []],
  },
  'a repeated group inside an optional struct': {
    schema: [
      { name: 'f', ...OPTIONAL, num_children: 1 },
      { name: 'r', ...REPEATED, num_children: 1 },
      { name: 'a', ...OPTIONAL, ...INT32 },
    ],
    type: struct(field('r', list(struct(field('a', int))))),
    entries: [
      [0, 3],
      [1, 2],
      [0, 1],
      [0, 0],
    ],
    max: 3,
    rows: [{ r: [{ a: 1 }, { a: null }] }, { r: [] }, null],
  },
  'structs in structs': {
    schema: [
      { name: 'f', ...OPTIONAL, num_children: 1 },
      { name: 'g', ...REQUIRED, num_children: 1 },
      { name: 'h', ...OPTIONAL, num_children: 1 },
      { name: 'a', ...OPTIONAL, ...INT32 },
    ],
    type: struct(field('g', struct(field('h', struct(field('a', int), field('b', int)))))),
    entries: [
      [0, 3],
      [0, 2],
      [0, 1],
      [0, 0],
    ],
    max: 3,
    rows: [
      { g: { h: { a: 1, b: null } } },
      { g: { h: { a: null, b: null } } },
      { g: { h: null } },
      null,
    ],
  },
  'a struct of which only the shape is wanted': {
    schema: [
      { name: 'f', ...LIST },
      { name: 'list', ...REPEATED, num_children: 1 },
      { name: 'element', ...OPTIONAL, num_children: 1 },
      { name: 'a', ...OPTIONAL, ...INT32 },
    ],
    type: list(struct(field('b', { kind: 'string' }))),
    entries: [
      [0, 4],
      [1, 3],
      [1, 2],
      [0, 1],
      [0, 0],
    ],
    max: 4,
    rows: [[{ b: null }, { b: null }, null], [], null],
  },
};

const pagesOf = ({ schema, entries, max }: Shape, perPage: number): MadePage[] => {
  const pages: MadePage[] = [];
  let next = 1;
  const repeats = schema.some(({ repetition_type }) => repetition_type === 'REPEATED');
  for (let i = 0; i < entries.length; i += perPage) {
    const part = entries.slice(i, i + perPage);
    const present = part.filter(([, definition]) => definition === max);
    const definitions = part.map(([, definition]) => definition);
    const values = plain.int32(...present.map(() => next++));
    const repetitions = part.map(([repetition]) => repetition);
    pages.push({ entries: part.length, ...(repeats ? { repetitions } : {}), definitions, values });
  }
  return pages;
};

describe.each(Object.entries(shapes))('%s', (_name, shape) => {
  const fields = [field('f', shape.type)];

  it.each([100, 2, 1])(
    'is read from pages of %i entries, whatever the batches',
    async (perPage) => {
      const columns = [{ pages: pagesOf(shape, perPage) }];
      const bytes = madeFile({ schema: shape.schema, columns, rows: shape.rows.length });
      const file = await openBytes(bytes);
      for (const batchRows of [100, 1]) {
        const rows = await readAll(file, { fields, match: 'name', batchRows });
        expect(rows).toEqual(shape.rows.map((row) => [row]));
      }
      const last = shape.rows.length - 1;
      const single = await file.readRows(Uint32Array.of(last), { fields, match: 'name' });
      expect(single.row(0)).toEqual([shape.rows[last]]);
    },
  );
});

describe('maps', () => {
  const rows = [
    [
      [
        [1, 10],
        [2, null],
      ],
    ],
    [[]],
    [null],
  ];
  const annotations: readonly (readonly [string, Partial<SchemaElement>, string])[] = [
    ['annotated as MAP', { converted_type: 'MAP' }, 'key_value'],
    ['annotated as MAP_KEY_VALUE', { converted_type: 'MAP_KEY_VALUE' }, 'map'],
    ['not annotated', {}, 'entries'],
  ];

  it.each(annotations)('%s are read', async (_name, annotation, entry) => {
    const bytes = madeFile({
      schema: [
        { name: 'f', ...OPTIONAL, num_children: 1, ...annotation },
        { name: entry, ...REPEATED, num_children: 2 },
        { name: 'k', ...REQUIRED, ...INT32 },
        { name: 'v', ...OPTIONAL, ...INT32 },
      ],
      columns: [
        {
          pages: [
            {
              entries: 4,
              repetitions: [0, 1, 0, 0],
              definitions: [2, 2, 1, 0],
              values: plain.int32(1, 2),
            },
          ],
        },
        {
          pages: [
            {
              entries: 4,
              repetitions: [0, 1, 0, 0],
              definitions: [3, 2, 1, 0],
              values: plain.int32(10),
            },
          ],
        },
      ],
      rows: 3,
    });
    const file = await openBytes(bytes);
    const fields = [field('f', map(int, int))];
    expect(await readAll(file, { fields, match: 'name' })).toEqual(rows);
    const [own] = file.fields;
    expect(own?.type.kind).toBe(annotation.converted_type === undefined ? 'struct' : 'map');
  });
});

describe('what has another shape than is wanted', () => {
  const leaf = [{ name: 'f', ...REQUIRED, ...INT32 }];
  const group = [
    { name: 'f', ...REQUIRED, num_children: 1 },
    { name: 'a', ...REQUIRED, ...INT32 },
  ];
  const repeated = [{ name: 'f', ...REPEATED, ...INT32 }];
  const cases: readonly (readonly [string, readonly SchemaElement[], FieldType])[] = [
    ['a value where a struct is wanted', leaf, struct(field('a', int))],
    ['a value where a list is wanted', leaf, list(int)],
    ['a value where a map is wanted', leaf, map(int, int)],
    ['a struct where a value is wanted', group, int],
    ['a struct where a list is wanted', group, list(int)],
    ['a list where a value is wanted', repeated, int],
  ];

  it.each(cases)('%s is an error that names the column', async (_name, schema, type) => {
    const isList = schema === repeated;
    const page = {
      entries: 1,
      values: plain.int32(1),
      ...(isList ? { repetitions: [0], definitions: [1] } : {}),
    };
    const file = await openBytes(madeFile({ schema, columns: [{ pages: [page] }], rows: 1 }));
    await expect(readAll(file, { fields: [field('f', type)], match: 'name' })).rejects.toThrow(
      /Column f of Parquet file file.parquet cannot be read exactly: the file has a/,
    );
  });
});
