import { describe, expect, it } from '@jest/globals';
import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { parsePredicate } from './parse-predicate.ts';
import {
  and,
  eq,
  ge,
  isNotNull,
  isNull,
  le,
  lt,
  ne,
  not,
  oneOf,
  or,
  startsWith,
} from './predicate.ts';
import type { Predicate } from './predicate.ts';

const field = (name: string, type: FieldType): Field => ({ id: 0, name, type, nullable: true });
const STRING = { kind: 'string' } as const;
const FIELDS = [
  field('i', { kind: 'int', bits: 64 }),
  field('f', { kind: 'float', bits: 64 }),
  field('d', { kind: 'decimal', precision: 10, scale: 2 }),
  field('s', STRING),
  field('b', { kind: 'binary' }),
  field('ok', { kind: 'boolean' }),
  field('t', { kind: 'timestamp', zone: 'utc' }),
  field('a "b`', { kind: 'struct', fields: [field('Größe', STRING)] }),
];

describe('a predicate as text', () => {
  it.each<[string, Predicate]>([
    ['i = 5', eq(['i'], 5n)],
    ["i<>'9223372036854775807'", ne(['i'], 9223372036854775807n)],
    ['i != -1', ne(['i'], -1n)],
    ['f < 1.5e3', lt(['f'], 1500)],
    ["f = 'NaN'", eq(['f'], NaN)],
    ['d >= 12.50', ge(['d'], '12.50')],
    ["s = 'it''s'", eq(['s'], "it's")],
    ["b = '00fF'", eq(['b'], Buffer.of(0, 255))],
    ['ok = TRUE', eq(['ok'], true)],
    ['s = null', eq(['s'], null)],
    ["t <= '2026-01-01T00:00:00Z'", le(['t'], '2026-01-01T00:00:00Z')],
    ['s is null', isNull(['s'])],
    ['s IS NOT NULL', isNotNull(['s'])],
    ['i IN (1, 2,null)', oneOf(['i'], [1n, 2n, null])],
    ['i NOT IN (1)', not(oneOf(['i'], [1n]))],
    ['i BETWEEN 1 AND 5', and(ge(['i'], 1n), le(['i'], 5n))],
    ["s LIKE 'ab%'", startsWith(['s'], 'ab')],
    ["s not like 'ab'", not(eq(['s'], 'ab'))],
    ['"a ""b`".Größe = \'x\'', eq(['a "b`', 'Größe'], 'x')],
    ['`a "b```.`Größe` IS NULL', isNull(['a "b`', 'Größe'])],
    [
      'i = 1 OR i = 2 AND NOT (ok = FALSE OR s IS NULL)',
      or(eq(['i'], 1n), and(eq(['i'], 2n), not(or(eq(['ok'], false), isNull(['s']))))),
    ],
    ['i BETWEEN 1 AND 5 AND ok = true', and(and(ge(['i'], 1n), le(['i'], 5n)), eq(['ok'], true))],
  ])('%s', (text, predicate) => {
    expect(parsePredicate(text, FIELDS)).toEqual(predicate);
  });

  it.each<[string, RegExp]>([
    ['', /character 1: a column/],
    ['i', /character 2: a comparison/],
    ['i =', /character 4: a value/],
    ['i = x', /character 5: a value is/],
    ['i = 1.5', /character 5: a value of the type int64/],
    ["f = 'x'", /character 5: a value of the type float64/],
    ['s = 1', /character 5: a value of the type string/],
    ["b = 'f'", /character 5: a value of the type binary/],
    ['i = 1 i = 2', /character 7: AND, OR or the end/],
    ['(i = 1', /character 7: \)/],
    ['i IN 1', /character 6: \(/],
    ['i IN (1', /character 8: \)/],
    ['i IS 1', /character 6: NULL/],
    ['i BETWEEN 1 OR 2', /character 13: AND/],
    ["s LIKE '%a'", /character 8: a text such as 'abc%'/],
    ['s LIKE 1', /character 8: a text such as/],
    ["s = 'open", /character 5: nothing begins so/],
    ['i ; 1', /character 3: nothing begins so/],
    ['absent = 1', /column absent is not there/],
  ])('%j is refused with its place', (text, says) => {
    expect(() => parsePredicate(text, FIELDS)).toThrow(
      expect.objectContaining({ code: 'lake/predicate', message: expect.stringMatching(says) }),
    );
  });
});
