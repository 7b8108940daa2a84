import type { LeafColumn } from '../format/leaf-column.ts';
import type { Codec, Encoding } from '../format/parquet-codes.ts';
import type { EncodedChunk, EncodedDataPage } from './encoded-chunk.ts';
import type { FileOutput } from './file-output.ts';
import { pageHeader } from './page-header.ts';
import { columnIndex, offsetIndex } from './page-index.ts';
import type { PageLocation } from './page-index.ts';
import { valueOrder } from './value-range.ts';
import type { ValueSummary } from './value-totals.ts';

/** What the footer says of a column chunk, and the indexes that are written before it. */
export interface WrittenChunk {
  readonly leaf: LeafColumn;
  readonly codec: Codec;
  readonly summary: ValueSummary;
  /** Of all pages, headers included. */
  readonly uncompressedSize: number;
  readonly compressedSize: number;
  readonly dictionaryOffset: number | 'none';
  readonly dataOffset: number;
  /** Data pages by their encoding. */
  readonly pageCounts: ReadonlyMap<Encoding, number>;
  readonly columnIndex: Uint8Array | 'none';
  readonly offsetIndex: Uint8Array;
}

export interface WrittenRowGroup {
  readonly rows: number;
  readonly chunks: readonly WrittenChunk[];
}

/** Appends a chunk's pages, the dictionary first. */
export function writeChunk(output: FileOutput, chunk: EncodedChunk): WrittenChunk {
  const start = output.position;
  let uncompressedSize = 0;
  if (chunk.dictionary !== 'none') {
    const header = pageHeader(chunk.dictionary, 'DICTIONARY_PAGE');
    output.append(header);
    output.append(chunk.dictionary.body);
    uncompressedSize += header.length + chunk.dictionary.uncompressedSize;
  }
  const dataOffset = output.position;
  const locations: PageLocation[] = [];
  for (const page of chunk.pages) {
    const offset = output.position;
    const header = pageHeader(page, 'DATA_PAGE');
    output.append(header);
    output.append(page.body);
    uncompressedSize += header.length + page.uncompressedSize;
    locations.push({ offset, size: output.position - offset });
  }
  return {
    leaf: chunk.leaf,
    codec: chunk.codec,
    summary: chunk.summary,
    uncompressedSize,
    compressedSize: output.position - start,
    dictionaryOffset: chunk.dictionary === 'none' ? 'none' : start,
    dataOffset,
    pageCounts: countPages(chunk.pages),
    columnIndex: columnIndex(chunk.pages, valueOrder(chunk.leaf.type)),
    offsetIndex: offsetIndex(chunk.pages, locations),
  };
}

/** Where a page index lies in the file. */
export interface IndexLocation {
  readonly offset: number;
  readonly length: number;
}

export interface IndexedChunk extends WrittenChunk {
  readonly columnIndexAt: IndexLocation | 'none';
  readonly offsetIndexAt: IndexLocation;
}

export interface IndexedRowGroup extends WrittenRowGroup {
  readonly chunks: readonly IndexedChunk[];
}

/** Appends the page indexes of a file, all column indexes before all offset indexes. */
export function writeIndexes(
  output: FileOutput,
  groups: readonly WrittenRowGroup[],
): IndexedRowGroup[] {
  const place = (bytes: Uint8Array): IndexLocation => {
    const location = { offset: output.position, length: bytes.length };
    output.append(bytes);
    return location;
  };
  const columnIndexes = groups.map(({ chunks }) =>
    chunks.map((chunk) => (chunk.columnIndex === 'none' ? 'none' : place(chunk.columnIndex))),
  );
  return groups.map(({ rows, chunks }, group) => ({
    rows,
    chunks: chunks.map((chunk, i) => ({
      ...chunk,
      columnIndexAt: columnIndexes[group]?.[i] ?? 'none',
      offsetIndexAt: place(chunk.offsetIndex),
    })),
  }));
}

function countPages(pages: readonly EncodedDataPage[]): Map<Encoding, number> {
  const counts = new Map<Encoding, number>();
  for (const { encoding } of pages) counts.set(encoding, (counts.get(encoding) ?? 0) + 1);
  return counts;
}
