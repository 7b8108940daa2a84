import { expect, test } from '@jest/globals';
import { formatExactJson } from '@cdc-demo/lake-core';
import type { ExactJsonObject } from '@cdc-demo/lake-core';
import { updateMetadata } from './metadata-update.ts';

const ID = 2n ** 62n + 1n;
const SNAPSHOT: ExactJsonObject = {
  'snapshot-id': ID,
  'sequence-number': 5n,
  'timestamp-ms': 2000,
  'first-row-id': 7n,
  'added-rows': 3n,
};

const base: ExactJsonObject = {
  'format-version': 3,
  'last-updated-ms': 1000,
  'last-sequence-number': 4,
  'next-row-id': 7,
  properties: { kept: 'yes' },
  'something-else': { of: ['another', 'writer'] },
};
const file = (json: ExactJsonObject) => ({ json, location: 'file:///t/metadata/v1.metadata.json' });

test('I1, I2, I3: a snapshot becomes the current one, and both logs say so', () => {
  const updated = updateMetadata(
    file(base),
    [
      { action: 'add-snapshot', snapshot: SNAPSHOT },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': ID },
      { action: 'set-properties', updates: { position: '1/2' } },
    ],
    2000,
  );
  expect(updated).toEqual({
    ...base,
    'last-updated-ms': 2000,
    'last-sequence-number': 5n,
    'next-row-id': 10n,
    'current-snapshot-id': ID,
    snapshots: [SNAPSHOT],
    refs: { main: { 'snapshot-id': ID, type: 'branch' } },
    'snapshot-log': [{ 'timestamp-ms': 2000, 'snapshot-id': ID }],
    'metadata-log': [
      { 'timestamp-ms': 1000, 'metadata-file': 'file:///t/metadata/v1.metadata.json' },
    ],
    properties: { kept: 'yes', position: '1/2' },
  });
  expect(formatExactJson(updated)).toContain(`"current-snapshot-id":${ID},`);
});

test('a branch beside the main one leaves the current snapshot alone', () => {
  const ref = { 'ref-name': 'audit', type: 'branch', 'snapshot-id': ID } as const;
  const updated = updateMetadata(file(base), [{ action: 'set-snapshot-ref', ...ref }], 2000);
  expect(updated['refs']).toEqual({ audit: { 'snapshot-id': ID, type: 'branch' } });
  expect(updated).not.toHaveProperty('current-snapshot-id');
});

test('the log of metadata files keeps as many as the table says, and time never goes back', () => {
  const log = [1, 2, 3].map((ms) => ({ 'timestamp-ms': ms, 'metadata-file': `${ms}` }));
  const json = {
    ...base,
    'metadata-log': log,
    properties: { 'write.metadata.previous-versions-max': '2' },
  };
  const updated = updateMetadata(file(json), [], 500);
  expect(updated['metadata-log']).toHaveLength(2);
  expect(updated['last-updated-ms']).toBe(1000);
});
