import type { JsonValue, StagedSnapshot } from '@cdc-demo/cdc-core';
import type { NewTable, StagedSize } from '@cdc-demo/lake-core';
import type { FileRecord } from '../manifest/write-manifest.ts';
import type { PartitionSpec } from '../metadata/partition-spec.ts';

export interface NewIcebergTable extends NewTable<FileRecord> {
  /** What the files are parted by; the first of the table. */
  readonly spec: PartitionSpec;
}

/** A new table before it is made. */
export interface StagedFiles extends NewIcebergTable, StagedSize {}

/** Plain JSON from which a table with the same files and columns is made. */
export function asStaged({ files, ...rest }: StagedFiles): StagedSnapshot {
  return { ...rest, files: files.map(toJson) } as unknown as StagedSnapshot;
}

/** What `asStaged` gave, perhaps in an earlier process. */
export function readStaged(staged: StagedSnapshot): StagedFiles {
  const { files, ...rest } = staged;
  const records = (files as readonly JsonValue[]).map((file) => fromJson(file) as FileRecord);
  return { ...(rest as unknown as StagedFiles), files: records };
}

/** Longs and bytes, which JSON does not have, by their names. */
function toJson(value: unknown): JsonValue {
  if (typeof value === 'bigint') return { $long: String(value) };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toJson(item)]));
}

function fromJson(value: JsonValue): unknown {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(fromJson);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Readonly<Record<string, JsonValue>>;
  const { $long: long, $bytes: bytes } = object;
  if (typeof long === 'string') return BigInt(long);
  if (typeof bytes === 'string') return Buffer.from(bytes, 'base64');
  return Object.fromEntries(Object.entries(object).map(([name, item]) => [name, fromJson(item)]));
}
