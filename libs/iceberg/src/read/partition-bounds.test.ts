import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { compareValues, toComparable } from '@cdc-demo/lake-core';
import type { ColumnBounds } from '@cdc-demo/lake-core';
import type { ContentFile } from '../manifest/manifest-file.ts';
import { toAvro } from '../partition/partition-value.ts';
import { parseTransform, resultType, transformed } from '../partition/transform.ts';
import { partitionBounds } from './partition-bounds.ts';

const NO_METRICS = {
  lower: new Map(),
  upper: new Map(),
  nullCounts: new Map(),
  valueCounts: new Map(),
};

/** What is known of the rows of a file that has rows like this one, and no metrics. */
function boundsFor(text: string, type: FieldType, value: FieldValue): ColumnBounds {
  const transform = parseTransform(text);
  const result = transform && resultType(transform, type);
  if (!result) throw new Error(`${text} does not take ${type.kind}`);
  const file: ContentFile = {
    content: 'data',
    path: 'f',
    format: 'PARQUET',
    specId: 0,
    partition: [toAvro(transformed(transform, type, value), result)],
    recordCount: 1,
    sizeBytes: 1,
    metrics: NO_METRICS,
    isEncrypted: false,
    sequenceNumber: 0n,
    firstRowId: undefined,
    equalityIds: [],
    referencedDataFile: undefined,
    blob: undefined,
  };
  const spec = { id: 0, fields: [{ fieldId: 1000, sourceIds: [1], name: 'p', transform: text }] };
  const [bounds] = partitionBounds(file, spec, { id: 1, type });
  expect(partitionBounds(file, spec, { id: 2, type })).toEqual([]);
  if (!bounds) throw new Error('There are no bounds');
  return bounds;
}

const long = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
const time = fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n });
const day = fc.integer({ min: -1_000_000, max: 1_000_000 });
const TIMESTAMP: FieldType = { kind: 'timestamp', zone: 'utc' };
const DECIMAL: FieldType = { kind: 'decimal', precision: 20, scale: 2 };

test.each<[string, FieldType, fc.Arbitrary<FieldValue>]>([
  ['bucket[7]', { kind: 'int', bits: 64 }, long],
  ['bucket[7]', { kind: 'string' }, fc.string({ unit: 'grapheme' })],
  ['bucket[7]', { kind: 'uuid' }, fc.uuid()],
  ['bucket[7]', DECIMAL, long],
  ['truncate[10]', { kind: 'int', bits: 64 }, long],
  ['truncate[10]', { kind: 'int', bits: 32 }, fc.integer({ min: -(2 ** 30), max: 2 ** 30 })],
  ['truncate[10]', DECIMAL, long],
  ['truncate[2]', { kind: 'string' }, fc.string({ unit: 'grapheme' })],
  ['truncate[2]', { kind: 'binary' }, fc.uint8Array()],
  ['year', { kind: 'date' }, day],
  ['month', { kind: 'date' }, day],
  ['day', { kind: 'date' }, day],
  ['year', TIMESTAMP, time],
  ['month', TIMESTAMP, time],
  ['day', TIMESTAMP, time],
  ['hour', TIMESTAMP, time],
])('rows of a partition by %s of a %j are within its bounds', (transform, type, values) => {
  fc.assert(
    fc.property(values, (value) => {
      const { lower, upper, nulls, mayBe } = boundsFor(transform, type, value);
      const order = toComparable(type, value ?? 0);
      expect(nulls).toBe('none');
      if (lower !== undefined) expect(compareValues(lower, order)).toBeLessThanOrEqual(0);
      if (upper !== undefined) expect(compareValues(upper, order)).toBeGreaterThanOrEqual(0);
      expect(mayBe?.(order) ?? true).toBe(true);
      expect(lower !== undefined || mayBe !== undefined).toBe(true);
    }),
  );
});

test('bounds are those of the partition, and no wider', () => {
  const LONG: FieldType = { kind: 'int', bits: 64 };
  expect(boundsFor('truncate[10]', LONG, -1n)).toMatchObject({ lower: -10n, upper: -1n });
  expect(boundsFor('month', { kind: 'date' }, 31)).toMatchObject({ lower: 31, upper: 58 });
  expect(boundsFor('hour', TIMESTAMP, 1n)).toMatchObject({ lower: 0n, upper: 3_599_999_999n });
  expect(boundsFor('truncate[2]', { kind: 'string' }, 'abc')).toMatchObject({
    lower: Buffer.from('ab'),
    upper: Buffer.from('ac'),
  });
  const { mayBe } = boundsFor('bucket[16]', LONG, 34n);
  expect([34n, 34, 35, 34.5].map((value) => mayBe?.(value))).toEqual([true, true, false, true]);
  expect(boundsFor('day', TIMESTAMP, null)).toMatchObject({ nulls: 'all' });
});
