import { describe, expect, test } from '@jest/globals';
import { parseTableMetadata } from './parse-table-metadata.ts';

const FIELDS = [{ id: 1, name: 'id', type: 'long', required: true }];
const FIRST = {
  'format-version': 1,
  location: 'file:///t/',
  'last-updated-ms': 5,
  schema: { type: 'struct', fields: FIELDS },
  'partition-spec': [{ name: 'day', 'source-id': 1, transform: 'day' }],
  'current-snapshot-id': -1,
};
const SECOND = {
  'format-version': 2,
  'table-uuid': 'u',
  location: 's3://b/t',
  'last-sequence-number': 3,
  'last-updated-ms': 5,
  'last-column-id': 1,
  'last-partition-id': 999,
  'current-schema-id': 0,
  schemas: [{ type: 'struct', 'schema-id': 0, fields: FIELDS }],
  'default-spec-id': 0,
  'partition-specs': [{ 'spec-id': 0, fields: [] }],
  'default-sort-order-id': 0,
  'sort-orders': [{ 'order-id': 0, fields: [] }],
  'current-snapshot-id': 7,
  snapshots: [{ 'snapshot-id': 7, 'timestamp-ms': 4, 'manifest-list': 'l' }],
};

const parse = (json: object) => parseTableMetadata(JSON.stringify(json), 'v1.metadata.json');

describe('table metadata', () => {
  test('of the first version say less, and name manifests themselves', () => {
    expect(parse(FIRST)).toMatchObject({
      formatVersion: 1,
      uuid: undefined,
      location: 'file:///t',
      currentSnapshotId: undefined,
      currentSchemaId: 0,
      specs: [{ id: 0, fields: [{ fieldId: 1000, sourceIds: [1], transform: 'day' }] }],
      refs: [],
    });
    const snapshots = [{ 'snapshot-id': 7, 'timestamp-ms': 4, manifests: ['a', 'b'] }];
    expect(parse({ ...FIRST, snapshots, 'current-snapshot-id': 7 })).toMatchObject({
      currentSnapshotId: 7n,
      snapshots: [{ id: 7n, sequenceNumber: 0n, manifests: ['a', 'b'], operation: undefined }],
      refs: [{ name: 'main', type: 'branch', snapshotId: 7n }],
    });
  });

  test('I2: keep ids of 63 bits', () => {
    const text = JSON.stringify(SECOND).replaceAll('-id":7', '-id":9223372036854775807');
    expect(parseTableMetadata(text, 'm').currentSnapshotId).toBe(2n ** 63n - 1n);
  });

  test.each([
    [{ 'format-version': 4 }, 'has version 4 of the format'],
    [{ 'current-schema-id': 1 }, 'the current schema 1 is missing'],
    [{ 'default-spec-id': 1 }, 'the default partition spec 1 is missing'],
    [{ 'default-sort-order-id': 1 }, 'the default sort order 1 is missing'],
    [{ 'current-snapshot-id': 8 }, 'the current snapshot 8 is missing'],
    [{ 'table-uuid': undefined }, 'metadata.table-uuid is not a string'],
    [{ snapshots: {} }, 'metadata.snapshots is not a list'],
    [{ refs: { a: { type: 'fork', 'snapshot-id': 7 } } }, 'refs.a is a fork'],
    [{ refs: { a: { type: 'tag', 'snapshot-id': 8 } } }, 'refs.a has a snapshot that is missing'],
    [{ schemas: [{ type: 'list', fields: [] }] }, 'a schema is no struct'],
    [{ 'format-version': 3 }, 'metadata.next-row-id is not an integer'],
  ])('with %j are refused: %s', (change, message) => {
    expect(() => parse({ ...SECOND, ...change })).toThrow(message);
  });

  test('that are no JSON are refused', () => {
    expect(() => parseTableMetadata('{', 'm')).toThrow('The metadata file m is not valid');
  });
});
