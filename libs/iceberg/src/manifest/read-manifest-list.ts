import { readAvro } from '../avro/object-container.ts';
import type { AvroRecord } from '../avro/avro-record.ts';
import { orInvalid } from '../errors.ts';
import type { Snapshot } from '../metadata/table-metadata.ts';
import type { TableFiles } from '../files/table-files.ts';
import type { ManifestFile } from './manifest-file.ts';

/** Field ids of a manifest list (table specification, "Manifest Lists"). */
const PATH = 500;
const SPEC_ID = 502;
const ADDED_SNAPSHOT_ID = 503;
const SEQUENCE_NUMBER = 515;
const CONTENT = 517;
const FIRST_ROW_ID = 520;

/**
 * The manifests of a snapshot.
 * @throws IcebergError `iceberg/file-missing`, `iceberg/manifest-corrupt`
 */
export async function readManifestList(
  { manifests }: Snapshot,
  files: Pick<TableFiles, 'read'>,
): Promise<readonly ManifestFile[]> {
  if (typeof manifests !== 'string') return manifests.map(withoutList);
  const bytes = await files.read(manifests);
  return orInvalid('iceberg/manifest-corrupt', `The manifest list ${manifests} is damaged`, () =>
    readAvro(bytes).records.map(toManifestFile),
  );
}

/** The first snapshots of the first version named their manifests themselves. */
function withoutList(path: string): ManifestFile {
  return {
    path,
    content: 'data',
    specId: undefined,
    sequenceNumber: 0n,
    firstRowId: undefined,
    snapshotId: undefined,
    record: undefined,
  };
}

function toManifestFile(record: AvroRecord): ManifestFile {
  return {
    path: record.string(PATH),
    content: record.optionalNumber(CONTENT) === 1 ? 'deletes' : 'data',
    specId: record.number(SPEC_ID),
    sequenceNumber: record.optionalLong(SEQUENCE_NUMBER) ?? 0n,
    firstRowId: record.optionalLong(FIRST_ROW_ID),
    snapshotId: record.optionalLong(ADDED_SNAPSHOT_ID),
    record,
  };
}
