import { arbitraryPredicate, arbitraryType, arbitraryValue } from '@cdc-demo/cdc-testing';
import { canonicalRow } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bindPredicate, boundColumns } from '../../predicate/bound-predicate.ts';
import { matchingRows } from '../../predicate/matching-rows.ts';
import { possibleOutcomes } from '../../predicate/possible-outcomes.ts';
import type { ColumnBounds } from '../../predicate/possible-outcomes.ts';
import {
  and,
  eq,
  ge,
  gt,
  isNotNull,
  isNull,
  lt,
  ne,
  not,
  oneOf,
} from '../../predicate/predicate.ts';
import type { Predicate } from '../../predicate/predicate.ts';
import { madeFile, plain } from './made-file.fixture.ts';
import { MemoryStore } from './memory-store.fixture.ts';
import { ownFile } from './own-file.fixture.ts';
import type { ParquetFile } from './parquet-file.ts';
import { openBytes } from './read-rows.fixture.ts';
import type { RowPruning } from './row-pruning.ts';

const SEED = 4712;
const field = (name: string, type: FieldType): Field => ({ id: 0, name, type, nullable: true });
const LONG = field('n', { kind: 'int', bits: 64 });
const TEXT = field('s', { kind: 'string' });

function pruningBy(predicate: Predicate, fields: readonly Field[]): RowPruning {
  const bound = bindPredicate(predicate, fields);
  const columns = boundColumns(bound);
  const names = columns.map(({ path }) => path.join('.'));
  return {
    columns: columns.map(({ path }) => path),
    mayMatch: (bounds) =>
      possibleOutcomes(bound, ({ path }) => bounds[names.indexOf(path.join('.'))]!).someMatch,
  };
}

interface Found {
  /** Rows that were read, wanted or not. */
  readonly read: number;
  readonly rows: readonly string[];
}

async function find(
  file: ParquetFile,
  fields: readonly Field[],
  predicate: Predicate,
): Promise<Found & { readonly unpruned: readonly string[] }> {
  const matching = async (pruning?: RowPruning): Promise<Found> => {
    const bound = bindPredicate(predicate, fields);
    let read = 0;
    const rows: string[] = [];
    for await (const { rows: batch } of file.read({ fields, match: 'name', pruning })) {
      read += batch.length;
      matchingRows(bound, batch).forEach((is, row) => {
        if (is === 1) rows.push(canonicalRow(fields, batch.row(row)));
      });
    }
    return { read, rows };
  };
  const { rows: unpruned } = await matching();
  return { ...(await matching(pruningBy(predicate, fields))), unpruned };
}

describe('rows that cannot be wanted', () => {
  it('are left out and no others, whatever the types, row groups and pages', async () => {
    const arbitrary = fc
      .array(arbitraryType, { minLength: 1, maxLength: 3 })
      .map((types) => types.map((type, i) => field(`c${i}`, type)))
      .chain((fields) =>
        fc.record({
          fields: fc.constant(fields),
          rows: fc.array(fc.tuple(...fields.map(({ type }) => arbitraryValue(type))), {
            minLength: 1,
            maxLength: 24,
          }),
          rowGroupRows: fc.integer({ min: 1, max: 12 }),
          pageRows: fc.integer({ min: 1, max: 5 }),
        }),
      )
      .chain((one) =>
        fc.record({ one: fc.constant(one), predicate: arbitraryPredicate(one.fields, one.rows) }),
      );
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ one, predicate }) => {
        const { fields, rows, ...options } = one;
        const file = await openBytes(await ownFile(fields, rows, options));
        const { rows: found, unpruned } = await find(file, fields, predicate);
        expect(found).toEqual(unpruned);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  const rows = Array.from({ length: 1000 }, (_, i): FieldValue[] => [
    i % 10 === 9 ? null : BigInt(i),
    `k${String(i).padStart(4, '0')}`,
  ]);

  it.each<[string, Predicate, number, number]>([
    ['one page of one row group', eq('n', 345), 20, 1],
    ['pages at both sides of a value', and(ge('n', 405), lt('n', 415)), 40, 9],
    ['pages where two columns agree', and(lt('n', 300), gt('s', 'k0271')), 40, 25],
    ['nothing at all', oneOf('n', [-1, 1000]), 0, 0],
    ['what is known of NULL', and(isNull('n'), lt('s', 'k0020')), 20, 2],
    ['a negated comparison', not(ge('n', 15)), 20, 14],
    ['a column that the file lacks', and(isNotNull('absent'), ge('n', 0)), 0, 0],
    ['every row of what may match', ne('n', 5), 1000, 899],
  ])('are told by %s', async (_, predicate, read, count) => {
    const file = await openBytes(
      await ownFile([LONG, TEXT], rows, { rowGroupRows: 250, pageRows: 20 }),
    );
    const fields = [LONG, TEXT, field('absent', LONG.type)];
    const found = await find(file, fields, predicate);
    expect(found.rows).toEqual(found.unpruned);
    expect(found.rows).toHaveLength(count);
    expect(found.read).toBe(read);
  });

  it('are not fetched either', async () => {
    const store = new MemoryStore();
    const long = rows.map(([n, s]): FieldValue[] => [n!, (s as string).repeat(500)]);
    const bytes = await ownFile([LONG, TEXT], long, { pageRows: 20, compression: 'uncompressed' });
    const file = await openBytes(bytes, store);
    const before = store.bytesRead;
    const fields = [LONG, TEXT];
    const read = [];
    for await (const batch of file.read({
      fields,
      match: 'name',
      pruning: pruningBy(eq('n', 345), fields),
    })) {
      read.push(batch.firstRow, batch.rows.length);
    }
    expect(read).toEqual([340, 20]);
    expect(store.bytesRead - before).toBeLessThan(bytes.length / 10);
  });

  it('are told within the rows that are asked for', async () => {
    const file = await openBytes(
      await ownFile(
        [LONG],
        rows.map(([n]) => [n!]),
        { pageRows: 20 },
      ),
    );
    const positions: number[] = [];
    const pruning = pruningBy(ge('n', 500), [LONG]);
    const options = {
      fields: [LONG],
      match: 'name',
      rows: { start: 495, end: 525 },
      pruning,
    } as const;
    for await (const { firstRow, rows: batch } of file.read(options)) {
      positions.push(firstRow, batch.length);
    }
    expect(positions).toEqual([500, 25]);
  });
});

describe('statistics of others', () => {
  /** A file of one column with these statistics of its only row group. */
  const withStatistics = (
    schema: {
      name: string;
      type: 'DOUBLE' | 'INT96' | 'INT64' | 'BYTE_ARRAY';
      converted_type?: 'UTF8';
    },
    values: Uint8Array,
    statistics: object,
  ): Promise<ParquetFile> =>
    openBytes(
      madeFile({
        schema: [{ ...schema, repetition_type: 'REQUIRED' }],
        rows: 2,
        columns: [{ pages: [{ entries: 2, values }], metadata: { statistics } }],
      }),
    );
  const boundsIn = async (file: ParquetFile, wanted: Field): Promise<ColumnBounds | undefined> => {
    let seen: ColumnBounds | undefined;
    const pruning: RowPruning = {
      columns: [[0]],
      mayMatch: ([bounds]) => {
        seen = bounds;
        return false;
      },
    };
    for await (const _ of file.read({ fields: [wanted], match: 'name', pruning }))
      expect(_).toBeUndefined();
    return seen;
  };

  it('of floats are no upper bound, since NaN is not counted, and a NaN is no bound', async () => {
    const values = plain.double(1, NaN);
    const column = { name: 'd', type: 'DOUBLE' } as const;
    const wanted = field('d', { kind: 'float', bits: 64 });
    const file = await withStatistics(column, values, {
      min_value: 1,
      max_value: 1,
      null_count: 0n,
    });
    expect(await boundsIn(file, wanted)).toEqual({ lower: 1, upper: undefined, nulls: 'none' });
    const nan = await withStatistics(column, values, { min_value: NaN, max_value: NaN });
    expect(await boundsIn(nan, wanted)).toEqual({
      lower: undefined,
      upper: undefined,
      nulls: 'unknown',
    });
  });

  it('in the deprecated fields are not used', async () => {
    const column = { name: 's', type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
    const file = await withStatistics(column, plain.byteArrays('ä', 'z'), { min: 'ä', max: 'z' });
    expect(await boundsIn(file, TEXT)).toEqual({
      lower: undefined,
      upper: undefined,
      nulls: 'unknown',
    });
  });

  it('become bounds of the type that is wanted', async () => {
    const file = await withStatistics({ name: 'n', type: 'INT64' }, plain.int64(1n, 2n), {
      min_value: 1n,
      max_value: 2n,
    });
    const decimal = field('n', { kind: 'decimal', precision: 38, scale: 2 });
    expect(await boundsIn(file, decimal)).toEqual({ lower: 100n, upper: 200n, nulls: 'unknown' });
  });
});
