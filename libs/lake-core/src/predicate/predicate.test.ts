import {
  arbitraryPredicate,
  arbitraryType,
  arbitraryValue,
  satisfies,
} from '@cdc-demo/cdc-testing';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bindPredicate, predicateColumns } from './bound-predicate.ts';
import { compareValues, isComparable, toComparable } from './comparable.ts';
import type { Comparable } from './comparable.ts';
import { matchingRows } from './matching-rows.ts';
import { exactBounds, possibleOutcomes } from './possible-outcomes.ts';
import type { ColumnBounds } from './possible-outcomes.ts';
import {
  and,
  eq,
  ge,
  gt,
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
import type { Literal, Predicate } from './predicate.ts';

const field = (name: string, type: FieldType): Field => ({ id: 0, name, type, nullable: true });
const SEED = 4711;

/** Fields of arbitrary types with some rows. */
const arbitraryRows = fc
  .array(arbitraryType, { minLength: 1, maxLength: 4 })
  .map((types) => types.map((type, i) => field(`c${i}`, type)))
  .chain((fields) =>
    fc.record({
      fields: fc.constant(fields),
      rows: fc.array(fc.tuple(...fields.map(({ type }) => arbitraryValue(type))), { maxLength: 6 }),
    }),
  );

const arbitraryCase = arbitraryRows.chain(({ fields, rows }) =>
  fc.record({
    fields: fc.constant(fields),
    rows: fc.constant(rows),
    predicate: arbitraryPredicate(fields, rows),
  }),
);

function batchOf(fields: readonly Field[], rows: readonly (readonly FieldValue[])[]): ColumnBatch {
  const batch = new ColumnBatch(fields);
  for (const row of rows) batch.appendRow(row);
  return batch;
}

function chosen(predicate: Predicate, fields: readonly Field[], rows: FieldValue[][]): number[] {
  const bytes = matchingRows(bindPredicate(predicate, fields), batchOf(fields, rows));
  return [...bytes.keys()].filter((row) => bytes[row] === 1);
}

/** The narrowest bounds of a column's values. */
function boundsOf(
  column: { value(row: number): FieldValue },
  type: FieldType,
  rows: number,
): ColumnBounds {
  const values = Array.from({ length: rows }, (_, row) => column.value(row));
  const present = values.filter((value) => value !== null);
  const nulls = present.length === rows ? 'none' : present.length === 0 ? 'all' : 'unknown';
  if (!isComparable(type)) return { lower: undefined, upper: undefined, nulls };
  const sorted: Comparable[] = present
    .map((value) => toComparable(type, value))
    .sort(compareValues);
  return { lower: sorted[0], upper: sorted.at(-1), nulls };
}

describe('a predicate', () => {
  it('chooses the rows that SQL chooses, of every type', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ fields, rows, predicate }) => {
        const expected = rows.flatMap((row, i) => (satisfies(predicate, row, fields) ? [i] : []));
        expect(chosen(predicate, fields, rows)).toEqual(expected);
      }),
      { seed: SEED, numRuns: 600 },
    );
  });

  it('is never possible where bounds exclude it, and certain only where all rows are chosen', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ fields, rows, predicate }) => {
        const bound = bindPredicate(predicate, fields);
        const batch = batchOf(fields, rows);
        const { someMatch, allMatch } = possibleOutcomes(bound, ({ path, type }) => {
          const [first = 0, ...rest] = path;
          let column = batch.columns[first] as unknown as {
            value(row: number): FieldValue;
            fields: never[];
          };
          for (const at of rest) column = column.fields[at]!;
          return boundsOf(column, type, rows.length);
        });
        const count = chosen(predicate, fields, rows).length;
        expect(someMatch || count === 0).toBe(true);
        expect(!allMatch || count === rows.length).toBe(true);
      }),
      { seed: SEED, numRuns: 600 },
    );
  });

  it('has builders that are plain data', () => {
    expect(and(eq('a', 1), or(not(isNull('b')), isNotNull(['c', 'd'])))).toEqual({
      and: [
        { column: 'a', is: '=', value: 1 },
        { or: [{ not: { column: 'b', isNull: true } }, { column: ['c', 'd'], isNull: false }] },
      ],
    });
    const built = [ne('a', 1), lt('a', 1), le('a', 1), gt('a', 1), ge('a', 1)];
    expect(built.map((one) => ('is' in one ? one.is : ''))).toEqual(['!=', '<', '<=', '>', '>=']);
    expect(
      predicateColumns(and(oneOf(['s', 'x'], [1]), or(startsWith('t', 'p'), eq('s', 1)))),
    ).toEqual(['s', 't']);
  });

  const INT = field('i', { kind: 'int', bits: 32 });

  it('knows NULL: neither a comparison nor its opposite is true', () => {
    const rows = [[1], [null], [2]];
    expect(chosen(eq('i', 1), [INT], rows)).toEqual([0]);
    expect(chosen(not(eq('i', 1)), [INT], rows)).toEqual([2]);
    expect(chosen(or(eq('i', null), ne('i', null)), [INT], rows)).toEqual([]);
    expect(chosen(not(oneOf('i', [1, null])), [INT], rows)).toEqual([]);
    expect(chosen(oneOf('i', []), [INT], rows)).toEqual([]);
    expect(chosen(and(), [INT], rows)).toEqual([0, 1, 2]);
    expect(chosen(or(), [INT], rows)).toEqual([]);
  });

  const DAY = Date.UTC(2026, 0, 2);

  it.each<[FieldType, Literal, FieldValue]>([
    [{ kind: 'int', bits: 64 }, 5, 5n],
    [{ kind: 'int', bits: 16 }, 5n, 5],
    [{ kind: 'float', bits: 32 }, 0.1, Math.fround(0.1)],
    [{ kind: 'float', bits: 64 }, NaN, NaN],
    [{ kind: 'float', bits: 64 }, 0, -0],
    [{ kind: 'decimal', precision: 9, scale: 2 }, '12.5', 1250n],
    [{ kind: 'decimal', precision: 38, scale: 2 }, 1250n, 1250n],
    [{ kind: 'date' }, '2026-01-02', DAY / 86_400_000],
    [{ kind: 'date' }, new Date(DAY), DAY / 86_400_000],
    [{ kind: 'timestamp', zone: 'utc' }, '2026-01-02T01:00:00+01:00', BigInt(DAY) * 1000n],
    [{ kind: 'timestamp', zone: 'none' }, '2026-01-02 00:00:00', BigInt(DAY) * 1000n],
    [{ kind: 'timestamp', zone: 'utc' }, new Date(DAY), BigInt(DAY) * 1000n],
    [{ kind: 'time' }, 1n, 1n],
    [
      { kind: 'uuid' },
      '00010203-0405-0607-0809-0A0B0C0D0E0F',
      '00010203-0405-0607-0809-0a0b0c0d0e0f',
    ],
  ])('of type %j takes %p for a value', (type, literal, value) => {
    expect(chosen(eq('c', literal), [field('c', type)], [[value], [null]])).toEqual([0]);
  });

  it.each<[FieldType, Literal]>([
    [{ kind: 'boolean' }, 1],
    [{ kind: 'int', bits: 32 }, 1.5],
    [{ kind: 'int', bits: 32 }, '1'],
    [{ kind: 'float', bits: 64 }, '1'],
    [{ kind: 'decimal', precision: 9, scale: 2 }, 12.5],
    [{ kind: 'decimal', precision: 9, scale: 2 }, '1.234'],
    [{ kind: 'date' }, '2026-02-30'],
    [{ kind: 'date' }, new Date(DAY + 1)],
    [{ kind: 'time' }, '00:00:01'],
    [{ kind: 'timestamp', zone: 'utc' }, '2026-01-02T00:00:00'],
    [{ kind: 'timestamp', zone: 'none' }, '2026-01-02T00:00:00Z'],
    [{ kind: 'timestamp', zone: 'utc' }, new Date(NaN)],
    [{ kind: 'string' }, 1],
    [{ kind: 'uuid' }, 'x'],
    [{ kind: 'binary' }, 'x'],
    [{ kind: 'json' }, '{}'],
    [{ kind: 'variant' }, '{}'],
    [{ kind: 'list', element: field('element', { kind: 'boolean' }) }, true],
  ])('of type %j refuses %p', (type, literal) => {
    expect(() => bindPredicate(eq('c', literal), [field('c', type)])).toThrow(
      expect.objectContaining({
        code: 'lake/predicate',
        context: expect.objectContaining({ column: 'c' }),
      }),
    );
  });

  it('finds columns at any depth, whatever their case, and says which is not there', () => {
    const fields = [
      field('S', { kind: 'struct', fields: [field('x', INT.type), field('X', INT.type)] }),
    ];
    expect(chosen(eq(['s', 'X'], 2), fields, [[{ x: 1, X: 2 }], [{ x: 2, X: 1 }], [null]])).toEqual(
      [0],
    );
    expect(
      chosen(isNull(['S', 'x']), fields, [[{ x: 1, X: 2 }], [{ x: null, X: 1 }], [null]]),
    ).toEqual([1, 2]);
    for (const path of ['t', ['S', 'y'], ['S', 'x', 'z'], []]) {
      expect(() => bindPredicate(isNull(path), fields)).toThrow(/is not there/);
    }
    expect(() => bindPredicate(startsWith(['S', 'x'], 'a'), fields)).toThrow(/no string/);
  });

  it('compares integers beyond the range of their column', () => {
    const LONG = field('l', { kind: 'int', bits: 64 });
    const rows = [[-(2n ** 63n)], [2n ** 63n - 1n], [0n]];
    expect(chosen(lt('l', 2n ** 70n), [LONG], rows)).toEqual([0, 1, 2]);
    expect(chosen(lt('l', -(2n ** 70n)), [LONG], rows)).toEqual([]);
    expect(chosen(ge('l', 2n ** 63n - 1n), [LONG], rows)).toEqual([1]);
    expect(chosen(gt('i', 2n ** 40n), [INT], [[2 ** 31 - 1]])).toEqual([]);
  });

  it('of a prefix is excluded by bounds before and behind it', () => {
    const predicate = bindPredicate(startsWith('s', 'b'), [field('s', { kind: 'string' })]);
    const within = (lower: string, upper: string): unknown =>
      possibleOutcomes(predicate, () => ({
        lower: Buffer.from(lower),
        upper: Buffer.from(upper),
        nulls: 'none',
      }));
    expect(within('a', 'az')).toEqual({ someMatch: false, allMatch: false });
    expect(within('c', 'd')).toEqual({ someMatch: false, allMatch: false });
    expect(within('a', 'c')).toEqual({ someMatch: true, allMatch: false });
    expect(within('b', 'bz')).toEqual({ someMatch: true, allMatch: true });
    expect(possibleOutcomes(predicate, () => exactBounds(undefined)).someMatch).toBe(false);
  });
});
