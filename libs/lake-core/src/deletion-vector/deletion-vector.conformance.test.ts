import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { fixturesFolder } from '@cdc-demo/cdc-testing';
import {
  encodeDeletionVectorPayload,
  frameDeletionVectorPayload,
  parseDeletionVectorPayload,
  unframeDeletionVectorPayload,
} from './deletion-vector-payload.ts';
import { DeletionVector } from './deletion-vector.ts';

const FIXTURES = fixturesFolder();

const read = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(FIXTURES, 'iceberg/puffin', name)));

const digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

describe('blobs written by Java Iceberg', () => {
  // The sets are those of Iceberg's TestBitmapPositionDeleteIndex: containers as array, runs and
  // bitmap in each of two bitmaps.
  const inBucket = (bucket: number): number[] => {
    const at = (container: number, low: number): number =>
      bucket * 2 ** 32 + container * 2 ** 16 + low;
    return bucket === 0
      ? [at(0, 5), at(0, 7), ...range(at(1, 1), at(1, 1000)), ...range(at(2, 1), at(2, 65535))]
      : [at(0, 10), at(0, 20), ...range(at(1, 10), at(1, 500)), ...range(at(2, 1), at(2, 65535))];
  };
  const cases: readonly (readonly [string, readonly number[]])[] = [
    ['empty-position-index.bin', []],
    ['small-alternating-values-position-index.bin', [1, 3, 5, 7, 9]],
    ['small-and-large-values-position-index.bin', [100, 101, 2147483747, 2147483748]],
    ['all-container-types-position-index.bin', [...inBucket(0), ...inBucket(1)]],
  ];

  test.each(cases)('%s is read, and written again byte by byte', (name, rows) => {
    const frame = read(name);
    const vector = parseDeletionVectorPayload(unframeDeletionVectorPayload(frame));
    expect(Float64Array.from(vector.rows())).toEqual(Float64Array.from(rows));
    expect(frameDeletionVectorPayload(encodeDeletionVectorPayload(vector))).toEqual(frame);
    expect(
      frameDeletionVectorPayload(encodeDeletionVectorPayload(DeletionVector.of(rows))),
    ).toEqual(frame);
  });

  test('single-blob-dv.puffin holds the frame at the offset of its footer', () => {
    const vector = parseDeletionVectorPayload(
      unframeDeletionVectorPayload(read('single-blob-dv.puffin'), 4),
    );
    expect([...vector.rows()]).toEqual([1, 3, 5, 7, 9]);
  });
});

describe('64-bit bitmaps', () => {
  const spread = range(0, 10).flatMap((key) => digits.map((low) => key * 2 ** 32 + low));
  const cases: readonly (readonly [string, readonly number[]])[] = [
    ['64mapempty.bin', []],
    ['64map32bitvals.bin', digits],
    ['64mapspreadvals.bin', spread],
  ];

  test.each(cases)('%s is read, runs or not', (name, rows) => {
    const bytes = read(name);
    const vector = DeletionVector.parse(bytes);
    expect(Float64Array.from(vector.rows())).toEqual(Float64Array.from(rows));
    expect(DeletionVector.parse(vector.serialize()).equals(vector)).toBe(true);
  });

  test('64maphighvals.bin, broken by a conversion to UTF-8, is refused', () => {
    expect(() => DeletionVector.parse(read('64maphighvals.bin'))).toThrow(/damaged/);
  });
});
