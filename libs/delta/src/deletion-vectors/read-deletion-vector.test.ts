import { describe, expect, it } from '@jest/globals';
import { formatUuid } from '@cdc-demo/cdc-core';
import { DeletionVector } from '@cdc-demo/lake-core';
import type { DeletionVectorDescriptor } from '../log/actions.ts';
import { MemoryStore } from '../snapshot/memory-store.fixture.ts';
import { writeDeletionVectors } from '../write/deletion-vector-file.ts';
import { decodeZ85 } from './decode-z85.ts';
import { readDeletionVector } from './read-deletion-vector.ts';

const spread = (from: number): DeletionVector =>
  DeletionVector.of(Array.from({ length: 100 }, (_, i) => from + i * 1000));

describe('a deletion vector', () => {
  it('D21: inline, the rows of the example in the protocol', async () => {
    // The text of the example itself is of a format before the one that the protocol describes.
    const descriptor = {
      storageType: 'i',
      pathOrInlineDv: '^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L',
      sizeInBytes: 44,
      cardinality: 6,
    } as const;
    const vector = await readDeletionVector(new MemoryStore(), descriptor);
    expect([...vector.rows()]).toEqual([3, 4, 7, 11, 18, 29]);
    expect(vector.cardinality).toBe(6);
  });

  it('D21: in files, one behind the other, is what was written', async () => {
    const store = new MemoryStore();
    const vectors = [spread(0), DeletionVector.of([1]), spread(2 ** 33)];
    const { descriptors } = await writeDeletionVectors(store, vectors);
    const read = await Promise.all(descriptors.map((d) => readDeletionVector(store, d)));
    expect(read.map((vector, i) => vector.equals(vectors[i]!))).toEqual([true, true, true]);
  });

  it('D21: is found below its prefix, by an absolute path, and without offset', async () => {
    const store = new MemoryStore();
    const { descriptors, key } = await writeDeletionVectors(store, [spread(0)]);
    const [descriptor] = descriptors as [DeletionVectorDescriptor];
    const { offset: _offset, ...first } = descriptor;
    expect((await readDeletionVector(store, first)).cardinality).toBe(100);
    const absolute = {
      ...descriptor,
      storageType: 'p',
      pathOrInlineDv: `${store.url}${key!}`,
    } as const;
    expect((await readDeletionVector(store, absolute)).cardinality).toBe(100);
    await store.put(`ab/${key!}`, (await store.get(key!))!);
    await store.delete(key!);
    const prefixed = { ...descriptor, pathOrInlineDv: `ab${descriptor.pathOrInlineDv}` };
    expect((await readDeletionVector(store, prefixed)).cardinality).toBe(100);
    const uuid = formatUuid(decodeZ85(descriptor.pathOrInlineDv));
    await expect(readDeletionVector(store, descriptor)).rejects.toMatchObject({
      code: 'delta/file-missing',
      message: expect.stringContaining(`deletion_vector_${uuid}.bin`),
    });
  });

  it('that is not what its descriptor says is refused', async () => {
    const store = new MemoryStore();
    const { descriptors } = await writeDeletionVectors(store, [spread(0)]);
    const [stored] = descriptors as [DeletionVectorDescriptor];
    const inline: DeletionVectorDescriptor = {
      storageType: 'i',
      pathOrInlineDv: '^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L',
      sizeInBytes: 44,
      cardinality: 6,
    };
    const wrong: readonly (readonly [DeletionVectorDescriptor, RegExp])[] = [
      [{ ...stored, cardinality: 99 }, /deletes 100 rows instead of 99/],
      [{ ...stored, sizeInBytes: stored.sizeInBytes + 4 }, /instead of/],
      [{ ...stored, pathOrInlineDv: 'short' }, /name of its file is too short/],
      [{ ...inline, sizeInBytes: inline.sizeInBytes + 4 }, /shorter than its size/],
      [{ ...inline, pathOrInlineDv: '"""""' }, /no Z85/],
    ];
    for (const [descriptor, message] of wrong) {
      await expect(readDeletionVector(store, descriptor)).rejects.toMatchObject({
        code: 'delta/deletion-vector',
        message: expect.stringMatching(message),
      });
    }
  });
});
