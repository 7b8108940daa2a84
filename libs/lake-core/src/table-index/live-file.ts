import type { ColumnBatch } from '@cdc-demo/cdc-core';
import type { DeletionVector } from '../deletion-vector/deletion-vector.ts';

/** A live data file as the table's log or manifests describe it. No two have the same path. */
export interface LiveFile {
  readonly path: string;
}

/** Reads files of one table one after the other, in the table's columns. */
export interface FileReader<F extends LiveFile> {
  /** How many rows a file has, deleted ones among them. */
  rowCount(file: F): Promise<number>;
  /** The rows of a file that are deleted; undefined where there are none. */
  deletedRows(file: F): Promise<DeletionVector | undefined>;
  /**
   * The rows of a file without those of `deleted`, in the order of the file.
   * @param columns names of the columns of the result, by default all of the table
   */
  rowsExcept(
    file: F,
    deleted: DeletionVector | undefined,
    columns?: readonly string[],
  ): AsyncIterable<ColumnBatch>;
  /** Rows of a file by their positions, ascending; deleted or not. */
  rowsAt(file: F, positions: Uint32Array): Promise<ColumnBatch>;
}

/** One version of a table, as far as its rows are concerned. */
export interface TableRows<F extends LiveFile> {
  /** For messages. */
  readonly location: string;
  readonly version: bigint;
  readonly files: Iterable<F>;
  /** Rows that the files have together, deleted ones among them; an estimate does. */
  readonly expectedRows: number;
  openReader(): FileReader<F>;
  /** Are two descriptions of a path the same, deleted rows included? */
  isSame(a: F, b: F): boolean;
}
