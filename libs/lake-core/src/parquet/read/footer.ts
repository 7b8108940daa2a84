import { parquetMetadata } from 'hyparquet';
import type { ColumnChunk, CompressionCodec, FileMetaData } from 'hyparquet';
import type { ByteRange, FileBytes } from './file-bytes.ts';
import type { Place } from './place.ts';
import { FooterStatistics } from './raw-statistics.ts';
import { leafNodes, schemaNodes } from './schema-node.ts';
import type { SchemaNode } from './schema-node.ts';

/** What a file says of itself ("File Format" and "Metadata" of the Parquet format). */
export interface Footer {
  readonly rows: number;
  readonly nodes: readonly SchemaNode[];
  readonly groups: readonly RowGroup[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly codecs: ReadonlySet<CompressionCodec>;
  readonly statistics: FooterStatistics;
  /** Estimate of the memory that the footer takes. */
  readonly byteSize: number;
}

export interface RowGroup {
  readonly index: number;
  /** Rows of the file before this group. */
  readonly firstRow: number;
  readonly rows: number;
  /** In the order of the file's leaves. */
  readonly chunks: readonly ColumnChunk[];
}

/** 'PAR1' as a little-endian integer; 'PARE' stands at the end of encrypted footers. */
const MAGIC = 0x31524150;
const ENCRYPTED_MAGIC = 0x45524150;
/** Length of the metadata, then the magic. */
const TRAILER_BYTES = 8;
/** Parsed metadata takes several times the memory of the encoded form. */
const PARSED_FACTOR = 12;

export async function readFooter(file: FileBytes): Promise<Footer> {
  const { place } = file;
  if (file.size < TRAILER_BYTES + 4) throw place.corrupt('it is too short');
  const bytes = await readLast(file, TRAILER_BYTES);
  const trailer = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = trailer.getUint32(4, true);
  if (magic === ENCRYPTED_MAGIC) throw place.unsupported('it is encrypted');
  if (magic !== MAGIC) throw place.corrupt('it does not end as Parquet files do');
  const length = trailer.getUint32(0, true) + TRAILER_BYTES;
  if (length > file.size) throw place.corrupt('its metadata is longer than the file');
  return footerOf(await readLast(file, length), place);
}

async function readLast(file: FileBytes, length: number): Promise<Uint8Array> {
  const range: ByteRange = { start: file.size - length, end: file.size };
  return (await file.read([range])).slice(range);
}

function footerOf(bytes: Uint8Array, place: Place): Footer {
  let metadata: FileMetaData;
  try {
    metadata = parquetMetadata(bytes, { geoparquet: false });
  } catch (error) {
    throw place.corrupt('its metadata cannot be decoded', error);
  }
  const nodes = schemaNodes(metadata.schema, place);
  const leaves = leafNodes(nodes);
  const codecs = new Set<CompressionCodec>();
  let rows = 0;
  const groups = metadata.row_groups.map((group, index): RowGroup => {
    const firstRow = rows;
    const groupRows = Number(group.num_rows);
    rows += groupRows;
    if (group.columns.length !== leaves.length || !(groupRows >= 0)) {
      throw place.corrupt('a row group does not fit the schema');
    }
    for (const chunk of group.columns) {
      if (!isColumnChunk(chunk)) throw place.corrupt('a row group is not made as they are');
      if (chunk.meta_data) codecs.add(chunk.meta_data.codec);
    }
    return { index, firstRow, rows: groupRows, chunks: group.columns };
  });
  if (rows !== Number(metadata.num_rows)) {
    throw place.corrupt('its row groups have another number of rows than the file');
  }
  const pairs = metadata.key_value_metadata ?? [];
  return {
    rows,
    nodes,
    groups,
    metadata: new Map(pairs.map(({ key, value }) => [key, value ?? ''])),
    codecs,
    statistics: new FooterStatistics(bytes.subarray(0, bytes.length - TRAILER_BYTES)),
    byteSize: bytes.length * PARSED_FACTOR,
  };
}

/** The types of decoded metadata are only as good as its bytes. */
function isColumnChunk(chunk: ColumnChunk): boolean {
  const { meta_data: metadata, offset_index_offset: index, offset_index_length: length } = chunk;
  const numbers: unknown[] = [index ?? 0, length ?? 0];
  if (metadata) {
    const { num_values, data_page_offset, dictionary_page_offset = 0 } = metadata;
    numbers.push(num_values, data_page_offset, dictionary_page_offset);
    numbers.push(metadata.total_compressed_size);
    if (!Array.isArray(metadata.path_in_schema)) return false;
  }
  return numbers.every((value) => typeof value === 'bigint' || typeof value === 'number');
}
