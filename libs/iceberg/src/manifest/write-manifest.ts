import { formatExactJson } from '@cdc-demo/lake-core';
import type { ExactJson } from '@cdc-demo/lake-core';
import { copyFields } from '../avro/record-schema.ts';
import { writeAvro } from '../avro/write-object-container.ts';
import { dataFileFields, manifestEntrySchema } from './manifest-schema.ts';
import type { WrittenVersion } from './manifest-schema.ts';
import type { ManifestEntry } from './read-manifest.ts';

const EXISTING = 0;
const ADDED = 1;
const DELETED = 2;

/** A data file or delete file as a manifest has it, its partition left out: by field names. */
export interface FileRecord {
  readonly file_path: string;
  readonly record_count: bigint;
  readonly file_size_in_bytes: bigint;
  readonly [name: string]: unknown;
}

/** What a manifest says of itself. */
export interface ManifestHead {
  readonly version: WrittenVersion;
  readonly content: 'data' | 'deletes';
  /** The table's current schema, as its metadata has it. */
  readonly schema: ExactJson;
  readonly schemaId: number;
  readonly specId: number;
  readonly snapshotId: bigint;
  readonly sequenceNumber: bigint;
}

/** Entries of a new manifest; those that another manifest had keep what they inherited there. */
export interface ManifestContent {
  readonly added: readonly FileRecord[];
  readonly existing: readonly ManifestEntry[];
  readonly deleted: readonly ManifestEntry[];
}

/**
 * Writes a manifest of files without partition (table specification, "Manifests"). Added files
 * inherit the sequence number of the snapshot, so that the manifest holds whatever it will be.
 */
export function writeManifest(head: ManifestHead, content: ManifestContent): Uint8Array {
  const { version, snapshotId } = head;
  const keep = (status: number, entry: ManifestEntry): object => ({
    status,
    snapshot_id: status === DELETED ? snapshotId : (entry.snapshotId ?? null),
    sequence_number: entry.file.sequenceNumber,
    file_sequence_number: entry.fileSequenceNumber,
    data_file: copyFile(entry, version),
  });
  const entries = [
    ...content.added.map((file) => ({
      status: ADDED,
      snapshot_id: snapshotId,
      sequence_number: null,
      file_sequence_number: null,
      data_file: { ...emptyFile(version), ...file },
    })),
    ...content.existing.map((entry) => keep(EXISTING, entry)),
    ...content.deleted.map((entry) => keep(DELETED, entry)),
  ];
  return writeAvro(manifestEntrySchema(version), entries, {
    schema: formatExactJson(head.schema as object),
    'schema-id': String(head.schemaId),
    'partition-spec': '[]',
    'partition-spec-id': String(head.specId),
    'format-version': String(version),
    content: head.content,
  });
}

/** What the manifest list says of the manifest ("Manifest Lists"). */
export function manifestRecord(
  head: ManifestHead,
  content: ManifestContent,
  written: { readonly path: string; readonly bytes: number },
): Record<string, unknown> {
  const { added, existing, deleted } = content;
  const live = existing.map(({ file }) => file.sequenceNumber);
  if (added.length > 0 || live.length === 0) live.push(head.sequenceNumber);
  return {
    manifest_path: written.path,
    manifest_length: BigInt(written.bytes),
    partition_spec_id: head.specId,
    content: head.content === 'data' ? 0 : 1,
    sequence_number: head.sequenceNumber,
    min_sequence_number: live.reduce((least, each) => (each < least ? each : least)),
    added_snapshot_id: head.snapshotId,
    added_files_count: added.length,
    existing_files_count: existing.length,
    deleted_files_count: deleted.length,
    added_rows_count: added.reduce((sum, file) => sum + file.record_count, 0n),
    existing_rows_count: rowsOf(existing),
    deleted_rows_count: rowsOf(deleted),
    partitions: [],
    key_metadata: null,
    first_row_id: null,
  };
}

/** A data file as it is added to another table: rows get their ids there. */
export function fileRecord({ record }: ManifestEntry): FileRecord {
  return { ...copyFields(record, dataFileFields(3)), first_row_id: null } as unknown as FileRecord;
}

function rowsOf(entries: readonly ManifestEntry[]): bigint {
  return entries.reduce((sum, { file }) => sum + BigInt(file.recordCount), 0n);
}

function emptyFile(version: WrittenVersion): Record<string, unknown> {
  const fields = dataFileFields(version).map(({ name }): [string, unknown] => [name, null]);
  return { ...Object.fromEntries(fields), partition: {} };
}

/** A row id that is inherited would be another one in another manifest. */
function copyFile({ file, record }: ManifestEntry, version: WrittenVersion): object {
  const copied = copyFields(record, dataFileFields(version));
  const firstRowId = file.firstRowId ?? null;
  return { ...copied, partition: {}, ...(version === 3 ? { first_row_id: firstRowId } : {}) };
}
