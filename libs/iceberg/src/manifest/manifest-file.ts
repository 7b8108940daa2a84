import type { AvroRecord } from '../avro/avro-record.ts';

/** A manifest as the manifest list of a snapshot has it (table specification, "Manifest Lists"). */
export interface ManifestFile {
  readonly path: string;
  readonly content: 'data' | 'deletes';
  readonly specId: number | undefined;
  /** What its entries inherit that do not say theirs. */
  readonly sequenceNumber: bigint;
  /** The id of the first row of the entries that have none. */
  readonly firstRowId: bigint | undefined;
  /** The snapshot that added it, and with it the files that do not say theirs. */
  readonly snapshotId: bigint | undefined;
  /** As the manifest list has it; undefined where there is no list. */
  readonly record: AvroRecord | undefined;
}

export type FileContent = 'data' | 'position-deletes' | 'equality-deletes';

/** What is known of the values of a file's columns, by field id. */
export interface FileMetrics {
  /** At or below, and at or above, every value that is there; as Appendix D writes values. */
  readonly lower: ReadonlyMap<number, Uint8Array>;
  readonly upper: ReadonlyMap<number, Uint8Array>;
  readonly nullCounts: ReadonlyMap<number, number>;
  /** NULL and NaN included. */
  readonly valueCounts: ReadonlyMap<number, number>;
}

/** A data file or delete file of a table (table specification, "Data File Fields"). */
export interface ContentFile {
  readonly content: FileContent;
  readonly path: string;
  /** `PARQUET`, `AVRO`, `ORC`, `PUFFIN`; in capitals. */
  readonly format: string;
  readonly specId: number;
  /** Of each field of the spec in its order, as Avro decodes it; undefined for NULL. */
  readonly partition: readonly unknown[];
  readonly recordCount: number;
  readonly sizeBytes: number;
  readonly metrics: FileMetrics;
  readonly isEncrypted: boolean;
  /** The data sequence number: what deletes are compared with. */
  readonly sequenceNumber: bigint;
  readonly firstRowId: bigint | undefined;
  /** Of equality deletes: the columns whose values are deleted. */
  readonly equalityIds: readonly number[];
  /** Of a deletion vector, and of position deletes of one file alone. */
  readonly referencedDataFile: string | undefined;
  /** Where a deletion vector stands in its Puffin file. */
  readonly blob: { readonly offset: number; readonly bytes: number } | undefined;
}

/** A text that tells a file, or a deletion vector within one, from all others. */
export function fileKey({ path, blob, referencedDataFile }: ContentFile): string {
  return blob ? `${path}#${blob.offset} ${referencedDataFile ?? ''}` : path;
}

/** A text that two files of one partition share, and no others. */
export function partitionKey({ specId, partition }: ContentFile): string {
  return JSON.stringify([specId, ...partition.map(toText)]);
}

function toText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`;
  return Object.is(value, -0) ? '-0' : `${typeof value} ${String(value as string | number)}`;
}
