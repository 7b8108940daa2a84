import { describe, expect, test } from '@jest/globals';
import { createColumn } from '@cdc-demo/cdc-core';
import type { FieldValue } from '@cdc-demo/cdc-core';
import { concat, int, utf8 } from '../decode/message.fixture.ts';
import { arrayCodec } from './array.ts';
import { booleanCodec } from './boolean.ts';
import { bitStringCodec } from './bit-string.ts';
import { byteaCodec, geometryCodec } from './bytea.ts';
import type { ColumnCodec } from './column-codec.ts';
import { compositeCodec } from './composite.ts';
import { dateCodec } from './date.ts';
import { float8Codec } from './float.ts';
import { hstoreCodec } from './hstore.ts';
import { int2Codec, int4Codec, int8Codec } from './integer.ts';
import { moneyCodec } from './money.ts';
import { inetCodec, macaddrCodec } from './network.ts';
import { numericCodec } from './numeric.ts';
import { charCodec, jsonbCodec, textCodec, versionedStringCodec } from './text.ts';
import { timeCodec } from './time.ts';
import { timestampCodec } from './timestamp.ts';
import { uuidCodec } from './uuid.ts';
import { vectorCodec } from './vector.ts';
import { MalformedValue, TypeChanged, ValueOutOfRange, WireValue } from './wire-value.ts';

const COMMA = 44;
const decimal = numericCodec(((12 << 16) | 2) + 4);
const wideDecimal = numericCodec(((38 << 16) | 2) + 4);
const anyNumeric = numericCodec(-1);
const ints = arrayCodec(int4Codec, COMMA);
const pair = compositeCodec([
  { name: 'a', typeOid: 23, codec: int4Codec },
  { name: 'b', typeOid: 25, codec: textCodec },
]);

/** What a codec makes of text or binary bytes. */
function read(codec: ColumnCodec, bytes: Uint8Array | string): FieldValue {
  const column = createColumn(codec.field);
  const value = new WireValue();
  const given = typeof bytes === 'string' ? utf8(bytes) : bytes;
  // Other bytes stand before and behind: nothing may be read beyond the value.
  value.use(concat([49, 49], given, [49, 49]));
  value.start = 2;
  value.end = 2 + given.length;
  if (typeof bytes === 'string') codec.text(value, column);
  else if (codec.binary !== 'text-only') codec.binary(value, column);
  expect(column.length).toBe(1);
  return column.value(0);
}

const numeric = (...words: readonly number[]): Uint8Array => int(2, ...words);

describe('bytes that no server sends are refused', () => {
  const wrong: readonly [string, ColumnCodec, readonly (Uint8Array | string)[]][] = [
    ['boolean', booleanCodec, ['true', '', new Uint8Array(2)]],
    ['int2', int2Codec, ['', '-', '1 ', '32768', '-32769', int(4, 1)]],
    ['int4', int4Codec, ['2147483648', '99999999999999999999', 'x', int(8, 1)]],
    [
      'int8',
      int8Codec,
      [
        '9223372036854775808',
        '-9223372036854775809',
        '1234567890123456x',
        '12345678901234567890',
        int(4, 1),
      ],
    ],
    ['float8', float8Codec, ['', '1,5', '0x1', 'infinity', int(4, 1)]],
    [
      'numeric(12, 2)',
      decimal,
      [
        '',
        '-',
        '1.2.3',
        '1e5',
        numeric(0, 0, 0),
        numeric(1, 0, 0, 0),
        numeric(1, 0, 1, 0, 5),
        numeric(1, 0, 0, 0, 10000),
        int(1, 0, 0, 0),
      ],
    ],
    ['numeric', anyNumeric, [numeric(1, 0, 0, 0), new Uint8Array(3)]],
    ['money', moneyCodec, ['', int(4, 1)]],
    ['jsonb', jsonbCodec, [new Uint8Array(0), int(1, 2, 123)]],
    ['ltree', versionedStringCodec, [int(1, 0, 97)]],
    [
      'uuid',
      uuidCodec,
      [
        '',
        '00000000-0000-0000-0000-00000000000g',
        '00000000+0000-0000-0000-000000000000',
        new Uint8Array(15),
      ],
    ],
    ['bytea', byteaCodec, ['', 'abcd', '\\x0', '\\xgg', '\\x0`']],
    ['geometry', geometryCodec, ['0', 'zz']],
    [
      'date',
      dateCodec,
      ['', '2020-13-01', '2020-01-32', '2020-01', '2020/01/01', '2020-01-01x', int(8, 1)],
    ],
    [
      'time',
      timeCodec,
      [
        '25:00:00',
        '24:00:01',
        '12:00',
        '12:60:00',
        '12:00:00.1234567',
        int(8, -1),
        int(8, 86_400_000_001n),
        int(4, 0),
      ],
    ],
    [
      'timestamp',
      timestampCodec,
      ['2020-01-01', '2020-01-01T00:00:00', '2020-01-01 00:00:00 ', int(4, 0)],
    ],
    [
      'inet',
      inetCodec,
      [
        new Uint8Array(3),
        int(1, 9, 32, 0, 4, 1, 2, 3, 4),
        int(1, 2, 33, 0, 4, 1, 2, 3, 4),
        int(1, 2, 32, 0, 4, 1, 2, 3),
      ],
    ],
    ['macaddr', macaddrCodec, [new Uint8Array(5)]],
    ['bit', bitStringCodec, [new Uint8Array(2), int(4, 9, 0), int(4, -1)]],
    ['vector', vectorCodec, ['', '1,2', '[1,]x', '[x]', new Uint8Array(3), int(2, 2, 0)]],
    [
      'array',
      ints,
      [
        '',
        '{',
        '1',
        '{1,}',
        '{,}',
        '{"1}',
        '{"1"x}',
        new Uint8Array(5),
        int(4, 1, 0, 23),
        int(4, -1, 0, 23),
        int(4, 7, 0, 23),
        int(4, 1, 0, 23, 1, 1),
        int(4, 1, 0, 23, 1, 1, 4),
        int(4, 1, 0, 23, 1, 1, -2),
        int(4, 1, 0, 23, 0, 1, 9),
      ],
    ],
    [
      'composite',
      pair,
      ['', '(', '1,a', '("1,2)', new Uint8Array(2), int(4, 2, 23), int(4, 2, 23, -1, 25, 9)],
    ],
    [
      'hstore',
      hstoreCodec,
      [
        'x',
        '"a"',
        '"a"=>',
        '"a"=>x',
        '"a"=>"1"x',
        '"a"=>"1",',
        new Uint8Array(2),
        int(4, 1),
        int(4, 1, -1, -1),
        int(4, 0, 0),
      ],
    ],
  ];
  const each = wrong.flatMap(([name, codec, all]) =>
    all.map(
      (bytes) =>
        [name, typeof bytes === 'string' ? bytes : [...bytes].join(' '), codec, bytes] as const,
    ),
  );

  test.each(each)('%s: %s', (_, __, codec, bytes) => {
    expect(() => read(codec, bytes)).toThrow(MalformedValue);
  });
});

describe('numbers with more digits than the column declares', () => {
  test.each([
    ['behind the point', decimal, '1.234'],
    ['behind the point', decimal, numeric(2, 0, 0, 4, 1, 2345)],
    ['behind the point, in a later group', decimal, numeric(3, 0, 0, 8, 1, 2300, 1)],
    ['behind the point, before any that count', decimal, numeric(1, -2, 0, 8, 5)],
    ['before the point', decimal, '10000000000'],
    ['before the point', decimal, numeric(3, 2, 0, 0, 9999, 0, 0)],
    ['before the point, many', decimal, numeric(1, 0x7fff, 0, 0, 1)],
    ['before the point, of a wide decimal', wideDecimal, '1' + '0'.repeat(36)],
    ['before the point, beyond any', wideDecimal, '9'.repeat(60)],
    ['behind the point, of a wide decimal', wideDecimal, numeric(7, 5, 0, 4, 1, 1, 1, 1, 1, 1, 1)],
  ])('%s are out of range (%#)', (_, codec, bytes) => {
    expect(() => read(codec, bytes)).toThrow(ValueOutOfRange);
  });

  test('zeros beyond the scale do not count', () => {
    expect(read(decimal, '1.2300')).toBe(123n);
    expect(read(decimal, numeric(2, 0, 0, 4, 1, 2300))).toBe(123n);
    expect(read(decimal, numeric(0, 0, 0, 2))).toBe(0n);
    expect(read(decimal, numeric(1, -1, 0x4000, 2, 100))).toBe(-1n);
  });
});

test('a "char" beyond ASCII is an octal escape, whichever way the server sends it', () => {
  expect(read(charCodec, int(1, 0xfe))).toBe('\\376');
  expect(read(charCodec, '\\376')).toBe('\\376');
  expect(read(charCodec, int(1, 0))).toBe('');
});

describe('types of extensions that the test servers do not have', () => {
  test('geometry is EWKB, by bytes or hexadecimal digits', () => {
    const point = '0101000020E6100000000000000000F03F0000000000000040';
    const bytes = Uint8Array.from(Buffer.from(point, 'hex'));
    expect(read(geometryCodec, point)).toEqual(bytes);
    expect(read(geometryCodec, bytes)).toEqual(bytes);
  });

  test('vector is a list of 32-bit floats', () => {
    expect(read(vectorCodec, '[1,-2.5,0.1]')).toEqual([1, -2.5, Math.fround(0.1)]);
    const binary = concat(int(2, 3, 0), int(4, 0x3f800000, 0xc0200000, 0x3dcccccd));
    expect(read(vectorCodec, binary)).toEqual([1, -2.5, Math.fround(0.1)]);
    expect(read(vectorCodec, '[]')).toEqual([]);
  });
});

describe('composites whose type changed', () => {
  test.each([
    ['fewer attributes, text', '(1)'],
    ['more attributes, text', '(1,a,2)'],
    ['fewer attributes, binary', int(4, 1, 23, -1)],
    ['another type, binary', int(4, 2, 20, -1, 25, -1)],
  ])('%s', (_, bytes) => {
    expect(() => read(pair, bytes)).toThrow(TypeChanged);
  });
});

test('a value out of range within an escaped part is counted', () => {
  const dates = arrayCodec(arrayCodec(dateCodec, COMMA), COMMA);
  const column = createColumn(dates.field);
  const value = new WireValue();
  value.outOfRange = 'null';
  value.use(utf8('{"{\\"infinity\\",2000-01-01}"}'));
  value.end = value.bytes.length;
  dates.text(value, column);
  expect(column.value(0)).toEqual([[null, 10957]]);
  expect(value.nulled).toBe(1);
});
