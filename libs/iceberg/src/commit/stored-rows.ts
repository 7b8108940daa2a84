import type { ColumnBatch } from '@cdc-demo/cdc-core';
import { keepRows } from '@cdc-demo/lake-core';
import type { DeletionVector, FileReader, TableColumns, TableRows } from '@cdc-demo/lake-core';
import { DeleteFiles } from '../deletes/delete-files.ts';
import type { TableFiles } from '../files/table-files.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import { DataFileReader } from '../read/data-file-reader.ts';
import type { Scan } from '../read/scan.ts';
import type { SnapshotFiles } from '../snapshot/live-files.ts';
import { sameDeletes } from '../write/live-data-file.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';

/** Rows that are read at a time. */
const BATCH_ROWS = 16_384;

export interface StoredTable {
  readonly metadata: TableMetadata;
  readonly files: TableFiles;
  readonly live: SnapshotFiles;
  readonly columns: TableColumns;
}

/** The rows of a table's current snapshot, read with these columns. */
export function storedRows({
  metadata,
  files,
  live,
  columns,
}: StoredTable): TableRows<LiveDataFile> {
  const deletes = new DeleteFiles(live.deletes, metadata.specs);
  const stored = live.data.map((file) => ({ path: file.path, file, deletes: deletes.of(file) }));
  return {
    location: metadata.location,
    version: metadata.currentSnapshotId ?? 0n,
    files: stored,
    expectedRows: live.data.reduce((sum, { recordCount }) => sum + recordCount, 0),
    openReader: () => {
      const parts = { metadata, files, batchRows: BATCH_ROWS };
      return new StoredFileReader(columns, {
        rows: new DataFileReader({ ...parts, deletes: new DeleteFiles([], metadata.specs) }),
        deleted: new DataFileReader({ ...parts, deletes }),
      });
    },
    isSame: sameDeletes,
  };
}

class StoredFileReader implements FileReader<LiveDataFile> {
  readonly #columns: TableColumns;
  /** Reads rows whether they are deleted or not. */
  readonly #rows: DataFileReader;
  readonly #deleted: DataFileReader;

  constructor(
    columns: TableColumns,
    readers: { readonly rows: DataFileReader; readonly deleted: DataFileReader },
  ) {
    this.#columns = columns;
    this.#rows = readers.rows;
    this.#deleted = readers.deleted;
  }

  rowCount({ file }: LiveDataFile): Promise<number> {
    return Promise.resolve(file.recordCount);
  }

  async deletedRows({ file }: LiveDataFile): Promise<DeletionVector | undefined> {
    const deleted = await this.#deleted.deleted(file);
    return deleted.cardinality === 0 ? undefined : deleted;
  }

  async *rowsExcept(
    { file }: LiveDataFile,
    deleted: DeletionVector | undefined,
    columns?: readonly string[],
  ): AsyncGenerator<ColumnBatch, void, undefined> {
    let firstRow = 0;
    for await (const batch of this.#rows.liveRows(file, this.#scan(columns))) {
      const dropped = new Uint8Array(batch.length);
      deleted?.mark(firstRow, dropped);
      firstRow += batch.length;
      const kept = keepRows(batch, dropped);
      if (kept.length > 0) yield kept;
    }
  }

  rowsAt({ file }: LiveDataFile, positions: Uint32Array): Promise<ColumnBatch> {
    return this.#rows.rowsAt(file, Array.from(positions), this.#scan());
  }

  #scan(names?: readonly string[]): Scan {
    const { fields } = this.#columns;
    const wanted = names
      ? names.flatMap((name) => fields.find((field) => field.name === name) ?? [])
      : fields;
    return {
      columns: wanted.map((field) => ({ field, initialDefault: null })),
      outputs: wanted.length,
      predicate: undefined,
      lineage: false,
    };
  }
}
