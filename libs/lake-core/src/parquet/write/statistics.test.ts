import { describe, expect, test } from '@jest/globals';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { arbitraryType, arbitraryValue } from '@cdc-demo/cdc-testing';
import fc from 'fast-check';
import { isNested, leafType } from '../format/schema-element.ts';
import { pageIndexes, writeFile } from './written-file.fixture.ts';
import type { Rows } from './written-file.fixture.ts';
import { boundValue, valueOrder } from './value-range.ts';

const field = (name: string, type: FieldType): Field => ({ id: 0, name, type, nullable: true });
const flat = arbitraryType.filter((type) => !isNested(type));
const oneColumn = (type: FieldType, values: readonly FieldValue[]) => ({
  fields: [field('a', type)],
  rows: values.map((value) => [value]) as Rows,
});

const bytesOf = (value: FieldValue): Uint8Array =>
  value instanceof Uint8Array ? value : Buffer.from(value as string);

const isShort = (value: FieldValue): boolean =>
  (typeof value !== 'string' && !(value instanceof Uint8Array)) || bytesOf(value).length <= 64;

/** The order of values, straight from what they mean. */
function compare(a: FieldValue, b: FieldValue): number {
  if (typeof a === 'string' || a instanceof Uint8Array)
    return Buffer.compare(bytesOf(a), bytesOf(b));
  return a! < b! ? -1 : a! > b! ? 1 : 0;
}

/** Least and greatest of the values that are neither null nor NaN, by sorting. */
function range(
  type: FieldType,
  values: readonly FieldValue[],
): { min: FieldValue; max: FieldValue } | 'none' {
  const sorted = values.filter((value) => value !== null && !Number.isNaN(value)).toSorted(compare);
  if (sorted.length === 0) return 'none';
  const [min, max] = [sorted[0]!, sorted.at(-1)!];
  if (type.kind !== 'float') return { min, max };
  return { min: min === 0 ? -0 : min, max: max === 0 ? 0 : max };
}

const columnOf = fc.tuple(flat, fc.boolean()).chain(([type, close]) =>
  fc.record({
    type: fc.constant(type),
    values: fc.array(close ? closeValue(type) : arbitraryValue(type), { maxLength: 60 }),
  }),
);

/** Values that differ late or only in their length. */
function closeValue(type: FieldType): fc.Arbitrary<FieldValue> {
  const tail = fc.array(fc.constantFrom(0, 1, 0x7f), { maxLength: 6 });
  const long = fc.constantFrom('', 'abc', 'abcdefgh', 'abcdefghi'.repeat(9));
  if (type.kind === 'string' || type.kind === 'json') {
    return fc.tuple(long, tail).map(([head, rest]) => head + String.fromCharCode(...rest));
  }
  if (type.kind === 'float') return fc.constantFrom<FieldValue>(0, -0, NaN, null, 1, -Infinity);
  return arbitraryValue(type);
}

describe('statistics', () => {
  test('of a file are exact for every type', async () => {
    await fc.assert(
      fc.asyncProperty(columnOf, async ({ type, values }) => {
        const { summary } = await writeFile(oneColumn(type, values), {
          pageRows: 9,
          rowGroupRows: 20,
        });
        const bounds = range(type, values);
        expect(summary.columns).toEqual([
          {
            path: ['a'],
            field: field('a', type),
            valueCount: values.length,
            nullCount: values.filter((value) => value === null).length,
            nanCount: values.filter(Number.isNaN).length,
            min: bounds === 'none' ? 'none' : { exact: bounds.min },
            max: bounds === 'none' ? 'none' : { exact: bounds.max },
            bytes: expect.any(Number),
          },
        ]);
      }),
      { numRuns: 400 },
    );
  });

  test('of pages are bounds of their values, and say which pages are null', async () => {
    await fc.assert(
      fc.asyncProperty(columnOf, async ({ type, values }) => {
        const pageRows = 5;
        const { bytes, metadata } = await writeFile(oneColumn(type, values), { pageRows });
        if (values.length === 0) return;
        const { columns } = pageIndexes(bytes, metadata.row_groups[0]!.columns[0]!);
        const pages: FieldValue[][] = [];
        for (let i = 0; i < values.length; i += pageRows) pages.push(values.slice(i, i + pageRows));
        const isNull = (page: FieldValue[]) => page.every((value) => value === null);
        if (pages.some((page) => range(type, page) === 'none' && !isNull(page))) {
          expect(columns).toBeUndefined();
          return;
        }
        expect(columns!.null_pages).toEqual(pages.map(isNull));
        expect(columns!.null_counts).toEqual(
          pages.map((page) => BigInt(page.filter((value) => value === null).length)),
        );
        pages.forEach((page, i) => {
          const bounds = range(type, page);
          if (bounds === 'none') return;
          const min = boundValue(type, columns!.min_values[i] as unknown as Uint8Array);
          const max = boundValue(type, columns!.max_values[i] as unknown as Uint8Array);
          if (isShort(bounds.min)) expect(min).toEqual(bounds.min);
          else expect(compare(min, bounds.min)).toBeLessThanOrEqual(0);
          if (isShort(bounds.max)) expect(max).toEqual(bounds.max);
          else expect(compare(max, bounds.max)).toBeGreaterThanOrEqual(0);
        });
      }),
      { numRuns: 400 },
    );
  });

  test('of a chunk say whether they are exact, and leave out what has no short bound', async () => {
    const statisticsOf = async (type: FieldType, values: readonly FieldValue[]) => {
      const { metadata } = await writeFile(oneColumn(type, values));
      return metadata.row_groups[0]!.columns[0]!.meta_data!.statistics;
    };
    expect(await statisticsOf({ kind: 'string' }, ['a', null, 'b'])).toMatchObject({
      null_count: 1n,
      min_value: 'a',
      max_value: 'b',
      is_min_value_exact: true,
      is_max_value_exact: true,
    });
    expect(await statisticsOf({ kind: 'string' }, ['a'.repeat(99)])).toMatchObject({
      min_value: 'a'.repeat(64),
      max_value: 'a'.repeat(63) + 'b',
      is_min_value_exact: false,
      is_max_value_exact: false,
    });
    const highest = await statisticsOf({ kind: 'binary' }, [new Uint8Array(99).fill(255)]);
    expect(highest).toMatchObject({ is_min_value_exact: false });
    expect(highest?.max_value).toBeUndefined();
    const nan = await statisticsOf({ kind: 'float', bits: 64 }, [Number.NaN]);
    expect(nan?.min_value).toBeUndefined();
  });

  test('of pages in ascending and descending order say so, null pages left aside', async () => {
    const order = async (values: readonly FieldValue[]) => {
      const table = oneColumn({ kind: 'int', bits: 64 }, values);
      const { bytes, metadata } = await writeFile(table, { pageRows: 2 });
      return pageIndexes(bytes, metadata.row_groups[0]!.columns[0]!).columns!.boundary_order;
    };
    expect(await order([1n, 2n, null, null, 2n, 9n])).toBe('ASCENDING');
    expect(await order([9n, 2n, null, null, 2n, 1n])).toBe('DESCENDING');
    expect(await order([1n, 2n, 0n, 1n, 5n, 6n])).toBe('UNORDERED');
    expect(await order([1n, 9n, 2n, 8n])).toBe('UNORDERED');
  });

  test('decimals wider than 64 bits are ordered by their sign first', () => {
    const type = { kind: 'decimal', precision: 30, scale: 2 } as const;
    expect(valueOrder(leafType(type))).toBe('signed bytes');
    expect(valueOrder(leafType({ kind: 'uuid' }))).toBe('unsigned bytes');
  });
});
