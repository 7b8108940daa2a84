import type { ColumnBatch, ObjectStore } from '@cdc-demo/cdc-core';
import type { DeletionVector, FileReader, ParquetFileCache, TableRows } from '@cdc-demo/lake-core';
import type { AddFile } from '../log/actions.ts';
import { logicalFileKey } from '../log/logical-file-key.ts';
import { DataFileReader } from '../read/data-file-reader.ts';
import { project } from '../read/projection.ts';
import type { RowLayout } from '../read/projection.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** Rows that are read at a time. */
const BATCH_ROWS = 16_384;

/**
 * The rows of a version, read with the columns of `layout`.
 * @param cache open files, for rows by their positions
 */
export function storedRows(
  snapshot: Snapshot,
  layout: RowLayout,
  { store, cache }: { readonly store: ObjectStore; readonly cache: ParquetFileCache },
): TableRows<AddFile> {
  return {
    location: store.url,
    version: snapshot.version,
    get files() {
      return snapshot.files();
    },
    get expectedRows() {
      let rows = 0;
      for (const add of snapshot.files()) rows += numRecords(add);
      return rows;
    },
    openReader: () => new StoredFileReader(layout, { store, cache }),
    isSame: (a, b) => logicalFileKey(a) === logicalFileKey(b),
  };
}

class StoredFileReader implements FileReader<AddFile> {
  readonly #layout: RowLayout;
  readonly #whole: DataFileReader;
  readonly #places: DataFileReader;

  constructor(
    layout: RowLayout,
    { store, cache }: { readonly store: ObjectStore; readonly cache: ParquetFileCache },
  ) {
    this.#layout = layout;
    this.#whole = new DataFileReader(store, { batchRows: BATCH_ROWS });
    this.#places = new DataFileReader(store, {}, cache);
  }

  rowCount(add: AddFile): Promise<number> {
    return this.#whole.rowCount(add);
  }

  deletedRows({ deletionVector }: AddFile): Promise<DeletionVector | undefined> {
    return this.#whole.deletionVector(deletionVector);
  }

  rowsExcept(
    add: AddFile,
    deleted: DeletionVector | undefined,
    columns?: readonly string[],
  ): AsyncIterable<ColumnBatch> {
    return this.#whole.rowsExcept(add, deleted, project(this.#layout, columns));
  }

  rowsAt(add: AddFile, positions: Uint32Array): Promise<ColumnBatch> {
    return this.#places.rowsAt(add, positions, project(this.#layout));
  }
}

function numRecords({ stats = '{}' }: AddFile): number {
  return (JSON.parse(stats) as { readonly numRecords?: number }).numRecords ?? 0;
}
