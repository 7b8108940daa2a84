import { crc32 } from 'node:zlib';
import type { PageHeader } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { decodeDataPage, decodeDictionaryPage } from './page.ts';
import type { Page, PageSource, StoredPage } from './page.ts';
import type { PlainValues } from './plain-values.ts';
import type { Place } from './place.ts';

/** A data page that may be decoded. */
export interface PageToRead {
  /** First row in the row group; undefined where the page follows the one before. */
  readonly firstRow: number | undefined;
  /** Rows of the page, which then begins with one; undefined where only the levels tell. */
  readonly rows: number | undefined;
  decode(): Page;
}

/** The data pages of a chunk, or those of them that hold wanted rows. */
export interface ChunkPages {
  /** Known from the first page on that uses it. */
  readonly dictionary: PlainValues | undefined;
  /** The next page, undefined after the last. */
  next(): PageToRead | undefined;
}

/** Pages one after another as they stand in the file. */
export class SequentialPages implements ChunkPages {
  dictionary: PlainValues | undefined;
  readonly #source: PageSource;
  readonly #bytes: Uint8Array;
  #at = 0;
  #entriesLeft: number;

  /** @param entries of all pages; what follows them is left out */
  constructor(source: PageSource, bytes: Uint8Array, entries: number) {
    this.#source = source;
    this.#bytes = bytes;
    this.#entriesLeft = entries;
  }

  next(): PageToRead | undefined {
    while (this.#entriesLeft > 0) {
      const page = storedPageAt(this.#bytes, this.#at, this.#source.place);
      this.#at = page.end;
      if (page.header.type === 'DICTIONARY_PAGE') {
        this.dictionary = decodeDictionaryPage(this.#source, page);
        continue;
      }
      const entries = entriesOf(page.header);
      if (entries === undefined) continue;
      if (entries > this.#entriesLeft) {
        throw this.#source.place.corrupt('its pages hold more values than it says');
      }
      this.#entriesLeft -= entries;
      return {
        firstRow: undefined,
        rows: page.header.data_page_header_v2?.num_rows ?? this.#rowsOf(entries),
        decode: () => decodeDataPage(this.#source, page, this.dictionary?.count ?? 0),
      };
    }
    return undefined;
  }

  #rowsOf(entries: number): number | undefined {
    return this.#source.node.repetition === 0 ? entries : undefined;
  }
}

/** @throws LakeError where the bytes at `at` are no page */
export function storedPageAt(
  bytes: Uint8Array,
  at: number,
  place: Place,
): StoredPage & { readonly end: number } {
  const reader = {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: at,
  };
  const header = headerAt(reader, place);
  if (!isHeader(header)) throw place.corrupt('a page header is not made as headers are');
  const end = reader.offset + header.compressed_page_size;
  if (end > bytes.length) throw place.corrupt('a page is longer than its column');
  const body = bytes.subarray(reader.offset, end);
  if (header.crc !== undefined && (crc32(body) | 0) !== (header.crc | 0)) {
    throw place.corrupt('a page does not fit its checksum');
  }
  return { header, body, end };
}

function headerAt(reader: { view: DataView; offset: number }, place: Place): PageHeader {
  try {
    return parquetHeader(reader);
  } catch (error) {
    throw place.corrupt('a page header cannot be decoded', error);
  }
}

/** The types of a decoded header are only as good as its bytes. */
function isHeader(header: PageHeader): boolean {
  const v2 = header.data_page_header_v2;
  const sizes = [
    header.compressed_page_size,
    header.uncompressed_page_size,
    header.data_page_header?.num_values ?? 0,
    header.dictionary_page_header?.num_values ?? 0,
    v2?.num_values ?? 0,
    v2?.num_rows ?? 0,
    v2?.definition_levels_byte_length ?? 0,
    v2?.repetition_levels_byte_length ?? 0,
  ];
  return sizes.every((size) => Number.isInteger(size) && size >= 0);
}

/** Undefined for a page that holds no data. */
function entriesOf(header: PageHeader): number | undefined {
  return header.data_page_header?.num_values ?? header.data_page_header_v2?.num_values;
}
