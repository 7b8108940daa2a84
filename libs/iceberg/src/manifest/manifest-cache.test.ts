import { expect, test } from '@jest/globals';
import type { TableFiles } from '../files/table-files.ts';
import { ManifestCache } from './manifest-cache.ts';

const snapshot = {
  id: 1n,
  parentId: undefined,
  sequenceNumber: 1n,
  timestampMs: 0,
  operation: 'append',
  summary: {},
  manifests: 'file:/table/metadata/list.avro',
  schemaId: undefined,
  firstRowId: undefined,
} as const;

test('a failed read is tried again', async () => {
  let reads = 0;
  const read = (): Promise<Uint8Array> => {
    reads++;
    return Promise.reject(new Error('the storage does not answer'));
  };
  const cache = new ManifestCache({ read } as unknown as TableFiles);
  await expect(cache.list(snapshot as never)).rejects.toThrow('does not answer');
  await expect(cache.list(snapshot as never)).rejects.toThrow('does not answer');
  expect(reads).toBe(2);
});

test('what was written here is not read', async () => {
  const read = (): Promise<Uint8Array> => Promise.reject(new Error('it was read'));
  const cache = new ManifestCache({ read } as unknown as TableFiles);
  cache.wrote('file:/table/metadata/a.avro', Uint8Array.of(1, 2));
  await expect(cache.read('file:/table/metadata/a.avro')).resolves.toEqual(Uint8Array.of(1, 2));
});
