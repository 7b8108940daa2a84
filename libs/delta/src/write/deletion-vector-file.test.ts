import { describe, expect, it } from '@jest/globals';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import {
  DeletionVector,
  parseDeletionVectorPayload,
  unframeDeletionVectorPayload,
} from '@cdc-demo/lake-core';
import { writeDeletionVectors } from './deletion-vector-file.ts';
import { encodeZ85 } from './z85.ts';

function memoryStore(): { store: ObjectStore; objects: Map<string, Uint8Array> } {
  const objects = new Map<string, Uint8Array>();
  const put = async (key: string, body: Uint8Array): Promise<void> => {
    objects.set(key, body);
  };
  return { store: { put } as unknown as ObjectStore, objects };
}

const many = (from: number): DeletionVector =>
  DeletionVector.of(Array.from({ length: 500 }, (_, i) => from + i * 7));

describe('deletion vectors (D21)', () => {
  it('need no file when there are none', async () => {
    const { store, objects } = memoryStore();
    expect(await writeDeletionVectors(store, [])).toEqual({
      descriptors: [],
      key: undefined,
      bytes: 0,
    });
    expect(objects.size).toBe(0);
  });

  it('share a file, small ones too: version byte, then frames at their offsets', async () => {
    const { store, objects } = memoryStore();
    const vectors = [many(0), DeletionVector.of([1]), many(100_000)];
    const { descriptors, key, bytes } = await writeDeletionVectors(store, vectors);
    expect(key).toMatch(/^deletion_vector_[0-9a-f-]{36}\.bin$/);
    const file = objects.get(key!)!;
    expect(file[0]).toBe(1);
    expect(file.length).toBe(bytes);
    expect(descriptors.map(({ storageType }) => storageType)).toEqual(['u', 'u', 'u']);
    for (const i of vectors.keys()) {
      const { offset, sizeInBytes, cardinality, pathOrInlineDv } = descriptors[i]!;
      const payload = unframeDeletionVectorPayload(file, offset);
      expect(payload.length).toBe(sizeInBytes);
      expect(cardinality).toBe(vectors[i]!.cardinality);
      expect(parseDeletionVectorPayload(payload).equals(vectors[i]!)).toBe(true);
      expect(pathOrInlineDv).toHaveLength(20);
    }
  });

  it('Z85 encodes the example of its specification', () => {
    const bytes = Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b);
    expect(encodeZ85(bytes)).toBe('HelloWorld');
  });
});
