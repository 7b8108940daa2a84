import { describe, expect, it } from '@jest/globals';
import type { Field } from '@cdc-demo/cdc-core';
import type { Metadata, Protocol } from '../log/actions.ts';
import type { StructField } from './delta-type.ts';
import { columnId, columnMappingMode, physicalName } from './column-mapping.ts';
import { fromFields } from './from-fields.ts';
import { formatSchema, parseSchema } from './parse-schema.ts';
import { toFields } from './to-fields.ts';
import { assertTypeChanges } from './type-changes.ts';
import { isWidening } from './type-widening.ts';

const field = (name: string, type: Field['type'], nullable = true): Field => ({
  id: 0,
  name,
  type,
  nullable,
});

const PRIMITIVES: readonly (readonly [string, Field['type']])[] = [
  ['string', { kind: 'string' }],
  ['long', { kind: 'int', bits: 64 }],
  ['integer', { kind: 'int', bits: 32 }],
  ['short', { kind: 'int', bits: 16 }],
  ['byte', { kind: 'int', bits: 8 }],
  ['float', { kind: 'float', bits: 32 }],
  ['double', { kind: 'float', bits: 64 }],
  ['boolean', { kind: 'boolean' }],
  ['binary', { kind: 'binary' }],
  ['date', { kind: 'date' }],
  ['timestamp', { kind: 'timestamp', zone: 'utc' }],
  ['timestamp_ntz', { kind: 'timestamp', zone: 'none' }],
  ['decimal(38,18)', { kind: 'decimal', precision: 38, scale: 18 }],
];

const struct = (...fields: readonly object[]): string => JSON.stringify({ type: 'struct', fields });

describe('a schema', () => {
  it.each(PRIMITIVES)('has %s', (name, type) => {
    const schema = parseSchema(struct({ name: 'a', type: name, nullable: false, metadata: {} }));
    expect(toFields(schema)).toEqual([field('a', type, false)]);
    expect(fromFields(toFields(schema))).toEqual(schema);
  });

  it('nests', () => {
    const inner = {
      type: 'struct',
      fields: [{ name: 'x', type: 'date', nullable: true, metadata: {} }],
    };
    const map = { type: 'map', keyType: 'string', valueType: inner, valueContainsNull: false };
    const type = { type: 'array', elementType: map, containsNull: true };
    const schema = parseSchema(struct({ name: 'a', type, nullable: true, metadata: {} }));
    const x = { kind: 'struct', fields: [field('x', { kind: 'date' })] } as const;
    expect(toFields(schema)).toEqual([
      field('a', {
        kind: 'list',
        element: field('element', {
          kind: 'map',
          key: field('key', { kind: 'string' }, false),
          value: field('value', x, false),
        }),
      }),
    ]);
    expect(parseSchema(formatSchema(fromFields(toFields(schema))))).toEqual(schema);
  });

  it('takes what Delta has no type for as strings', () => {
    const kinds = ['json', 'uuid', 'time'] as const;
    const { fields } = fromFields(kinds.map((kind) => field(kind, { kind })));
    expect(fields.map(({ type }) => type)).toEqual(['string', 'string', 'string']);
  });

  it('keeps the metadata of columns, integers of 64 bits too', () => {
    const text =
      '{"type":"struct","fields":[{"name":"a","type":"long","nullable":true,"metadata":{"delta.identity.start":9223372036854775807}}]}';
    expect(formatSchema(parseSchema(text))).toBe(text);
  });

  it('gives columns of void a type, since they are always NULL', () => {
    expect(toFields(parseSchema(struct({ name: 'a', type: 'void' })))).toEqual([
      field('a', { kind: 'string' }),
    ]);
  });

  it('with a type that is not known is refused for that column only when it is asked for', () => {
    const schema = parseSchema(
      struct({ name: 'a', type: { type: 'interval' } }, { name: 'b', type: 'decimal(39,0)' }),
    );
    for (const name of ['a', 'b']) {
      const fields = schema.fields.filter((column) => column.name === name);
      expect(() => toFields({ type: 'struct', fields })).toThrow(
        expect.objectContaining({ code: 'delta/unsupported-type' }),
      );
    }
  });

  it.each([
    ['{', 'no JSON'],
    ['[]', 'an object is missing'],
    ['{"type":"array"}', 'it is no struct'],
    [struct({ type: 'long' }), 'a field without a name'],
    [struct({ name: 'a', type: {} }), 'wrong at a: it has a type without a name'],
    [
      struct({ name: 'a', type: 'long' }, { name: 'A', type: 'long' }),
      'wrong at A: it has this name twice',
    ],
    [
      struct({ name: 'a', type: { type: 'struct', fields: [{ name: 'b' }] } }),
      'wrong at a.b: an object is missing',
    ],
  ])('%s is refused', (text, message) => {
    expect(() => parseSchema(text)).toThrow(
      expect.objectContaining({
        code: 'delta/schema-invalid',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe('column mapping', () => {
  const metadata = (mode: string): Metadata => ({
    id: 'i',
    format: { provider: 'parquet', options: {} },
    schemaString: '',
    partitionColumns: [],
    configuration: { 'delta.columnMapping.mode': mode },
  });
  const version = (minReaderVersion: number, readerFeatures?: string[]): Protocol => ({
    minReaderVersion,
    minWriterVersion: 7,
    ...(readerFeatures ? { readerFeatures } : {}),
  });

  it('D22: counts only where the protocol has it', () => {
    expect(columnMappingMode(version(1), metadata('name'))).toBe('none');
    expect(columnMappingMode(version(2), metadata('name'))).toBe('name');
    expect(columnMappingMode(version(3, []), metadata('id'))).toBe('none');
    expect(columnMappingMode(version(3, ['columnMapping']), metadata('id'))).toBe('id');
    expect(columnMappingMode(version(2), metadata('none'))).toBe('none');
    expect(columnMappingMode(version(2), metadata('other'))).toBe('none');
  });

  it('D22: gives names and ids at every depth', () => {
    const mapped = (name: string, id: number, type: unknown): object => ({
      name,
      type,
      nullable: true,
      metadata: {
        'delta.columnMapping.id': id,
        'delta.columnMapping.physicalName': `col-${id}`,
      },
    });
    const array = { type: 'array', elementType: 'long', containsNull: true };
    const column = mapped('a', 1, { type: 'struct', fields: [mapped('b', 2, array)] });
    const schema = parseSchema(struct(column));
    const [a] = schema.fields;
    expect(columnId(a!)).toBe(1);
    expect(physicalName(a!, 'name')).toBe('col-1');
    expect(physicalName(a!, 'none')).toBe('a');
    const list = { kind: 'list', element: field('element', { kind: 'int', bits: 64 }) } as const;
    const named = (first: string, second: string): Field[] => [
      { ...field(first, { kind: 'struct', fields: [{ ...field(second, list), id: 2 }] }), id: 1 },
    ];
    expect(toFields(schema, 'logical')).toEqual(named('a', 'b'));
    expect(toFields(schema, 'id')).toEqual(named('col-1', 'col-2'));
  });

  it('D22: takes ids of elements from their column', () => {
    const type = {
      type: 'map',
      keyType: 'string',
      valueType: { type: 'array', elementType: 'long', containsNull: true },
      valueContainsNull: true,
    };
    const ids = { 'col.key': 10, 'col.value': 11, 'col.value.element': 12 };
    const nested = {
      'delta.columnMapping.physicalName': 'col',
      'delta.columnMapping.nested.ids': ids,
    };
    const [a] = toFields(
      parseSchema(struct({ name: 'a', type, nullable: true, metadata: nested })),
    );
    expect(a?.type).toMatchObject({
      key: { id: 10 },
      value: { id: 11, type: { element: { id: 12 } } },
    });
  });
});

describe('type widening', () => {
  it.each([
    ['byte', 'short', true],
    ['byte', 'long', true],
    ['long', 'integer', false],
    ['integer', 'double', true],
    ['long', 'double', false],
    ['float', 'double', true],
    ['double', 'float', false],
    ['date', 'timestamp_ntz', true],
    ['date', 'timestamp', false],
    ['decimal(10,2)', 'decimal(12,2)', true],
    ['decimal(10,2)', 'decimal(12,4)', true],
    ['decimal(10,2)', 'decimal(10,4)', false],
    ['decimal(10,2)', 'decimal(12,1)', false],
    ['byte', 'decimal(10,0)', true],
    ['integer', 'decimal(12,2)', true],
    ['integer', 'decimal(11,2)', false],
    ['long', 'decimal(20,0)', true],
    ['long', 'decimal(19,0)', false],
    ['string', 'long', false],
    ['string', 'decimal(10,0)', false],
    ['void', 'string', true],
    ['long', 'long', false],
  ])('D23: %s to %s: %s', (from, to, is) => {
    expect(isWidening(from, to)).toBe(is);
  });

  it('D23: of a history with other changes is refused, at any depth', () => {
    const changed = (name: string, type: unknown, changes: readonly object[]): StructField =>
      ({ name, type, nullable: true, metadata: { 'delta.typeChanges': changes } }) as StructField;
    const good = { fromType: 'integer', toType: 'long' };
    const bad = { fromType: 'long', toType: 'string', fieldPath: 'element' };
    expect(() => assertTypeChanges(changed('a', 'long', [good]))).not.toThrow();
    const inner = changed('b', 'string', [good, bad]);
    const struct = { type: 'struct', fields: [inner] };
    const array = { type: 'array', elementType: struct, containsNull: true };
    const map = { type: 'map', keyType: 'string', valueType: array, valueContainsNull: true };
    for (const type of [struct, array, map]) {
      expect(() => assertTypeChanges(changed('a', type, []))).toThrow(
        expect.objectContaining({
          code: 'delta/unsupported-type',
          message: expect.stringContaining('Column b was changed from long to string'),
        }),
      );
    }
    expect(() => assertTypeChanges(changed('a', 'long', [{}]))).toThrow('an unknown type');
  });
});
