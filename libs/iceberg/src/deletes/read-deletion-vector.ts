import { parseDeletionVectorPayload, unframeDeletionVectorPayload } from '@cdc-demo/lake-core';
import type { DeletionVector } from '@cdc-demo/lake-core';
import { IcebergError } from '../errors.ts';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { TableFiles } from '../files/table-files.ts';

/**
 * The rows that a `deletion-vector-v1` blob deletes (Puffin specification, "Blob types"). Where it
 * stands is in the manifest; the footer of the Puffin file need not be read.
 * @throws IcebergError `iceberg/deletes-invalid`, `iceberg/file-missing`; LakeError
 * `lake/deletion-vector-corrupt`
 */
export async function readDeletionVector(
  { path, blob, recordCount }: ContentFile,
  files: TableFiles,
): Promise<DeletionVector> {
  if (!blob) throw invalid(path, 'the manifest does not say where it stands');
  const frame = await files.readRange(path, blob.offset, blob.offset + blob.bytes);
  const vector = parseDeletionVectorPayload(unframeDeletionVectorPayload(frame));
  if (vector.cardinality === recordCount) return vector;
  throw invalid(path, `it deletes ${vector.cardinality} rows instead of ${recordCount}`);
}

function invalid(path: string, what: string): IcebergError {
  return new IcebergError('iceberg/deletes-invalid', `A deletion vector in ${path}: ${what}`, {
    context: { path },
  });
}
