import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { avroFile } from './avro-file.fixture.ts';
import { readAvro } from './object-container.ts';

const SCHEMA = {
  type: 'record',
  name: 'outer',
  fields: [
    { name: 'id', type: 'long', 'field-id': 1 },
    { name: 'exact', type: ['null', { type: 'long' }], 'field-id': 2 },
    { name: 'text', type: ['null', 'string'], 'field-id': 3 },
    { name: 'ids', type: ['null', { type: 'array', items: 'int' }], 'field-id': 4 },
    {
      name: 'inner',
      type: ['null', { type: 'record', name: 'r', fields: [] }],
      'field-id': 5,
    },
    { name: 'unnamed', type: 'int' },
  ],
};
const RECORD = { id: 1n, exact: null, text: null, ids: null, inner: null, unnamed: 0 };

describe('an Avro file', () => {
  test('gives integers of 64 bits exactly, whatever the compression', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 20 }),
        fc.constantFrom('null' as const, 'deflate' as const),
        (values, codec) => {
          const schema = {
            ...SCHEMA,
            fields: [{ name: 'v', type: { type: 'fixed', name: 'f', size: 8 }, 'field-id': 9 }],
          };
          const bytes = values.map((value) => {
            const buffer = Buffer.alloc(8);
            buffer.writeBigInt64LE(value);
            return { v: buffer };
          });
          const { records } = readAvro(avroFile(schema, bytes, { codec }));
          const read = records.map((record) => (record.value(9) as Buffer).readBigInt64LE());
          expect(read).toEqual(values);
        },
      ),
    );
  });

  test('finds fields by their ids, and says which one is wrong', () => {
    const record = { ...RECORD, id: 5, exact: 7, text: 'x', ids: [1, 2], inner: {} };
    const { records, metadata } = readAvro(
      avroFile(SCHEMA, [record], { metadata: { about: 'it' } }),
    );
    const [read] = records;
    expect(metadata.get('about')).toBe('it');
    expect(read?.number(1)).toBe(5);
    expect(read?.optionalLong(2)).toBe(7n);
    expect(read?.string(3)).toBe('x');
    expect(read?.optionalNumbers(4)).toEqual([1, 2]);
    expect(read?.record(5).value(1)).toBeUndefined();
    expect(read?.value(77)).toBeUndefined();
    expect(() => read?.string(1)).toThrow('its field 1 (id) is not a text');
    expect(() => read?.number(3)).toThrow('its field 3 (text) is not a number');
    expect(() => read?.optionalLong(3)).toThrow('its field 3 (text) is not an integer');
    expect(() => read?.optionalNumbers(3)).toThrow('its field 3 (text) is not a list');
    expect(() => read?.record(77)).toThrow('its field 77 (missing) is not a record');
    expect(() => read?.record(3)).toThrow('its schema is no record');
    const [empty] = readAvro(avroFile(SCHEMA, [{ ...RECORD, id: 1 }])).records;
    expect(() => empty?.string(3)).toThrow('its field 3 (text) is not a text');
    expect(() => empty?.record(5)).toThrow('a record is missing');
  });

  test('is whole, or refused', () => {
    const file = avroFile(SCHEMA, [{ ...RECORD, id: 1, text: 'some text' }], { codec: 'null' });
    expect(readAvro(file).records).toHaveLength(1);
    expect(() => readAvro(Buffer.from('PAR1'))).toThrow('it is no Avro file');
    for (let end = 4; end < file.length; end++) {
      expect(() => {
        const { records } = readAvro(file.subarray(0, end));
        if (records.length === 0) throw new Error('nothing was read');
      }).toThrow();
    }
    const damaged = Buffer.from(file);
    damaged[damaged.length - 1]! ^= 1;
    expect(() => readAvro(damaged)).toThrow('a block ends elsewhere than it says');
    const squeezed = avroFile(SCHEMA, [{ ...RECORD, id: 1 }], { codec: 'snappy' });
    expect(() => readAvro(squeezed)).toThrow('its compression is snappy');
  });
});
