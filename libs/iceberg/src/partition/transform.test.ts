import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDate, parseDate, parseTimestamp } from '@cdc-demo/cdc-core';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { toComparable } from '@cdc-demo/lake-core';
import { bucketHash } from './bucket-hash.ts';
import {
  formatTransform,
  parseTransform,
  resultType,
  startOfUnit,
  transformed,
} from './transform.ts';

const INT: FieldType = { kind: 'int', bits: 32 };
const LONG: FieldType = { kind: 'int', bits: 64 };
const DATE: FieldType = { kind: 'date' };
const TEXT: FieldType = { kind: 'string' };
const BINARY: FieldType = { kind: 'binary' };
const TIMESTAMP: FieldType = { kind: 'timestamp', zone: 'none' };
const day = (text: string): number => parseDate(text) ?? Number.NaN;
const micros = (text: string): bigint => parseTimestamp(text, undefined) ?? 0n;

/** Of the table specification, "Appendix B". */
test.each<[FieldType, NonNullable<FieldValue>, number]>([
  [INT, 34, 2017239379],
  [LONG, 34n, 2017239379],
  [{ kind: 'decimal', precision: 9, scale: 2 }, 1420n, -500754589],
  [DATE, day('2017-11-16'), -653330422],
  [{ kind: 'time' }, 81_068_000_000n, -662762989],
  [TIMESTAMP, micros('2017-11-16 22:31:08'), -2047944441],
  [TIMESTAMP, micros('2017-11-16 22:31:08.000001'), -1207196810],
  [TEXT, 'iceberg', 1210000089],
  [{ kind: 'uuid' }, 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 1488055340],
  [BINARY, Uint8Array.of(0, 1, 2, 3), -188683207],
])('I24: the hash of a %j %p', (type, value, hash) => {
  expect(bucketHash(type, toComparable(type, value))).toBe(hash);
});

const apply = (text: string, type: FieldType, value: FieldValue): FieldValue => {
  const transform = parseTransform(text);
  if (!transform) throw new Error(`no transform: ${text}`);
  expect(formatTransform(transform)).toBe(text);
  return transformed(transform, type, value);
};

test.each<[string, FieldType, FieldValue, FieldValue]>([
  ['identity', TEXT, 'a', 'a'],
  ['void', TEXT, 'a', null],
  ['bucket[16]', INT, 34, 3],
  ['bucket[16]', INT, null, null],
  ['truncate[10]', INT, 1, 0],
  ['truncate[10]', INT, -1, -10],
  ['truncate[10]', LONG, -10n, -10n],
  ['truncate[50]', { kind: 'decimal', precision: 9, scale: 2 }, 1065n, 1050n],
  ['truncate[3]', TEXT, 'iceberg', 'ice'],
  ['truncate[3]', TEXT, '😀😀😀😀', '😀😀😀'],
  ['truncate[3]', BINARY, Uint8Array.of(1, 2, 3, 4), Uint8Array.of(1, 2, 3)],
  ['year', DATE, day('2017-11-16'), 47],
  ['year', DATE, day('1969-12-31'), -1],
  ['month', DATE, day('2017-11-16'), 574],
  ['month', DATE, day('1969-12-01'), -1],
  ['day', TIMESTAMP, micros('2017-11-16 22:31:08'), 17486],
  ['day', TIMESTAMP, -1n, -1],
  ['hour', TIMESTAMP, micros('2017-11-16 22:31:08'), 419686],
  ['hour', TIMESTAMP, -1n, -1],
  ['year', TIMESTAMP, micros('0001-01-01 00:00:00'), -1969],
  ['month', DATE, day('0001-01-01'), -1969 * 12],
])('I24: %s of a %j %p is %p', (transform, type, value, expected) => {
  expect(apply(transform, type, value)).toEqual(expected);
});

describe('I24: transforms', () => {
  it('take the types that the specification has for them', () => {
    const type = (text: string, source: FieldType): FieldType | undefined => {
      const transform = parseTransform(text);
      return transform && resultType(transform, source);
    };
    expect(type('day', TIMESTAMP)).toEqual(DATE);
    expect(type('hour', TIMESTAMP)).toEqual(INT);
    expect(type('hour', DATE)).toBeUndefined();
    expect(type('bucket[4]', TEXT)).toEqual(INT);
    expect(type('bucket[4]', { kind: 'boolean' })).toBeUndefined();
    expect(type('truncate[4]', LONG)).toEqual(LONG);
    expect(type('truncate[4]', DATE)).toBeUndefined();
    expect(type('identity', { kind: 'float', bits: 64 })).toBeUndefined();
    expect(
      type('identity', { kind: 'list', element: { id: 1, name: 'e', type: INT, nullable: true } }),
    ).toBeUndefined();
  });

  it.each(['bucket[0]', 'bucket', 'bucket[-1]', 'truncate[x]', 'days', 'bucket[4294967296]', ''])(
    '%p is none',
    (text) => {
      expect(parseTransform(text)).toBeUndefined();
    },
  );

  it('of time begin where they say, for every date', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -3_000_000, max: 3_000_000 }),
        fc.constantFrom('year', 'month', 'day'),
        (date, unit) => {
          const units = apply(unit, DATE, date) as number;
          expect(startOfUnit(unit, DATE, units)).toBeLessThanOrEqual(date);
          expect(startOfUnit(unit, DATE, units + 1)).toBeGreaterThan(date);
          const start = startOfUnit(unit, DATE, units) as number;
          if (start < day('0001-01-01') || start > day('9999-01-01')) return;
          const expected = { year: /-01-01$/, month: /-01$/, day: /./ }[unit];
          expect(formatDate(start)).toMatch(expected);
        },
      ),
    );
  });
});
