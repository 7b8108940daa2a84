import { encodeDeletionVectorPayload, frameDeletionVectorPayload } from '@cdc-demo/lake-core';
import type { DeletionVector } from '@cdc-demo/lake-core';
import { ENGINE_INFO } from './engine-info.ts';

const MAGIC = Buffer.from('PFA1');
/** What Iceberg's own library names as the field of a deletion vector. */
const ROW_POSITION = 2147483645;
const NO_FLAGS = Buffer.alloc(4);

/** The rows of a data file that are deleted. */
export interface FileVector {
  /** The data file as the manifest spells it. */
  readonly path: string;
  readonly rows: DeletionVector;
}

export interface PuffinFile {
  readonly bytes: Uint8Array;
  /** Where each vector stands, in order. */
  readonly blobs: readonly { readonly offset: number; readonly bytes: number }[];
}

/** Deletion vectors in a Puffin file (Puffin specification, "deletion-vector-v1"). */
export function puffinFile(vectors: readonly FileVector[]): PuffinFile {
  const parts: Uint8Array[] = [MAGIC];
  let offset = MAGIC.length;
  const blobs = vectors.map(({ rows }) => {
    const frame = frameDeletionVectorPayload(encodeDeletionVectorPayload(rows));
    const blob = { offset, bytes: frame.length };
    parts.push(frame);
    offset += frame.length;
    return blob;
  });
  const footer = Buffer.from(
    JSON.stringify({
      blobs: vectors.map(({ path, rows }, i) => ({
        type: 'deletion-vector-v1',
        fields: [ROW_POSITION],
        'snapshot-id': -1,
        'sequence-number': -1,
        offset: blobs[i]?.offset,
        length: blobs[i]?.bytes,
        properties: { 'referenced-data-file': path, cardinality: String(rows.cardinality) },
      })),
      properties: { 'created-by': ENGINE_INFO },
    }),
  );
  const size = Buffer.alloc(4);
  size.writeInt32LE(footer.length);
  return { bytes: Buffer.concat([...parts, MAGIC, footer, size, NO_FLAGS, MAGIC]), blobs };
}
