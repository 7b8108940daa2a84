import type { ColumnChunk } from 'hyparquet';
import { readOffsetIndex } from 'hyparquet';
import type { ByteRange } from './file-bytes.ts';
import type { Place } from './place.ts';
import type { RowRuns } from './row-runs.ts';

/** Where the values of one leaf in one row group are. */
export interface ChunkRange extends ByteRange {
  /** Entries of all its pages. */
  readonly entries: number;
}

/** Where a data page is, and which rows of the row group it holds. */
export interface PageLocation extends ByteRange {
  /** Its number among the pages of the chunk, empty ones among them. */
  readonly page: number;
  readonly firstRow: number;
  readonly endRow: number;
}

/** @throws LakeError for a chunk that is encrypted or lies in another file */
export function chunkRange({ meta_data: chunk, ...rest }: ColumnChunk, place: Place): ChunkRange {
  if (rest.crypto_metadata || !chunk) throw place.unsupported('it is encrypted');
  if (rest.file_path !== undefined) throw place.unsupported('its values are in another file');
  const first = whole(chunk.data_page_offset);
  // Some writers give 0 where there is no dictionary.
  const dictionary = whole(chunk.dictionary_page_offset);
  const start = dictionary > 0 ? Math.min(first, dictionary) : first;
  const end = start + whole(chunk.total_compressed_size);
  return { start, end, entries: whole(chunk.num_values) };
}

/** A number of decoded metadata, in which damaged bytes may have changed even the type. */
function whole(value: number | bigint | undefined): number {
  return Number(value ?? 0);
}

/** Where a chunk's offset index is, or undefined where it has none. */
export function offsetIndexRange(chunk: ColumnChunk): ByteRange | undefined {
  const start = whole(chunk.offset_index_offset);
  const length = whole(chunk.offset_index_length);
  return start > 0 && length > 0 ? { start, end: start + length } : undefined;
}

/**
 * The pages of a chunk that hold rows ("Page Index" of the Parquet format). Some writers list empty
 * pages as well.
 * @param rows rows of the row group
 */
export function parseOffsetIndex(bytes: Uint8Array, rows: number, place: Place): PageLocation[] {
  const pages = decodedPages(bytes, rows, place);
  const fits = pages.every(({ firstRow, endRow }) => firstRow <= endRow);
  const isEmpty = rows === 0 && pages.length === 0;
  if (!isEmpty && (!fits || pages[0]?.firstRow !== 0)) {
    throw place.corrupt('its offset index does not fit its rows');
  }
  return pages.filter(({ firstRow, endRow }) => firstRow < endRow);
}

function decodedPages(bytes: Uint8Array, rows: number, place: Place): PageLocation[] {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { page_locations: pages } = readOffsetIndex({ view, offset: 0 });
    return pages.map(({ offset, compressed_page_size: size, first_row_index: row }, i) => {
      const start = whole(offset);
      const endRow = i + 1 < pages.length ? whole(pages[i + 1]?.first_row_index) : rows;
      return { page: i, start, end: start + whole(size), firstRow: whole(row), endRow };
    });
  } catch (error) {
    throw place.corrupt('its offset index cannot be decoded', error);
  }
}

/** The numbers of the pages that hold rows of `runs`, ascending. */
export function pagesHolding(runs: RowRuns, pages: readonly PageLocation[]): number[] {
  const numbers: number[] = [];
  let run = 0;
  pages.forEach(({ firstRow, endRow }, number) => {
    while (run < runs.length && (runs[run + 1] ?? 0) <= firstRow) run += 2;
    if (run < runs.length && (runs[run] ?? 0) < endRow) numbers.push(number);
  });
  return numbers;
}
