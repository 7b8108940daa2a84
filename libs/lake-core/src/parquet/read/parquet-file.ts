import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, ObjectStore } from '@cdc-demo/cdc-core';
import { openDecompressors } from './decompress.ts';
import { FileBytes } from './file-bytes.ts';
import { fileFields } from './file-fields.ts';
import { readFooter } from './footer.ts';
import type { Footer, RowGroup } from './footer.ts';
import type { PageCache } from './page-cache.ts';
import { Place } from './place.ts';
import { planFields, plannedLeaves } from './read-plan.ts';
import type { ColumnPlan } from './read-plan.ts';
import { openRowGroup } from './row-group-reader.ts';
import type { OpenFile } from './row-group-reader.ts';
import { wantedRuns } from './row-pruning.ts';
import type { RowPruning } from './row-pruning.ts';
import { clipRuns, oneRun, runsOf } from './row-runs.ts';
import type { RowRuns } from './row-runs.ts';
import { assembleVariants, hasVariant, storedFields } from './variant-columns.ts';

/** What a reader wants of each row. */
export interface ParquetProjection {
  /**
   * The columns of the batches, nested fields projected as well. Elements of lists and keys and
   * values of maps are found by their place.
   */
  readonly fields: readonly Field[];
  /** How fields are found in the file: by exact `name`; or by `id`, those with id 0 by name. */
  readonly match: 'name' | 'id';
}

/** What a reader wants of some rows. */
export interface RowsRead extends ParquetProjection {
  /**
   * Bytes that may be read in vain between two pages, to save a request; 128 KiB unless given.
   */
  readonly gapBytes?: number | undefined;
}

export interface ParquetReadOptions extends ParquetProjection {
  /** Rows of a batch at most; batches end with their row group. */
  readonly batchRows?: number;
  /** File row numbers [start, end); all when left out. */
  readonly rows?: { readonly start: number; readonly end: number };
  /**
   * Leaves out row groups and pages of which no row can be wanted; others are read whole, so that
   * rows that are not wanted come too.
   */
  readonly pruning?: RowPruning | undefined;
}

/**
 * An open Parquet file. Files never change, so that one may be kept open and read any number of
 * times, also at once.
 *
 * A field that the file does not have comes as NULL in every row. Types need not be those of the
 * file: whatever has an exact equal in the wanted type is converted (`lake/parquet-type` where it
 * has none): wider integers, floats and decimals, any unit of time in microseconds, dates as
 * timestamps without zone, text as json and back; a variant is read whether it is shredded or not.
 * What is read of a damaged file is an error (`lake/parquet-corrupt`) wherever its pages have
 * checksums, and elsewhere as far as the format lets it be noticed.
 */
export interface ParquetFile {
  readonly rows: number;
  /** The file's own schema; ids are 0 where the file gives none. */
  readonly fields: readonly Field[];
  /** The key-value metadata. */
  readonly metadata: ReadonlyMap<string, string>;

  /** Batches in the order of the file, of consecutive rows; each belongs to the caller. */
  read(options: ParquetReadOptions): AsyncIterable<{ firstRow: number; rows: ColumnBatch }>;

  /**
   * Some rows only, of which no more than their pages are read where the file has an offset index.
   * @param positions ascending, distinct file row numbers
   * @throws RangeError for positions that are not, or beyond the file
   */
  readRows(positions: Uint32Array, read: RowsRead): Promise<ColumnBatch>;
}

const BATCH_ROWS = 8192;
/** Of a row group with more compressed bytes, rows are read in several steps where they can be. */
const STEP_BYTES = 64 * 1024 * 1024;

/**
 * @param key the file's key in `store`
 * @param size the file's size in bytes where the caller knows it; saves a request
 * @throws ObjectStoreError `object-store/not-found`
 * @throws LakeError for a file that is no Parquet, damaged or encrypted
 */
export function openParquet(store: ObjectStore, key: string, size?: number): Promise<ParquetFile> {
  return OpenParquetFile.open(store, key, size === undefined ? {} : { size });
}

export class OpenParquetFile implements ParquetFile {
  readonly fields: readonly Field[];
  readonly #footer: Footer;
  readonly #file: OpenFile;
  readonly #place: Place;
  readonly #cache: PageCache | undefined;

  private constructor(file: OpenFile, footer: Footer, cache: PageCache | undefined) {
    this.#place = file.bytes.place;
    this.#file = file;
    this.#footer = footer;
    this.#cache = cache;
    this.fields = fileFields(footer.nodes, this.#place);
  }

  /** @param options `cache` keeps the pages that `readRows` decodes */
  static async open(
    store: ObjectStore,
    key: string,
    options: { readonly size?: number; readonly cache?: PageCache },
  ): Promise<OpenParquetFile> {
    const bytes = await FileBytes.open(store, new Place(key), options.size);
    const footer = await readFooter(bytes);
    const decompressors = await openDecompressors(footer.codecs);
    const { statistics } = footer;
    const file = { bytes, decompressors, statistics, offsetIndexes: new Map() };
    return new OpenParquetFile(file, footer, options.cache);
  }

  get rows(): number {
    return this.#footer.rows;
  }

  get metadata(): ReadonlyMap<string, string> {
    return this.#footer.metadata;
  }

  /** Estimate of the memory that the open file takes, once its page indexes are read. */
  get byteSize(): number {
    return this.#file.bytes.byteSize + this.#footer.byteSize;
  }

  async *read(
    options: ParquetReadOptions,
  ): AsyncGenerator<{ firstRow: number; rows: ColumnBatch }, void, undefined> {
    const stored = this.#stored(options);
    const plans = this.#plan(stored);
    const wanted = options.rows ?? { start: 0, end: this.rows };
    for (const group of this.#footer.groups) {
      const start = Math.max(wanted.start - group.firstRow, 0);
      const end = Math.min(wanted.end - group.firstRow, group.rows);
      if (start >= end) continue;
      const wantedOnes = options.pruning
        ? await wantedRuns(this.#file, { group, plans }, options.pruning)
        : oneRun(start, end);
      const atOnce = stepRows(group, plans);
      for (let from = start; from < end; from += atOnce) {
        const runs = clipRuns(wantedOnes, from, Math.min(from + atOnce, end));
        if (runs.length === 0) continue;
        const step = { group, plans, runs, batchRows: options.batchRows ?? BATCH_ROWS };
        for await (const batch of this.#batches(stored.fields, step)) {
          yield { ...batch, rows: this.#assembled(batch.rows, options.fields) };
        }
      }
    }
  }

  async *#batches(
    fields: readonly Field[],
    { group, plans, runs, batchRows }: Step,
  ): AsyncGenerator<{ firstRow: number; rows: ColumnBatch }, void, undefined> {
    const cursor = await openRowGroup(this.#file, { group, plans, runs });
    const most = Math.max(1, batchRows);
    for (let run = 0; run < runs.length; run += 2) {
      const runEnd = runs[run + 1] ?? 0;
      for (let row = runs[run] ?? 0; row < runEnd; row += most) {
        const end = Math.min(row + most, runEnd);
        const batch = new ColumnBatch(fields, end - row);
        cursor.appendTo(batch, oneRun(row, end));
        yield { firstRow: group.firstRow + row, rows: batch };
      }
    }
  }

  async readRows(positions: Uint32Array, rows: RowsRead): Promise<ColumnBatch> {
    const { gapBytes, ...projection } = rows;
    const stored = this.#stored(projection);
    const plans = this.#plan(stored);
    assertPositions(positions, this.rows);
    const batch = new ColumnBatch(stored.fields, positions.length);
    let next = 0;
    for (const group of this.#footer.groups) {
      const first = next;
      while (next < positions.length && (positions[next] ?? 0) < group.firstRow + group.rows) {
        next++;
      }
      if (next === first) continue;
      const runs = runsOf(positions.subarray(first, next), group.firstRow);
      const read = { group, plans, runs, cache: this.#cache, gapBytes };
      (await openRowGroup(this.#file, read)).appendTo(batch, runs);
    }
    return this.#assembled(batch, projection.fields);
  }

  /** The columns of the file that the wanted ones are made of. */
  #stored({ fields, match }: ParquetProjection): ParquetProjection {
    return { fields: storedFields(fields, this.fields, { match, place: this.#place }), match };
  }

  #assembled(batch: ColumnBatch, fields: readonly Field[]): ColumnBatch {
    const isPlain = !fields.some(({ type }) => hasVariant(type));
    return isPlain ? batch : assembleVariants(batch, fields, this.#place);
  }

  #plan({ fields, match }: ParquetProjection): ColumnPlan[] {
    return planFields(fields, this.#footer.nodes, { match, place: this.#place });
  }
}

interface Step {
  readonly group: RowGroup;
  readonly plans: readonly ColumnPlan[];
  readonly runs: RowRuns;
  readonly batchRows: number;
}

/** Rows of a row group that are fetched at once. */
function stepRows(group: RowGroup, plans: readonly ColumnPlan[]): number {
  const chunks = plannedLeaves(plans).map(({ plan }) => group.chunks[plan.node.column]);
  // Without offset index every step would read the whole column again.
  if (chunks.some((chunk) => chunk?.offset_index_offset === undefined)) return group.rows;
  const bytes = chunks.reduce(
    (sum, chunk) => sum + Number(chunk?.meta_data?.total_compressed_size ?? 0),
    0,
  );
  return Math.ceil(group.rows / Math.max(1, Math.ceil(bytes / STEP_BYTES)));
}

function assertPositions(positions: Uint32Array, rows: number): void {
  let last = -1;
  for (const position of positions) {
    if (position <= last || position >= rows) {
      throw new RangeError('Positions must be ascending, distinct row numbers of the file');
    }
    last = position;
  }
}
