import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Column, Field, ObjectStore } from '@cdc-demo/cdc-core';
import {
  constantColumn,
  firstColumns,
  keepRows,
  matchingRows,
  openParquet,
  relabelColumn,
} from '@cdc-demo/lake-core';
import type { DeletionVector, ParquetFile, ParquetFileCache } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import { readDeletionVector } from '../deletion-vectors/read-deletion-vector.ts';
import type { DeletionVectorDescriptor, PartitionValues } from '../log/actions.ts';
import { locateFile } from './file-location.ts';
import type { FileResolver } from '@cdc-demo/lake-core';
import { orMissing } from './missing-file.ts';
import { partitionValue } from './partition-value.ts';
import type { Projection } from './projection.ts';
import type { RowFilter, Scan } from './scan.ts';

export interface ReadOptions {
  /** Opens files outside of the table; by default those of the local file system. */
  readonly resolver?: FileResolver;
  /**
   * The zone in which the table's timestamps of partition values are that do not name one; by
   * default UTC.
   */
  readonly timeZone?: string;
  /** Rows of a batch at most. */
  readonly batchRows?: number;
}

/** A file of the table as `add`, `remove` and `cdc` actions describe it. */
export interface DataFile {
  readonly path: string;
  readonly size?: number;
  readonly partitionValues?: PartitionValues;
  readonly stats?: string;
  readonly deletionVector?: DeletionVectorDescriptor;
}

const BATCH_ROWS = 8192;

/** Reads rows of a table's files in the table's own terms. */
export class DataFileReader {
  readonly #table: ObjectStore;
  readonly #options: ReadOptions;
  readonly #cache: ParquetFileCache | undefined;
  #last: { readonly path: string; readonly opening: Promise<ParquetFile> } | undefined;

  /**
   * @param table the store whose root is the table's folder
   * @param cache open files of the table, where they are read again and again
   */
  constructor(table: ObjectStore, options: ReadOptions = {}, cache?: ParquetFileCache) {
    this.#table = table;
    this.#options = options;
    this.#cache = cache;
  }

  /**
   * The rows of a file without those that its deletion vector deletes, in the order of the file,
   * and only those that the scan wants. Columns that the file does not have are NULL.
   * @throws DeltaError `delta/file-missing`, `delta/foreign-storage`, `delta/partition-value`,
   * `delta/deletion-vector`; what the Parquet reader throws
   */
  async *liveRows(file: DataFile, scan: Scan): AsyncGenerator<ColumnBatch> {
    const deleted = await this.deletionVector(file.deletionVector);
    yield* this.rowsExcept(file, deleted, scan);
  }

  /** As `liveRows`, without the rows of `deleted` instead of the file's own vector. */
  async *rowsExcept(
    file: DataFile,
    deleted: DeletionVector | undefined,
    scan: Scan,
  ): AsyncGenerator<ColumnBatch> {
    const { filter, outputs = scan.fields.length } = scan;
    const { partitionValues = {}, stats } = file;
    const about = stats === undefined ? { partitionValues } : { partitionValues, stats };
    const { someMatch, allMatch } = filter?.outcomes(about) ?? { someMatch: true, allMatch: true };
    if (!someMatch) return;
    const parquet = await this.#open(file);
    const batches = parquet.read({
      ...toRead(scan, parquet, file),
      batchRows: this.#options.batchRows ?? BATCH_ROWS,
      pruning: allMatch ? undefined : filter?.pruning(about),
    });
    const tested = allMatch ? undefined : filter;
    for await (const { firstRow, rows } of batches) {
      const batch = this.#inTableTerms(rows, file, scan);
      const kept =
        deleted || tested
          ? keepRows(batch, droppedRows(batch, { firstRow, deleted, filter: tested }), outputs)
          : firstColumns(batch, outputs);
      if (kept.length > 0 || !(deleted ?? tested)) yield kept;
    }
  }

  /** Rows of a file by their positions, ascending; deleted or not. */
  async rowsAt(
    file: DataFile,
    positions: Uint32Array | readonly number[],
    projection: Projection,
  ): Promise<ColumnBatch> {
    const parquet = await this.#open(file);
    const read = toRead(projection, parquet, file);
    const rows = await parquet.readRows(Uint32Array.from(positions), read);
    return this.#inTableTerms(rows, file, projection);
  }

  /** How many rows a file has, deleted ones among them. */
  async rowCount(file: DataFile): Promise<number> {
    return (await this.#open(file)).rows;
  }

  /** The rows that a file's descriptor deletes; undefined without a descriptor. */
  async deletionVector(
    descriptor: DeletionVectorDescriptor | undefined,
  ): Promise<DeletionVector | undefined> {
    return descriptor && readDeletionVector(this.#table, descriptor, this.#options.resolver);
  }

  /** The file that was opened last stays open: it is often asked for again. */
  #open(file: DataFile): Promise<ParquetFile> {
    if (this.#last?.path === file.path) return this.#last.opening;
    const opened = { path: file.path, opening: this.#openParquet(file) };
    this.#last = opened;
    opened.opening.catch(() => {
      if (this.#last === opened) this.#last = undefined;
    });
    return opened.opening;
  }

  async #openParquet({ path, size }: DataFile): Promise<ParquetFile> {
    const location = locateFile(this.#table, path, this.#options.resolver);
    const { store, key } = location;
    if (this.#cache && store === this.#table) {
      return orMissing(this.#cache.open(key, size), location);
    }
    if (size === undefined) return orMissing(openParquet(store, key), location);
    try {
      return await orMissing(openParquet(store, key, size), location);
    } catch (error) {
      // Some writers get the size wrong, and what lies at the end of the file counts.
      const actual = (await store.stat(key))?.size;
      if (actual === undefined || actual === size) throw error;
      return openParquet(store, key, actual);
    }
  }

  #inTableTerms(rows: ColumnBatch, file: DataFile, projection: Projection): ColumnBatch {
    const { fields, data, partition } = projection;
    const columns = new Array<Column>(fields.length);
    data.forEach(({ at }, i) => {
      const column = rows.columns[i];
      const field = fields[at];
      if (column && field) columns[at] = relabelColumn(column, field.type);
    });
    const timeZone = this.#options.timeZone ?? 'UTC';
    for (const { at, physical } of partition) {
      const value = partitionValue(file.partitionValues, physical, timeZone);
      columns[at] = constantColumn(physical.type, value, rows.length);
    }
    return ColumnBatch.of(fields, columns, rows.length);
  }
}

/** A byte for each row, 1 for those that are deleted or not wanted. */
function droppedRows(
  batch: ColumnBatch,
  {
    firstRow,
    deleted,
    filter,
  }: {
    readonly firstRow: number;
    readonly deleted: DeletionVector | undefined;
    readonly filter: RowFilter | undefined;
  },
): Uint8Array {
  const dropped = new Uint8Array(batch.length);
  deleted?.mark(firstRow, dropped);
  const matching = filter && matchingRows(filter.predicate, batch);
  for (let row = 0; matching && row < dropped.length; row++) {
    if (matching[row] === 0) dropped[row] = 1;
  }
  return dropped;
}

/**
 * @throws DeltaError `delta/field-ids-missing` where columns are found by ids and the file has none
 * at all: every value would be NULL
 */
function toRead(
  { data, match }: Projection,
  parquet: ParquetFile,
  { path }: DataFile,
): { readonly fields: readonly Field[]; readonly match: 'name' | 'id' } {
  const needsIds = match === 'id' && data.some(({ physical }) => physical.id !== 0);
  if (needsIds && parquet.fields.every(({ id }) => id === 0)) {
    throw new DeltaError(
      'delta/field-ids-missing',
      `The table finds columns by their ids, and the file ${path} has none`,
      { context: { path } },
    );
  }
  return { fields: data.map(({ physical }) => physical), match };
}
