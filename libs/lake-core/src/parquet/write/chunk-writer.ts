import type { Column } from '@cdc-demo/cdc-core';
import type { ByteBuffer } from '../format/byte-buffer.ts';
import type { LeafColumn } from '../format/leaf-column.ts';
import type { PageCompressor } from './compression.ts';
import { DictionaryEncoder } from './dictionary-encoder.ts';
import type { EncodedChunk, EncodedDataPage, EncodedPage } from './encoded-chunk.ts';
import { appendHybrid } from './hybrid-encoding.ts';
import type { SmallIntegers } from './hybrid-encoding.ts';
import { PageLevels } from './page-levels.ts';
import type { PageValues, RowRange } from './page-values.ts';
import { pageValuesOf } from './page-values-of.ts';
import type { Slots } from './slots.ts';
import { truncateMax, truncateMin } from './truncate-bound.ts';
import { valueOrder } from './value-range.ts';
import type { ValueRange } from './value-range.ts';
import { ValueTotals } from './value-totals.ts';

export interface PageSettings {
  readonly compressor: PageCompressor;
  /** Rows of a page, at most. */
  readonly pageRows: number;
  /** Bytes at which a page ends; one row may take it past that. */
  readonly pageBytes: number;
  /** Where pages are put together, one at a time. */
  readonly scratch: ByteBuffer;
}

type OpenPage = Omit<EncodedDataPage, 'body'> & { body: Uint8Array };

/** Turns the values of one leaf into pages, row group after row group. */
export class ChunkWriter {
  readonly leaf: LeafColumn;
  readonly #settings: PageSettings;
  readonly #values: PageValues;
  readonly #levels: PageLevels;
  /** Summary of the whole file; complete when the last chunk has ended. */
  readonly totals: ValueTotals;
  #chunkTotals: ValueTotals;
  #dictionary: DictionaryEncoder | 'none';
  #pages: OpenPage[] = [];
  #rows = 0;
  #encodedBytes = 0;
  #compressingBytes = 0;
  #onThreads: Promise<void>[] = [];
  #threadFailure: { readonly error: unknown } | 'none' = 'none';

  constructor(leaf: LeafColumn, settings: PageSettings) {
    this.leaf = leaf;
    this.#settings = settings;
    this.#values = pageValuesOf(leaf.type);
    this.#levels = new PageLevels(leaf);
    this.totals = new ValueTotals(valueOrder(leaf.type));
    this.#chunkTotals = new ValueTotals(valueOrder(leaf.type));
    this.#dictionary = DictionaryEncoder.open(leaf.type);
  }

  /** Rows that the current page still takes; at least 1. */
  get room(): number {
    return this.#settings.pageRows - this.#rows;
  }

  /** Bytes of the chunk so far, pages that wait for compression counted as they are. */
  get bytes(): number {
    return this.#encodedBytes + this.#values.byteSize;
  }

  /** Bytes of pages on other threads. */
  get compressingBytes(): number {
    return this.#compressingBytes;
  }

  /** How many of the rows go into the current page, at least one; a full page is ended first. */
  fitting(column: Column, { from, to }: RowRange): number {
    const rows = { from, to: Math.min(to, from + this.room) };
    const fits = this.#values.fitting(
      column,
      rows,
      this.#settings.pageBytes - this.#values.byteSize,
    );
    if (fits > 0) return fits;
    if (this.#rows > 0) {
      this.endPage();
      return this.fitting(column, { from, to });
    }
    return 1;
  }

  /** Appends rows of a leaf at the top level, `present` of which are not NULL. */
  appendRows(column: Column, rows: RowRange, present: number): void {
    this.#levels.appendRows(column.presence, rows);
    if (present === rows.to - rows.from) this.#values.append(column, rows);
    else if (present > 0) this.#values.appendPresent(column, rows, present);
    this.endRows(rows.to - rows.from);
  }

  /** Appends entries of a nested leaf; `endRows` says when the rows are complete. */
  appendSlots(column: Column, slots: Slots): void {
    this.#levels.appendSlots(slots);
    this.#values.appendAt(column, slots.index, slots.length);
  }

  /** Counts rows whose entries were all appended; ends the page when it is full. */
  endRows(count: number): void {
    this.#rows += count;
    const { pageRows, pageBytes } = this.#settings;
    if (this.#rows === pageRows || this.#values.byteSize >= pageBytes) this.endPage();
  }

  /** Resolves when no page of this chunk is on another thread. */
  async settle(): Promise<void> {
    await Promise.all(this.#onThreads);
    this.#onThreads = [];
    if (this.#threadFailure !== 'none') throw this.#threadFailure.error;
  }

  /** The chunk, when its last page was ended and has settled; the next row begins another one. */
  takeChunk(): EncodedChunk {
    const chunk = {
      leaf: this.leaf,
      codec: this.#settings.compressor.codec,
      dictionary: this.#dictionaryPage(),
      pages: this.#pages,
      summary: this.#chunkTotals,
    };
    this.totals.add(this.#chunkTotals);
    this.#chunkTotals = new ValueTotals(valueOrder(this.leaf.type));
    this.#dictionary = DictionaryEncoder.open(this.leaf.type);
    this.#pages = [];
    this.#encodedBytes = 0;
    return chunk;
  }

  /** Ends the page that was begun, if any. */
  endPage(): void {
    const values = this.#values;
    const valueCount = this.#levels.count;
    if (valueCount === 0) return;
    const indexes = this.#dictionary === 'none' ? 'plain' : this.#dictionary.encode(values);
    const range = values.range();
    const nullCount = valueCount - values.count;
    this.#chunkTotals.add({ valueCount, nullCount, nanCount: values.nanCount(), range });
    const body = this.#body(indexes);
    const page: OpenPage = {
      encoding: indexes === 'plain' ? 'PLAIN' : 'PLAIN_DICTIONARY',
      valueCount,
      rowCount: this.#rows,
      nullCount,
      uncompressedSize: body.length,
      bounds: range === 'none' ? 'none' : this.#indexBounds(range),
      body,
    };
    this.#compress(page);
    this.#pages.push(page);
    values.clear();
    this.#levels.clear();
    this.#rows = 0;
  }

  /** The page as it is before compression; a view of memory that is used again. */
  #body(indexes: SmallIntegers | 'plain'): Uint8Array {
    if (indexes === 'plain' && this.#levels.areImplied) return this.#values.plain();
    const { scratch } = this.#settings;
    scratch.clear();
    this.#levels.encode(scratch, this.#values.count);
    if (indexes === 'plain') {
      scratch.append(this.#values.plain());
    } else {
      scratch.appendByte(indexes.width);
      appendHybrid(scratch, indexes);
    }
    return scratch.view();
  }

  #compress(page: OpenPage): void {
    const { compressor } = this.#settings;
    if (page.body.length < compressor.threadFrom) {
      page.body = compressor.compress(page.body);
      this.#encodedBytes += page.body.length;
      return;
    }
    const given = page.body.slice();
    page.body = given;
    this.#encodedBytes += given.length;
    this.#compressingBytes += given.length;
    const compressed = compressor.compressOnThread(given).then(
      (body) => {
        this.#encodedBytes += body.length - given.length;
        this.#compressingBytes -= given.length;
        page.body = body;
      },
      (error: unknown) => {
        this.#threadFailure = { error };
      },
    );
    this.#onThreads.push(compressed);
  }

  #dictionaryPage(): EncodedPage | 'none' {
    if (this.#dictionary === 'none' || this.#dictionary.distinct === 0) return 'none';
    const values = this.#dictionary.plain();
    return {
      encoding: 'PLAIN_DICTIONARY',
      valueCount: this.#dictionary.distinct,
      uncompressedSize: values.length,
      body: this.#settings.compressor.compress(values),
    };
  }

  /** Copies, since a range may be a view. A maximum that has no short upper bound stays whole. */
  #indexBounds({ min, max }: ValueRange): ValueRange {
    if (this.leaf.type.physical !== 'BYTE_ARRAY') return { min: min.slice(), max: max.slice() };
    const text = this.leaf.type.converted === 'UTF8';
    const upper = truncateMax(max, text);
    return {
      min: truncateMin(min, text).bytes.slice(),
      max: upper === 'none' ? max.slice() : upper.bytes.slice(),
    };
  }
}
