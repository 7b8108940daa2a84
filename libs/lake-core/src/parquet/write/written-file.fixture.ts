import { ColumnBatch, bytesToBigInt, formatUuid } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { parquetMetadata, parquetReadObjects, readColumnIndex, readOffsetIndex } from 'hyparquet';
import type { ColumnChunk, ColumnIndex, FileMetaData, OffsetIndex } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { MemoryOutput } from './memory-output.fixture.ts';
import { ParquetWriter } from './parquet-writer.ts';
import type { ParquetFileSummary, ParquetWriterOptions } from './parquet-writer.ts';

export type Rows = readonly (readonly FieldValue[])[];

export interface WrittenFile {
  readonly bytes: Uint8Array;
  readonly summary: ParquetFileSummary;
  /** What hyparquet makes of the footer, with values as they are stored. */
  readonly metadata: FileMetaData;
}

export function batchOf(fields: readonly Field[], rows: Rows): ColumnBatch {
  const batch = new ColumnBatch(fields);
  for (const row of rows) batch.appendRow(row);
  return batch;
}

/** Writes rows in pieces that end at `cuts` (ascending), each out of a batch of its own. */
export async function writeFile(
  { fields, rows }: { readonly fields: readonly Field[]; readonly rows: Rows },
  options: Partial<ParquetWriterOptions> = {},
  cuts: readonly number[] = [],
): Promise<WrittenFile> {
  const output = new MemoryOutput();
  const writer = new ParquetWriter(output, fields, { compression: 'snappy', ...options });
  let from = 0;
  for (const cut of [...cuts, rows.length]) {
    const to = Math.min(cut, rows.length);
    // Rows around the piece, which are not to be written.
    const first = Math.max(0, from - 2);
    await writer.write(batchOf(fields, rows.slice(first, to + 2)), from - first, to - first);
    from = to;
  }
  const summary = await writer.finish();
  const bytes = output.bytes();
  return { bytes, summary, metadata: rawMetadata(bytes) };
}

function rawMetadata(bytes: Uint8Array): FileMetaData {
  return parquetMetadata(bytes.buffer as ArrayBuffer);
}

/** The rows of a file without nested columns, read by hyparquet as they are stored. */
export async function readFlat(bytes: Uint8Array, fields: readonly Field[]): Promise<Rows> {
  const metadata = rawMetadata(bytes);
  for (const element of metadata.schema) {
    delete element.converted_type;
    delete element.logical_type;
  }
  const file = bytes.buffer as ArrayBuffer;
  const rows = await parquetReadObjects({ file, metadata, compressors, utf8: false });
  return rows.map((row) => fields.map(({ name, type }) => storedValue(type, row[name])));
}

function storedValue(type: FieldType, stored: unknown): FieldValue {
  if (stored === null || stored === undefined) return null;
  switch (type.kind) {
    case 'decimal':
      return stored instanceof Uint8Array ? bytesToBigInt(stored) : BigInt(stored as number);
    case 'uuid':
      return formatUuid(stored as Uint8Array);
    case 'string':
    case 'json':
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(stored as Uint8Array);
    default:
      return stored as FieldValue;
  }
}

/** The page indexes of a chunk; bounds as the bytes that are stored. */
export function pageIndexes(
  bytes: Uint8Array,
  chunk: ColumnChunk,
): { readonly offsets: OffsetIndex; readonly columns: ColumnIndex | undefined } {
  const at = (offset: bigint | undefined, length: number | undefined): DataReader => ({
    view: new DataView(bytes.buffer, Number(offset), length),
    offset: 0,
  });
  const offsets = readOffsetIndex(at(chunk.offset_index_offset, chunk.offset_index_length));
  if (chunk.column_index_offset === undefined) return { offsets, columns: undefined };
  const reader = at(chunk.column_index_offset, chunk.column_index_length);
  return { offsets, columns: readColumnIndex(reader, { name: 'raw' }) };
}

interface DataReader {
  view: DataView;
  offset: number;
}
