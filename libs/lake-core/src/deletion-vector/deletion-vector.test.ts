import { describe, expect, test } from '@jest/globals';
import { isCdcError } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { RoaringBitmap32, roaringLibraryInitialize } from 'roaring-wasm';
import { DeletionVector } from './deletion-vector.ts';

await roaringLibraryInitialize();

const TWO_32 = 2 ** 32;

/** Rows as deletions really lie: single ones, runs, dense stretches, far apart. */
const rowSets = fc
  .array(
    fc.oneof(
      fc.nat(300_000).map((row) => [row]),
      fc
        .tuple(fc.nat(300_000), fc.integer({ min: 1, max: 9_000 }))
        .map(([from, length]) => Array.from({ length }, (_, i) => from + i)),
      fc
        .tuple(fc.nat(100_000), fc.integer({ min: 2, max: 5 }), fc.nat(20_000))
        .map(([from, step, length]) => Array.from({ length }, (_, i) => from + i * step)),
      fc.integer({ min: 0, max: TWO_32 - 1 }).map((row) => [row]),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.flat());

/** The 64-bit form with one bucket for each high half, made by CRoaring. */
function oracleBytes(rows: readonly number[], optimise: boolean): Uint8Array {
  const buckets = new Map<number, number[]>();
  for (const row of rows) {
    const key = Math.floor(row / TWO_32);
    const lows = buckets.get(key) ?? [];
    lows.push(row % TWO_32);
    buckets.set(key, lows);
  }
  const parts = [...buckets].sort(([a], [b]) => a - b);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(parts.length, 0);
  const chunks: Uint8Array[] = [head];
  for (const [key, lows] of parts) {
    const bitmap = new RoaringBitmap32(lows);
    if (optimise) bitmap.runOptimize();
    const keyBytes = Buffer.alloc(4);
    keyBytes.writeUInt32LE(key, 0);
    chunks.push(keyBytes, Buffer.from(bitmap.serialize('portable')));
    bitmap.dispose();
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function sorted(rows: Iterable<number>): Float64Array {
  return Float64Array.from(new Set(rows)).sort();
}

/** Compares long lists of rows without the cost of a deep comparison. */
function same(actual: Iterable<number>, expected: Float64Array): boolean {
  return Buffer.from(Float64Array.from(actual).buffer).equals(Buffer.from(expected.buffer));
}

describe('DeletionVector', () => {
  test('is read by CRoaring and reads what CRoaring writes, with and without runs', () => {
    fc.assert(
      fc.property(rowSets, fc.boolean(), (rows, optimise) => {
        const expected = sorted(rows);
        const vector = DeletionVector.of(rows);
        expect(vector.cardinality).toBe(expected.length);
        const bytes = vector.serialize();
        if (expected.length > 0) {
          const oracle = RoaringBitmap32.deserialize(bytes.subarray(12), 'portable');
          expect(same(oracle, expected)).toBe(true);
          oracle.dispose();
        }
        const parsed = DeletionVector.parse(oracleBytes(rows, optimise));
        expect(same(parsed.rows(), expected)).toBe(true);
        expect(Buffer.compare(parsed.serialize(), bytes)).toBe(0);
        expect(parsed.equals(vector)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('takes no more bytes than CRoaring takes after run optimisation', () => {
    fc.assert(
      fc.property(rowSets, (rows) => {
        fc.pre(rows.length > 0);
        const own = DeletionVector.of(rows).serialize().length;
        expect(own).toBeLessThanOrEqual(oracleBytes(rows, true).length + 4);
      }),
      { numRuns: 40 },
    );
  });

  test('rows are added to whatever container was read', () => {
    fc.assert(
      fc.property(rowSets, rowSets, (before, added) => {
        const vector = DeletionVector.parse(oracleBytes(before, true));
        const count = vector.addRows(added);
        const expected = sorted([...before, ...added]);
        expect(same(vector.rows(), expected)).toBe(true);
        expect(count).toBe(expected.length - new Set(before).size);
        expect(vector.cardinality).toBe(expected.length);
        expect(added.every((row) => vector.has(row))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('rows of 2^32 and above have buckets of their own', () => {
    const rows = [0, 7, TWO_32 - 1, TWO_32, TWO_32 + 7, 5 * TWO_32 + 1, Number.MAX_SAFE_INTEGER];
    const vector = DeletionVector.of([...rows].reverse());
    expect([...vector.rows()]).toEqual(rows);
    expect(vector.serialize()).toEqual(oracleBytes(rows, true));
    expect(DeletionVector.parse(vector.serialize()).equals(vector)).toBe(true);
    expect(rows.every((row) => vector.has(row))).toBe(true);
    expect([1, TWO_32 + 8, 2 * TWO_32].some((row) => vector.has(row))).toBe(false);
  });

  test('add tells whether the row is new', () => {
    const vector = new DeletionVector();
    expect(vector.add(3)).toBe(true);
    expect(vector.add(3)).toBe(false);
    expect(vector.addAll(DeletionVector.of([3, 4, TWO_32]))).toBe(2);
    expect(vector.cardinality).toBe(3);
  });

  test('a clone is independent of its original', () => {
    const dense = Array.from({ length: 5_000 }, (_, i) => i * 2);
    const original = DeletionVector.of([...dense, TWO_32]);
    const copy = original.clone();
    copy.addRows([1, TWO_32 + 1]);
    const runs = DeletionVector.parse(DeletionVector.of(dense.map((_, i) => i)).serialize());
    expect(runs.clone().equals(runs)).toBe(true);
    expect(DeletionVector.of([70_000, 1]).clone().has(70_000)).toBe(true);
    expect(original.cardinality).toBe(5_001);
    expect(original.has(1)).toBe(false);
    expect(copy.cardinality).toBe(5_003);
    expect(copy.equals(original)).toBe(false);
    expect(original.equals(original.clone())).toBe(true);
    expect(DeletionVector.of([1]).equals(DeletionVector.of([2]))).toBe(false);
  });

  test('mark sets the rows of a stretch and no other', () => {
    fc.assert(
      fc.property(rowSets, fc.nat(200_000), fc.nat(70_000), (rows, first, length) => {
        const mask = new Uint8Array(length);
        DeletionVector.of([...rows, TWO_32 + 5]).mark(first, mask);
        const set = new Set(rows);
        expect(mask.every((bit, i) => (bit === 1) === set.has(first + i))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('refuses what is no row number', () => {
    const vector = new DeletionVector();
    for (const row of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => vector.add(row)).toThrow(RangeError);
    }
  });
});

describe('DeletionVector.parse on hostile bytes', () => {
  const header = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const arrays = [0x3a, 0x30, 0, 0];
  const runs = (count: number): number[] => [0x3b, 0x30, count - 1, 0];

  const cases: readonly (readonly [string, readonly number[], RegExp])[] = [
    ['no bytes', [], /too early/],
    ['more bitmaps than bytes', [255, 255, 255, 255, 255, 255, 255, 255], /too early/],
    ['an unknown cookie', [...header, 1, 2, 3, 4, 0, 0, 0, 0], /unknown cookie/],
    ['too many containers', [...header, ...arrays, 1, 0, 1, 0], /65 536/],
    ['a cut header', [...header, ...arrays, 1, 0, 0, 0], /too early/],
    [
      'a wrong offset',
      [...header, ...arrays, 1, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 1, 0],
      /offset of a container/,
    ],
    [
      'values out of order',
      [...header, ...arrays, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 5, 0, 5, 0],
      /values of an array/,
    ],
    [
      'containers out of order',
      [
        ...[...header, ...arrays, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
        ...[24, 0, 0, 0, 26, 0, 0, 0, 1, 0, 2, 0],
      ],
      /containers are not in order/,
    ],
    [
      'runs out of order',
      [...header, ...runs(1), 1, 0, 0, 1, 0, 2, 0, 5, 0, 0, 0, 5, 0, 0, 0],
      /runs of a container/,
    ],
    [
      'a run past the end',
      [...header, ...runs(1), 1, 0, 0, 1, 0, 1, 0, 255, 255, 1, 0],
      /passes the end/,
    ],
    [
      'another cardinality than its runs',
      [...header, ...runs(1), 1, 0, 0, 9, 0, 1, 0, 5, 0, 1, 0],
      /run container has another/,
    ],
    ['bytes behind the end', [...header, ...arrays, 0, 0, 0, 0, 9], /behind its end/],
    [
      'bitmaps out of order',
      [2, 0, 0, 0, 0, 0, 0, 0, ...[0, 0, 0, 0], ...arrays, 0, 0, 0, 0].concat(
        [0, 0, 0, 0],
        arrays,
        [0, 0, 0, 0],
      ),
      /bitmaps are not in order/,
    ],
    [
      'a row above 2^53',
      [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, ...arrays, 0, 0, 0, 0],
      /above 2\^53/,
    ],
  ];

  test.each(cases)('%s', (_, bytes, message) => {
    const error = thrownBy(() => DeletionVector.parse(Uint8Array.from(bytes)));
    expect(isCdcError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'lake/deletion-vector-corrupt' });
    expect((error as Error).message).toMatch(message);
  });

  test('a bitmap container whose bits do not match its cardinality', () => {
    const bytes = DeletionVector.of(Array.from({ length: 10_000 }, (_, i) => i * 3)).serialize();
    bytes[bytes.length - 5_000] = (bytes[bytes.length - 5_000] ?? 0) ^ 1;
    expect(() => DeletionVector.parse(bytes)).toThrow(/another cardinality/);
  });

  test('any damage gives an error or a vector, never another exception', () => {
    const rows = [1, 5, 9, ...Array.from({ length: 300 }, (_, i) => 70_000 + i), TWO_32 + 1];
    const good = DeletionVector.of(rows).serialize();
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, cut) => {
        const bytes = good.slice(0, cut);
        if (at < bytes.length) bytes[at] = value;
        const error = thrownBy(() => DeletionVector.parse(bytes));
        expect(error === undefined || isCdcError(error)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
