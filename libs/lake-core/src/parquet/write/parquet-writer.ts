import assert from 'node:assert';
import { createColumn } from '@cdc-demo/cdc-core';
import type { Column, ColumnBatch, Field, ObjectWriter } from '@cdc-demo/cdc-core';
import { ByteBuffer } from '../format/byte-buffer.ts';
import { leafColumns } from '../format/leaf-column.ts';
import { MAGIC } from '../format/parquet-codes.ts';
import { parquetSchema } from '../format/schema-element.ts';
import type { SchemaElement } from '../format/schema-element.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { isStoredAlike } from './column-mismatch.ts';
import { openCompressor } from './compression.ts';
import type { ParquetCompression } from './compression.ts';
import { openFieldWriter } from './field-writer.ts';
import type { FieldWriter } from './field-writer.ts';
import { encodeFileMetadata } from './file-metadata.ts';
import { FileOutput } from './file-output.ts';
import { leafStatistics } from './leaf-statistics.ts';
import type { LeafStatistics } from './leaf-statistics.ts';
import { writeChunk, writeIndexes } from './row-group.ts';
import type { WrittenChunk, WrittenRowGroup } from './row-group.ts';

export interface ParquetWriterOptions {
  readonly compression: ParquetCompression;
  /** Rows of a row group, at most; 128 000 if not given. */
  readonly rowGroupRows?: number;
  /** Compressed bytes after which a row group ends although it has fewer rows; 64 MiB. */
  readonly rowGroupBytes?: number;
  /** Rows of a page, at most; 2 000 if not given. */
  readonly pageRows?: number;
  /** The application, as the footer names it: `name version 1.2.3`. */
  readonly createdBy?: string;
  /** Entries of the footer for whoever reads the file. */
  readonly keyValueMetadata?: Readonly<Record<string, string>>;
}

export interface ParquetFileSummary {
  readonly rows: number;
  /** Size of the file. */
  readonly bytes: number;
  /** One for each leaf, in the order of the schema. */
  readonly columns: readonly LeafStatistics[];
}

const DEFAULTS = {
  rowGroupRows: 128_000,
  rowGroupBytes: 64 << 20,
  pageRows: 2_000,
  createdBy: 'cdc-demo version 0.1.0',
} as const;
const PAGE_BYTES = 1 << 20;
/** Pages on other threads that the writer runs ahead of. */
const COMPRESSING_BYTES = 32 << 20;

/**
 * Writes one Parquet file: data pages v1, page index, exact statistics, the `id` of each field as
 * its field id. The calls follow each other: the next one is made when the one before has resolved.
 * After an error nothing more can be written; the caller aborts the output.
 */
export class ParquetWriter {
  readonly #fields: readonly Field[];
  readonly #schema: SchemaElement;
  readonly #expected: readonly Column[];
  readonly #options: Required<ParquetWriterOptions>;
  readonly #output: FileOutput;
  #chunks: readonly ChunkWriter[] = [];
  #writers: readonly FieldWriter[] = [];
  readonly #rowGroups: WrittenRowGroup[] = [];
  #state: 'new' | 'open' | 'busy' | 'failed' | 'finished' = 'new';
  #rows = 0;
  #groupRows = 0;

  /** `fields` are at least one; a struct has at least one field too. */
  constructor(output: ObjectWriter, fields: readonly Field[], options: ParquetWriterOptions) {
    this.#fields = fields;
    this.#schema = parquetSchema(fields);
    assertLeaves(this.#schema);
    this.#expected = fields.map((field) => createColumn(field.type, 0));
    this.#options = { ...DEFAULTS, keyValueMetadata: {}, ...options };
    this.#output = new FileOutput(output);
    this.#output.append(MAGIC);
  }

  /** Rows taken so far. */
  get rows(): number {
    return this.#rows;
  }

  /** About the bytes that the file would have if it ended here, the footer left out. */
  get bytes(): number {
    return this.#output.position + this.#groupBytes();
  }

  /** Memory of the row group that is being made. */
  get bufferedBytes(): number {
    return this.#groupBytes();
  }

  /**
   * Appends rows [start, end) of a batch whose columns stand in the order of the writer's fields.
   * When the promise resolves, the batch may be changed again.
   * @throws LakeError `lake/null-in-required-column`; what the output throws
   */
  async write(rows: ColumnBatch, start = 0, end: number = rows.length): Promise<void> {
    await this.#run(async () => {
      this.#assertRows(rows, end);
      const { rowGroupRows, rowGroupBytes, pageRows } = this.#options;
      for (let from = start; from < end; ) {
        const to = Math.min(end, from + pageRows, from + rowGroupRows - this.#groupRows);
        rows.columns.forEach((column, i) => this.#writers[i]?.append(column, { from, to }));
        this.#groupRows += to - from;
        this.#rows += to - from;
        from = to;
        if (this.#groupRows === rowGroupRows || this.#groupBytes() >= rowGroupBytes) {
          await this.#endRowGroup();
        } else if (this.#compressingBytes() > COMPRESSING_BYTES) {
          for (const chunk of this.#chunks) await chunk.settle();
        }
      }
    });
  }

  /**
   * Writes what is left and the footer. The output is neither closed nor aborted.
   * @throws what the output throws
   */
  async finish(): Promise<ParquetFileSummary> {
    return this.#run(async () => {
      if (this.#groupRows > 0) await this.#endRowGroup();
      const rowGroups = writeIndexes(this.#output, this.#rowGroups);
      const footer = encodeFileMetadata({
        schema: this.#schema,
        rows: this.#rows,
        rowGroups,
        keyValues: this.#options.keyValueMetadata,
        createdBy: this.#options.createdBy,
      });
      const tail = new ByteBuffer(footer.length + 8);
      tail.append(footer);
      tail.appendUint32(footer.length);
      tail.append(MAGIC);
      this.#output.append(tail.view());
      await this.#output.flush();
      return { rows: this.#rows, bytes: this.#output.position, columns: this.#statistics() };
    }, 'finished');
  }

  async #run<T>(work: () => Promise<T>, after: 'open' | 'finished' = 'open'): Promise<T> {
    assert(
      this.#state === 'new' || this.#state === 'open',
      `A Parquet writer was called while it is ${this.#state}`,
    );
    const isNew = this.#state === 'new';
    this.#state = 'busy';
    try {
      if (isNew) await this.#open();
      const result = await work();
      this.#state = after;
      return result;
    } finally {
      // Still busy: the work was thrown out of.
      if (this.#state === 'busy') this.#state = 'failed';
    }
  }

  async #open(): Promise<void> {
    const compressor = await openCompressor(this.#options.compression);
    const { pageRows } = this.#options;
    const settings = { compressor, pageRows, pageBytes: PAGE_BYTES, scratch: new ByteBuffer() };
    this.#chunks = leafColumns(this.#fields).map((leaf) => new ChunkWriter(leaf, settings));
    const chunks = this.#chunks.values();
    this.#writers = this.#fields.map((field) => openFieldWriter(field, chunks));
  }

  #assertRows(rows: ColumnBatch, end: number): void {
    const { columns } = rows;
    assert.equal(columns.length, this.#fields.length, 'The batch has other columns than the file');
    columns.forEach((column, i) => {
      const expected = this.#expected[i];
      const name = this.#fields[i]?.name ?? '';
      assert(column.length >= end, `The column ${name} has fewer rows than are to be written`);
      assert(
        expected !== undefined && isStoredAlike(column, expected),
        `The column ${name} has another type than the file's field`,
      );
    });
  }

  #groupBytes(): number {
    let bytes = 0;
    for (const chunk of this.#chunks) bytes += chunk.bytes;
    return bytes;
  }

  #compressingBytes(): number {
    let bytes = 0;
    for (const chunk of this.#chunks) bytes += chunk.compressingBytes;
    return bytes;
  }

  async #endRowGroup(): Promise<void> {
    for (const chunk of this.#chunks) chunk.endPage();
    const chunks: WrittenChunk[] = [];
    for (const chunk of this.#chunks) {
      await chunk.settle();
      chunks.push(writeChunk(this.#output, chunk.takeChunk()));
      await this.#output.drain();
    }
    this.#rowGroups.push({ rows: this.#groupRows, chunks });
    this.#groupRows = 0;
  }

  #statistics(): LeafStatistics[] {
    return this.#chunks.map((chunk, i) => {
      const bytes = this.#rowGroups.reduce(
        (sum, group) => sum + (group.chunks[i]?.compressedSize ?? 0),
        0,
      );
      return leafStatistics(chunk.leaf, chunk.totals, bytes);
    });
  }
}

/** Parquet has no group without fields. */
function assertLeaves(element: SchemaElement): void {
  const isLeaf = element.physical !== undefined;
  assert(isLeaf || element.children.length > 0, `There are no fields in ${element.name}`);
  element.children.forEach(assertLeaves);
}
