import { randomUUID } from 'node:crypto';
import { parseUuid } from '@cdc-demo/cdc-core';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { encodeDeletionVectorPayload, frameDeletionVectorPayload } from '@cdc-demo/lake-core';
import type { DeletionVector } from '@cdc-demo/lake-core';
import type { DeletionVectorDescriptor } from '../log/actions.ts';
import { encodeZ85 } from './z85.ts';

/** First byte of a deletion vector file. */
const FORMAT_VERSION = 1;

export interface WrittenVectors {
  /** One for each vector, in order. */
  readonly descriptors: readonly DeletionVectorDescriptor[];
  /** Key of the file that was written; undefined without a vector. */
  readonly key: string | undefined;
  readonly bytes: number;
}

/**
 * Makes deletion vectors durable in one new file (Delta protocol, "Deletion Vectors" and "Deletion
 * Vector File Storage Format"). None stands in the log itself, however small: VACUUM of Spark fails
 * on those.
 */
export async function writeDeletionVectors(
  store: ObjectStore,
  vectors: readonly DeletionVector[],
): Promise<WrittenVectors> {
  if (vectors.length === 0) return { descriptors: [], key: undefined, bytes: 0 };
  const id = randomUUID();
  const parts: Uint8Array[] = [Uint8Array.of(FORMAT_VERSION)];
  let offset = 1;
  const descriptors = vectors.map((vector): DeletionVectorDescriptor => {
    const payload = encodeDeletionVectorPayload(vector);
    const { cardinality } = vector;
    const descriptor: DeletionVectorDescriptor = {
      storageType: 'u',
      pathOrInlineDv: encodeZ85(parseUuid(id)),
      offset,
      sizeInBytes: payload.length,
      cardinality,
    };
    const frame = frameDeletionVectorPayload(payload);
    parts.push(frame);
    offset += frame.length;
    return descriptor;
  });
  const key = `deletion_vector_${id}.bin`;
  await store.put(key, Buffer.concat(parts));
  return { descriptors, key, bytes: offset };
}
