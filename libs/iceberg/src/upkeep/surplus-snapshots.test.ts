import { describe, expect, it } from '@jest/globals';
import { parseTableMetadata } from '../metadata/parse-table-metadata.ts';
import { surplusSnapshots } from './surplus-snapshots.ts';

const DAY = 24 * 3600 * 1000;
const NOW = 100 * DAY;

/** Snapshots 1 to `count`, each after the one before, a day apart; the last one is of today. */
function surplus(
  count: number,
  {
    refs = {},
    properties = {},
    parents = {},
    maxSnapshots = 1000,
    maxSnapshotAgeMs,
  }: {
    readonly refs?: object;
    readonly properties?: object;
    readonly parents?: Readonly<Record<number, number>>;
    readonly maxSnapshots?: number;
    readonly maxSnapshotAgeMs?: number;
  } = {},
): (number | string)[] {
  const snapshots = Array.from({ length: count }, (_, i) => ({
    'snapshot-id': i + 1,
    'sequence-number': i + 1,
    ...(i > 0 ? { 'parent-snapshot-id': parents[i + 1] ?? i } : {}),
    'timestamp-ms': NOW - (count - 1 - i) * DAY,
    'manifest-list': `file:/t/metadata/snap-${i + 1}.avro`,
    summary: { operation: 'append' },
    'schema-id': 0,
  }));
  const metadata = parseTableMetadata(
    JSON.stringify({
      'format-version': 2,
      'table-uuid': '7c5ca8c4-8f4e-4e3a-9b0c-0e3c7c1f0a11',
      location: 'file:/t',
      'last-sequence-number': count,
      'last-updated-ms': NOW,
      'last-column-id': 0,
      'current-schema-id': 0,
      schemas: [{ type: 'struct', 'schema-id': 0, fields: [] }],
      'default-spec-id': 0,
      'partition-specs': [{ 'spec-id': 0, fields: [] }],
      'last-partition-id': 999,
      'default-sort-order-id': 0,
      'sort-orders': [{ 'order-id': 0, fields: [] }],
      properties,
      'current-snapshot-id': count,
      refs,
      snapshots,
    }),
    'test',
  );
  const { snapshots: found, refs: dropped } = surplusSnapshots(
    metadata,
    { maxSnapshots, maxSnapshotAgeMs },
    NOW,
  );
  return [...Array.from(found, Number), ...dropped];
}

describe('I31: surplusSnapshots', () => {
  it('keeps five days unless the table says otherwise', () => {
    expect(surplus(10)).toEqual([1, 2, 3, 4]);
    const properties = { 'history.expire.max-snapshot-age-ms': String(2 * DAY) };
    expect(surplus(10, { properties })).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('keeps so many at most, and as many as the table says at least', () => {
    expect(surplus(5, { maxSnapshots: 2 })).toEqual([1, 2, 3]);
    const properties = { 'history.expire.min-snapshots-to-keep': '9' };
    expect(surplus(10, { properties, maxSnapshots: 2 })).toEqual([1]);
  });

  it('keeps what tags name, and branches for as long as they say', () => {
    const refs = {
      main: { type: 'branch', 'snapshot-id': 10 },
      audit: { type: 'tag', 'snapshot-id': 2 },
    };
    expect(surplus(10, { refs })).toEqual([1, 3, 4]);
    const branch = { type: 'branch', 'snapshot-id': 4, 'min-snapshots-to-keep': 2 };
    expect(surplus(10, { refs: { ...refs, branch } })).toEqual([1]);
    const old = { ...branch, 'max-snapshot-age-ms': 100 * DAY };
    expect(surplus(10, { refs: { old } })).toEqual([]);
  });

  it('drops branches and tags that are too old, and what only they named, but never main', () => {
    const main = { type: 'branch', 'snapshot-id': 10, 'max-ref-age-ms': 1 };
    const tag = { type: 'tag', 'snapshot-id': 2, 'max-ref-age-ms': 7 * DAY };
    expect(surplus(10, { refs: { main, tag } })).toEqual([1, 2, 3, 4, 'tag']);
    const young = { ...tag, 'max-ref-age-ms': 8 * DAY };
    expect(surplus(10, { refs: { main, young } })).toEqual([1, 3, 4]);
    const { 'max-ref-age-ms': _, ...plain } = tag;
    const properties = { 'history.expire.max-ref-age-ms': String(DAY) };
    expect(surplus(10, { refs: { main, plain }, properties })).toEqual([1, 2, 3, 4, 'plain']);
  });

  it('an age that is given goes over that of the table, not over that of a branch', () => {
    expect(surplus(10, { maxSnapshotAgeMs: 0 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const main = { type: 'branch', 'snapshot-id': 10, 'max-snapshot-age-ms': 2 * DAY };
    expect(surplus(10, { refs: { main }, maxSnapshotAgeMs: 0 })).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('drops what no branch leads to', () => {
    expect(surplus(5, { parents: { 5: 3 } })).toEqual([4]);
  });
});
