import { randomUUID } from 'node:crypto';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { FileRecord } from '../manifest/write-manifest.ts';
import { NO_DELETES } from './live-data-file.ts';
import type { LiveDataFile } from './live-data-file.ts';
import { puffinFile } from './puffin-file.ts';
import type { DeletesTarget, MarkedFile, WrittenDeletes } from './row-deletes.ts';

/** Makes deletion vectors durable in one new file (table specification, "Deletion Vectors"). */
export async function writeDeletionVectors(
  { store, location }: DeletesTarget,
  marked: readonly MarkedFile[],
): Promise<WrittenDeletes> {
  const vectors = marked.map(({ file, deleted }) => ({ path: file.path, rows: deleted }));
  const { bytes, blobs } = puffinFile(vectors);
  const key = `data/${randomUUID()}-deletes.puffin`;
  await store.put(key, bytes);
  const puffin = { path: `${location}/${key}`, sizeBytes: bytes.length };
  const written = marked.map(({ file, deleted }, i) => {
    const blob = blobs[i] ?? { offset: 0, bytes: 0 };
    return vectorOf(file, { ...puffin, blob, recordCount: deleted.cardinality });
  });
  return {
    records: written.map(({ record }) => record),
    files: marked.map(({ file }, i): LiveDataFile => {
      const { equality } = file.deletes;
      return { ...file, deletes: { ...NO_DELETES, vector: written[i]?.file, equality } };
    }),
    keys: [key],
    bytes: bytes.length,
  };
}

function vectorOf(
  { path: referencedDataFile, file }: LiveDataFile,
  vector: Pick<ContentFile, 'path' | 'sizeBytes' | 'recordCount'> & {
    readonly blob: NonNullable<ContentFile['blob']>;
  },
): { readonly record: FileRecord; readonly file: ContentFile } {
  const { path, sizeBytes, recordCount, blob } = vector;
  const record: FileRecord = {
    content: 1,
    file_path: path,
    spec_id: file.specId,
    partition: file.partition,
    file_format: 'PUFFIN',
    record_count: BigInt(recordCount),
    file_size_in_bytes: BigInt(sizeBytes),
    referenced_data_file: referencedDataFile,
    content_offset: BigInt(blob.offset),
    content_size_in_bytes: BigInt(blob.bytes),
  };
  const kind = { content: 'position-deletes', format: 'PUFFIN' } as const;
  return { record, file: { ...file, ...kind, ...vector, referencedDataFile } };
}
