import type { AvroEntry, AvroRecord } from '../avro/avro-record.ts';
import { readAvro } from '../avro/object-container.ts';
import { orInvalid } from '../errors.ts';
import type { PartitionSpec } from '../metadata/partition-spec.ts';
import type { TableFiles } from '../files/table-files.ts';
import type { ContentFile, FileContent, ManifestFile } from './manifest-file.ts';

/** Field ids of a manifest (table specification, "Manifest Entry Fields", "Data File Fields"). */
const STATUS = 0;
const SNAPSHOT_ID = 1;
const DATA_FILE = 2;
const SEQUENCE_NUMBER = 3;
const FILE_SEQUENCE_NUMBER = 4;
const FILE_PATH = 100;
const FILE_FORMAT = 101;
const PARTITION = 102;
const RECORD_COUNT = 103;
const FILE_SIZE = 104;
const VALUE_COUNTS = 109;
const NULL_VALUE_COUNTS = 110;
const LOWER_BOUNDS = 125;
const UPPER_BOUNDS = 128;
const KEY_METADATA = 131;
const CONTENT = 134;
const EQUALITY_IDS = 135;
const FIRST_ROW_ID = 142;
const REFERENCED_DATA_FILE = 143;
const CONTENT_OFFSET = 144;
const CONTENT_SIZE = 145;

const DELETED = 2;
const CONTENTS: readonly FileContent[] = ['data', 'position-deletes', 'equality-deletes'];

/** A live file of a manifest. */
export interface ManifestEntry {
  readonly file: ContentFile;
  /** The snapshot that added the file. */
  readonly snapshotId: bigint | undefined;
  readonly fileSequenceNumber: bigint;
  /** The file as the manifest has it. */
  readonly record: AvroRecord;
}

/**
 * The files of a manifest that are live, with what they inherit from it ("Sequence Number
 * Inheritance", "First Row ID Inheritance").
 * @throws IcebergError `iceberg/file-missing`, `iceberg/manifest-corrupt`
 */
export async function readManifest(
  manifest: ManifestFile,
  files: Pick<TableFiles, 'read'>,
  specs: readonly PartitionSpec[],
): Promise<readonly ManifestEntry[]> {
  const bytes = await files.read(manifest.path);
  return orInvalid('iceberg/manifest-corrupt', `The manifest ${manifest.path} is damaged`, () =>
    liveEntries(bytes, manifest, specs),
  );
}

function liveEntries(
  bytes: Uint8Array,
  manifest: ManifestFile,
  specs: readonly PartitionSpec[],
): ManifestEntry[] {
  const { metadata, records } = readAvro(bytes);
  const specId = manifest.specId ?? Number(metadata.get('partition-spec-id') ?? 0);
  const spec = specs.find(({ id }) => id === specId);
  if (!spec) throw new TypeError(`its partition spec ${specId} is missing`);
  let nextRowId = manifest.firstRowId;
  const live: ManifestEntry[] = [];
  for (const entry of records) {
    const file = toContentFile(entry, spec, manifest);
    const isDeleted = entry.number(STATUS) === DELETED;
    const firstRowId = file.firstRowId ?? (isDeleted ? undefined : nextRowId);
    if (file.firstRowId === undefined && nextRowId !== undefined && !isDeleted) {
      nextRowId += BigInt(file.recordCount);
    }
    if (isDeleted) continue;
    live.push({
      file: { ...file, firstRowId },
      snapshotId: entry.optionalLong(SNAPSHOT_ID) ?? manifest.snapshotId,
      fileSequenceNumber: entry.optionalLong(FILE_SEQUENCE_NUMBER) ?? manifest.sequenceNumber,
      record: entry.record(DATA_FILE),
    });
  }
  return live;
}

function toContentFile(
  entry: AvroRecord,
  spec: PartitionSpec,
  { sequenceNumber }: ManifestFile,
): ContentFile {
  const file = entry.record(DATA_FILE);
  const content = CONTENTS[file.optionalNumber(CONTENT) ?? 0];
  if (!content) throw new TypeError('a file has a content that is not known');
  const partition = spec.fields.length > 0 ? file.record(PARTITION) : undefined;
  const offset = file.optionalNumber(CONTENT_OFFSET);
  const bytes = file.optionalNumber(CONTENT_SIZE);
  return {
    content,
    path: file.string(FILE_PATH),
    format: file.string(FILE_FORMAT).toUpperCase(),
    specId: spec.id,
    partition: spec.fields.map(({ fieldId }) => partition?.value(fieldId)),
    recordCount: file.number(RECORD_COUNT),
    sizeBytes: file.number(FILE_SIZE),
    metrics: {
      lower: bytesById(file.entries(LOWER_BOUNDS)),
      upper: bytesById(file.entries(UPPER_BOUNDS)),
      nullCounts: numbersById(file.entries(NULL_VALUE_COUNTS)),
      valueCounts: numbersById(file.entries(VALUE_COUNTS)),
    },
    isEncrypted: file.value(KEY_METADATA) !== undefined,
    sequenceNumber: entry.optionalLong(SEQUENCE_NUMBER) ?? sequenceNumber,
    firstRowId: file.optionalLong(FIRST_ROW_ID),
    equalityIds: file.optionalNumbers(EQUALITY_IDS) ?? [],
    referencedDataFile: file.optionalString(REFERENCED_DATA_FILE),
    blob: offset === undefined || bytes === undefined ? undefined : { offset, bytes },
  };
}

function bytesById(entries: readonly AvroEntry[]): ReadonlyMap<number, Uint8Array> {
  return new Map(
    entries.flatMap(({ key, value }) => (value instanceof Uint8Array ? [[key, value]] : [])),
  );
}

function numbersById(entries: readonly AvroEntry[]): ReadonlyMap<number, number> {
  return new Map(entries.map(({ key, value }) => [key, Number(value)]));
}
