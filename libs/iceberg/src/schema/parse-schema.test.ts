import { canonicalJson } from '@cdc-demo/cdc-core';
import { describe, expect, test } from '@jest/globals';
import { parseNameMapping } from './name-mapping.ts';
import { parseSchema } from './parse-schema.ts';

const column = (type: unknown, more: object = {}) =>
  JSON.parse(
    JSON.stringify({
      type: 'struct',
      fields: [{ id: 1, name: 'c', type, required: false, ...more }],
    }),
  ) as never;

describe('a schema', () => {
  test.each([
    ['boolean', true, 'true'],
    ['int', 5, '5'],
    ['long', 5, '5'],
    ['float', 0.5, '0.5'],
    ['double', 1.5, '1.5'],
    ['decimal(9,2)', '14.20', '"14.20"'],
    ['date', '2017-11-16', '"2017-11-16"'],
    ['time', '22:31:08.1234', '"22:31:08.123400"'],
    ['timestamp', '2017-11-16T22:31:08', '"2017-11-16T22:31:08.000000"'],
    ['timestamptz', '2017-11-16T22:31:08+00:00', '"2017-11-16T22:31:08.000000Z"'],
    ['string', 'x', '"x"'],
    ['uuid', 'f79c3e09-677c-4bbd-a479-3f349cb785e7', '"f79c3e09-677c-4bbd-a479-3f349cb785e7"'],
    ['fixed[2]', '00fF', '"00ff"'],
    ['binary', '', '""'],
  ])('has defaults of the type %s', (type, json, canonical) => {
    const [parsed] = parseSchema(column(type, { 'initial-default': json })).columns;
    const { field, initialDefault } = parsed!;
    expect(canonicalJson(field!.type, initialDefault)).toBe(canonical);
  });

  test.each([
    ['boolean', 'yes'],
    ['int', 'x'],
    ['string', 5],
    ['date', 5],
    ['date', true],
    ['time', 'noon'],
    ['binary', 'xy'],
    ['int', { a: 1 }],
  ])('has no default of %s that is %j', (type, json) => {
    expect(() => parseSchema(column(type, { 'initial-default': json }))).toThrow('a default is no');
  });

  test.each(['timestamp_ns', 'geometry(srid:0)', 'decimal(39,2)', { type: 'set' }])(
    'I27: keeps the name of a column of the unknown type %j',
    (type) => {
      const [parsed] = parseSchema(column(type)).columns;
      expect(parsed).toMatchObject({ name: 'c', field: undefined });
    },
  );

  test('is refused when it is none', () => {
    expect(() => parseSchema(column(undefined))).toThrow('type is no object');
    const nested = { id: 2, name: 'd', type: 'int', required: true, 'initial-default': 1 };
    const [parsed] = parseSchema(column({ type: 'struct', fields: [nested] })).columns;
    expect(parsed).toMatchObject({ type: 'a nested field with a default', field: undefined });
    let deep: unknown = 'int';
    for (let i = 0; i < 200; i++) {
      deep = { type: 'list', 'element-id': i + 2, element: deep, 'element-required': true };
    }
    expect(() => parseSchema(column(deep))).toThrow('nested too deeply');
    const twice = { id: 1, name: 'x', type: 'int', required: true };
    const schema = { type: 'struct', fields: [twice, { ...twice, name: 'y' }] };
    expect(() => parseSchema(schema)).toThrow('two columns of a schema have one id');
  });

  test('has a name mapping, which is a list', () => {
    const mapping = parseNameMapping('[{"field-id":1,"names":["a"]},{"names":["b"]}]');
    expect([...mapping]).toEqual([[1, ['a']]]);
    expect(() => parseNameMapping('{}')).toThrow('a name mapping is no list');
  });
});
