import { formatExactJson } from '@cdc-demo/lake-core';
import type { ExactJson } from '@cdc-demo/lake-core';
import { copyFields } from '../avro/record-schema.ts';
import { writeAvro } from '../avro/write-object-container.ts';
import type { BoundSpec } from '../partition/partition-columns.ts';
import { formatSpecFields } from '../partition/partition-by.ts';
import {
  partitionRecord,
  partitionSchema,
  partitionSummaries,
} from '../partition/partition-record.ts';
import type { PartitionTuple } from '../partition/partition-record.ts';
import { dataFileFields, manifestEntrySchema } from './manifest-schema.ts';
import type { WrittenVersion } from './manifest-schema.ts';
import type { ManifestEntry } from './read-manifest.ts';

const EXISTING = 0;
const ADDED = 1;
const DELETED = 2;

/** A data file or delete file that is added: as a manifest has it, by field names. */
export interface FileRecord {
  readonly spec_id: number;
  readonly partition: PartitionTuple;
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
  /** Of all of its files. */
  readonly partitions: BoundSpec;
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
 * Writes a manifest of files of one spec (table specification, "Manifests"). Added files
 * inherit the sequence number of the snapshot, so that the manifest holds whatever it will be.
 */
export function writeManifest(head: ManifestHead, content: ManifestContent): Uint8Array {
  const { version, snapshotId, partitions } = head;
  const { spec, columns } = partitions;
  const keep = (status: number, entry: ManifestEntry): object => ({
    status,
    snapshot_id: status === DELETED ? snapshotId : (entry.snapshotId ?? null),
    sequence_number: entry.file.sequenceNumber,
    file_sequence_number: entry.fileSequenceNumber,
    data_file: {
      ...copyFile(entry, version),
      partition: partitionRecord(columns, entry.file.partition),
    },
  });
  const entries = [
    ...content.added.map((file) => ({
      status: ADDED,
      snapshot_id: snapshotId,
      sequence_number: null,
      file_sequence_number: null,
      data_file: {
        ...emptyFile(version),
        ...file,
        partition: partitionRecord(columns, file.partition),
      },
    })),
    ...content.existing.map((entry) => keep(EXISTING, entry)),
    ...content.deleted.map((entry) => keep(DELETED, entry)),
  ];
  return writeAvro(manifestEntrySchema(version, partitionSchema(columns)), entries, {
    schema: formatExactJson(head.schema as object),
    'schema-id': String(head.schemaId),
    'partition-spec': formatExactJson(formatSpecFields(spec.fields)),
    'partition-spec-id': String(spec.id),
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
    partition_spec_id: head.partitions.spec.id,
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
    partitions: partitionSummaries(head.partitions.columns, [
      ...added.map(({ partition }) => partition),
      ...[...existing, ...deleted].map(({ file }) => file.partition),
    ]),
    key_metadata: null,
    first_row_id: null,
  };
}

/** A data file as it is added to another table: rows get their ids there. */
export function fileRecord({ record, file }: ManifestEntry): FileRecord {
  const { specId: spec_id, partition } = file;
  const fields = copyFields(record, dataFileFields(3));
  return { ...fields, first_row_id: null, spec_id, partition } as unknown as FileRecord;
}

function rowsOf(entries: readonly ManifestEntry[]): bigint {
  return entries.reduce((sum, { file }) => sum + BigInt(file.recordCount), 0n);
}

function emptyFile(version: WrittenVersion): Record<string, unknown> {
  const fields = dataFileFields(version).map(({ name }): [string, unknown] => [name, null]);
  return Object.fromEntries(fields);
}

/** A row id that is inherited would be another one in another manifest. */
function copyFile({ file, record }: ManifestEntry, version: WrittenVersion): object {
  const copied = copyFields(record, dataFileFields(version));
  const firstRowId = file.firstRowId ?? null;
  return { ...copied, ...(version === 3 ? { first_row_id: firstRowId } : {}) };
}
