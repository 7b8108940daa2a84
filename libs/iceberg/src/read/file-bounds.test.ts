import type { FieldType } from '@cdc-demo/cdc-core';
import { describe, expect, test } from '@jest/globals';
import type { ContentFile } from '../manifest/manifest-file.ts';
import { fileBounds } from './file-bounds.ts';

const SPEC = { id: 0, fields: [] };
const file = (
  bytes: Uint8Array,
  nulls: readonly (readonly [number, number])[] = [],
): ContentFile => ({
  content: 'data',
  path: 'f',
  format: 'PARQUET',
  specId: 0,
  partition: ['eu'],
  recordCount: 1,
  sizeBytes: 1,
  metrics: {
    lower: new Map([[1, bytes]]),
    upper: new Map([[1, bytes]]),
    nullCounts: new Map(nulls),
    valueCounts: new Map([[1, 3]]),
  },
  isEncrypted: false,
  sequenceNumber: 1n,
  firstRowId: undefined,
  equalityIds: [],
  referencedDataFile: undefined,
  blob: undefined,
});
const field = (type: FieldType) => ({ id: 1, name: 'c', type, nullable: true });
const little = (value: bigint, size: 4 | 8): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes.subarray(0, size);
};

describe('bounds of a column in a file', () => {
  test.each([
    ['boolean', { kind: 'boolean' }, Uint8Array.of(1), 1],
    ['int', { kind: 'int', bits: 32 }, little(-5n, 4), -5],
    ['long', { kind: 'int', bits: 64 }, little(2n ** 62n, 8), 2n ** 62n],
    ['long that was int', { kind: 'int', bits: 64 }, little(7n, 4), 7],
    ['date', { kind: 'date' }, little(3n, 4), 3],
    ['time', { kind: 'time' }, little(3n, 8), 3n],
    ['timestamp', { kind: 'timestamp', zone: 'utc' }, little(9n, 8), 9n],
    [
      'timestamp that was date',
      { kind: 'timestamp', zone: 'none' },
      little(2n, 4),
      172_800_000_000n,
    ],
    ['decimal', { kind: 'decimal', precision: 9, scale: 2 }, Uint8Array.of(0xff, 0x38), -200n],
    ['string', { kind: 'string' }, Buffer.from('abc'), Buffer.from('abc')],
    ['float, which leaves out NaN', { kind: 'float', bits: 64 }, little(1n, 8), undefined],
    ['binary', { kind: 'binary' }, Uint8Array.of(1), undefined],
    ['int of a wrong size', { kind: 'int', bits: 32 }, Uint8Array.of(1), undefined],
    ['decimal of no size', { kind: 'decimal', precision: 9, scale: 2 }, Uint8Array.of(), undefined],
  ] as const)('of type %s', (_, type, bytes, expected) => {
    const { lower, upper } = fileBounds(file(bytes), SPEC, field(type));
    expect([lower, upper]).toEqual([expected, expected]);
  });

  test('know whether there are NULLs, as far as they were counted', () => {
    const nulls = (count?: number) =>
      fileBounds(
        file(little(1n, 4), count === undefined ? [] : [[1, count]]),
        SPEC,
        field({ kind: 'date' }),
      ).nulls;
    expect([nulls(), nulls(0), nulls(2), nulls(3)]).toEqual(['unknown', 'none', 'unknown', 'all']);
  });

  test('are the value of its partition, where rows have one', () => {
    const spec = {
      id: 0,
      fields: [{ fieldId: 1000, sourceIds: [1], name: 'r', transform: 'identity' }],
    };
    const bounds = fileBounds(file(Buffer.from('zz')), spec, field({ kind: 'string' }));
    expect(Buffer.from(bounds.lower as Uint8Array).toString()).toBe('eu');
    expect(bounds.nulls).toBe('none');
  });
});
