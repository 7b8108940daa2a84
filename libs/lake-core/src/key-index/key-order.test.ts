import { describe, expect, test } from '@jest/globals';
import { createColumn } from '@cdc-demo/cdc-core';
import type { Column, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { keyOrder, sortedRows } from './key-order.ts';

function columnOf(type: FieldType, values: readonly FieldValue[]): Column {
  const column = createColumn(type, 1);
  for (const value of values) column.appendValue(value);
  return column;
}

/** Where the bytes of UTF-8 differ from the units of UTF-16 in order: U+FFFF and U+10000. */
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\uffff', '\u{10000}', '', 'a', 'a ', 'a\u0001'),
);

const KINDS: readonly (readonly [string, FieldType, fc.Arbitrary<FieldValue>])[] = [
  ['int64', { kind: 'int', bits: 64 }, fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)],
  ['small int64', { kind: 'int', bits: 64 }, fc.bigInt(-3n, 3n)],
  ['int32', { kind: 'int', bits: 32 }, fc.integer()],
  ['timestamp', { kind: 'timestamp', zone: 'utc' }, fc.bigInt(-(2n ** 50n), 2n ** 50n)],
  ['date', { kind: 'date' }, fc.integer({ min: -100_000, max: 100_000 })],
  ['boolean', { kind: 'boolean' }, fc.boolean()],
  ['decimal(9)', { kind: 'decimal', precision: 9, scale: 2 }, fc.bigInt(-999n, 999n)],
  [
    'decimal(18)',
    { kind: 'decimal', precision: 18, scale: 2 },
    fc.bigInt(-(10n ** 17n), 10n ** 17n),
  ],
  [
    'decimal(38)',
    { kind: 'decimal', precision: 38, scale: 2 },
    fc.bigInt(-(10n ** 30n), 10n ** 30n),
  ],
  ['uuid', { kind: 'uuid' }, fc.uuid()],
  ['string', { kind: 'string' }, texts],
  ['binary', { kind: 'binary' }, fc.uint8Array({ maxLength: 5 })],
];

function naive(a: FieldValue, b: FieldValue): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array);
  return (a as bigint) < (b as bigint) ? -1 : Number((a as bigint) > (b as bigint));
}

describe('the order of keys', () => {
  test.each(KINDS)('of %s is that of the values', (_, type, value) => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 20 }), (values) => {
        const column = columnOf(type, values);
        const compare = keyOrder([column], [columnOf(type, values)]);
        for (let i = 0; i < values.length; i++) {
          const expected = naive(values[0]!, values[i]!);
          expect(Math.sign(compare(0, i))).toBe(expected);
        }
      }),
    );
  });

  test('of several columns is decided by the first that differs', () => {
    const part = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom('', 'a', 'b'));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (keys) => {
        const columns = [
          columnOf(
            { kind: 'int', bits: 32 },
            keys.map(([number]) => number),
          ),
          columnOf(
            { kind: 'string' },
            keys.map(([, text]) => text),
          ),
        ];
        const sorted = [...sortedRows(columns, keys.length)].map((row) => keys[row]);
        const expected = keys.toSorted(
          (a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : +(a[1] > b[1])),
        );
        expect(sorted).toEqual(expected);
      }),
    );
  });

  test('is refused for types that have none', () => {
    const column = columnOf({ kind: 'float', bits: 64 }, [1]);
    expect(() => keyOrder([column], [column])).toThrow('Keys of the type float64 have no order');
  });
});
