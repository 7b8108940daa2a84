import { describe, expect, test } from '@jest/globals';
import { formatExactJson } from '@cdc-demo/lake-core';
import type { ExactJsonObject } from '@cdc-demo/lake-core';
import { formatMetadata } from './format-metadata.ts';

const metadata: ExactJsonObject = {
  'format-version': 3,
  location: 'file:/a "b"',
  'next-row-id': 9_007_199_254_740_993n,
  'current-snapshot-id': null,
  snapshots: [{ 'snapshot-id': 8_007_199_254_740_993_123n, summary: { 'added-rows': '1' } }],
  'partition-statistics': [],
  properties: { a: 'b' },
};

describe('formatMetadata', () => {
  test('gives the text of the whole', () => {
    expect(formatMetadata(metadata)).toBe(formatExactJson(metadata));
  });

  test('gives the same text again, and follows what is added', () => {
    formatMetadata(metadata);
    const more = { ...metadata, snapshots: [...(metadata['snapshots'] as []), { a: 2n }] };
    expect(formatMetadata(more)).toBe(formatExactJson(more));
    expect(formatMetadata(metadata)).toBe(formatExactJson(metadata));
  });
});
