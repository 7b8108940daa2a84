import type { ColumnBatch } from '@cdc-demo/cdc-core';
import { keepRows } from '@cdc-demo/lake-core';
import type {
  DeletionVector,
  FileReader,
  ParquetFileCache,
  TableColumns,
  TableRows,
} from '@cdc-demo/lake-core';
import { DeleteFiles } from '../deletes/delete-files.ts';
import type { TableFiles } from '../files/table-files.ts';
import { fileRecord } from '../manifest/write-manifest.ts';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import { DataFileReader } from '../read/data-file-reader.ts';
import { ROW_ID } from '../read/row-lineage.ts';
import type { Scan } from '../read/scan.ts';
import type { SnapshotEntries } from '../snapshot/live-files.ts';
import { sameDeletes } from '../write/live-data-file.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';

/** Rows that are read at a time. */
const BATCH_ROWS = 16_384;

export interface StoredTable {
  readonly metadata: TableMetadata;
  readonly files: TableFiles;
  /** Open files, for rows by their positions. */
  readonly cache: ParquetFileCache;
  readonly live: SnapshotEntries;
  readonly columns: TableColumns;
}

/** Stored rows that are read with or without what they carry of their lineage. */
export interface StoredRows extends TableRows<LiveDataFile> {
  /** @param what `lineage`: `LINEAGE_FIELDS` behind the columns; `rows` by default */
  openReader(what?: 'rows' | 'lineage'): FileReader<LiveDataFile>;
  /** The ids of rows of a live file, by their positions, ascending; NULL where it has none yet. */
  rowIds(file: LiveDataFile, positions: Uint32Array): Promise<readonly (bigint | null)[]>;
}

/** The rows of a table's current snapshot, read with these columns. */
export function storedRows({ metadata, files, cache, live, columns }: StoredTable): StoredRows {
  const deletes = new DeleteFiles(live.deletes, metadata.specs);
  const stored = live.data.map((entry): LiveDataFile => {
    const { file } = entry;
    return { path: file.path, file, deletes: deletes.of(file), record: () => fileRecord(entry) };
  });
  const places = new DataFileReader({ metadata, files, deletes: new DeleteFiles([], []), cache });
  const ids = new StoredRowIds(live, places);
  return {
    location: metadata.location,
    version: metadata.currentSnapshotId ?? 0n,
    files: stored,
    expectedRows: live.data.reduce((sum, { file }) => sum + file.recordCount, 0),
    openReader: (what = 'rows') => {
      const parts = { metadata, files, batchRows: BATCH_ROWS };
      const none = new DeleteFiles([], metadata.specs);
      return new StoredFileReader(
        { columns, lineage: what === 'lineage' },
        {
          rows: new DataFileReader({ ...parts, deletes: none }),
          places,
          deleted: new DataFileReader({ ...parts, deletes }),
        },
      );
    },
    rowIds: (file, positions) => ids.of(file.path, positions),
    isSame: sameDeletes,
  };
}

/** Rows that take their ids with them are read, those of all others follow from their places. */
class StoredRowIds {
  readonly #live: SnapshotEntries;
  readonly #reader: DataFileReader;
  #files: ReadonlyMap<string, ContentFile> | undefined;

  /** @param reader of files that it keeps open */
  constructor(live: SnapshotEntries, reader: DataFileReader) {
    this.#live = live;
    this.#reader = reader;
  }

  async of(path: string, positions: Uint32Array): Promise<readonly (bigint | null)[]> {
    this.#files ??= new Map(this.#live.data.map(({ file }) => [file.path, file]));
    const file = this.#files.get(path);
    if (!file) throw new Error(`${path} is not live`);
    const { firstRowId, recordCount, metrics } = file;
    if (metrics.nullCounts.get(ROW_ID.id) === recordCount) {
      return Array.from(positions, (row) =>
        firstRowId === undefined ? null : firstRowId + BigInt(row),
      );
    }
    const scan = { columns: [], outputs: 0, predicate: undefined, lineage: true };
    const { columns } = await this.#reader.rowsAt(file, Array.from(positions), scan);
    return Array.from(positions, (_, i) => (columns[0]?.value(i) ?? null) as bigint | null);
  }
}

interface Reading {
  readonly columns: TableColumns;
  readonly lineage: boolean;
}

interface Readers {
  /** Reads rows whether they are deleted or not. */
  readonly rows: DataFileReader;
  /** As `rows`, of files that it keeps open. */
  readonly places: DataFileReader;
  readonly deleted: DataFileReader;
}

class StoredFileReader implements FileReader<LiveDataFile> {
  readonly #reading: Reading;
  readonly #readers: Readers;

  constructor(reading: Reading, readers: Readers) {
    this.#reading = reading;
    this.#readers = readers;
  }

  rowCount({ file }: LiveDataFile): Promise<number> {
    return Promise.resolve(file.recordCount);
  }

  async deletedRows({ file }: LiveDataFile): Promise<DeletionVector | undefined> {
    const deleted = await this.#readers.deleted.deleted(file);
    return deleted.cardinality === 0 ? undefined : deleted;
  }

  async *rowsExcept(
    { file }: LiveDataFile,
    deleted: DeletionVector | undefined,
    columns?: readonly string[],
  ): AsyncGenerator<ColumnBatch, void, undefined> {
    let firstRow = 0;
    for await (const batch of this.#readers.rows.liveRows(file, this.#scan(columns))) {
      const dropped = new Uint8Array(batch.length);
      deleted?.mark(firstRow, dropped);
      firstRow += batch.length;
      const kept = keepRows(batch, dropped);
      if (kept.length > 0) yield kept;
    }
  }

  rowsAt({ file }: LiveDataFile, positions: Uint32Array): Promise<ColumnBatch> {
    return this.#readers.places.rowsAt(file, Array.from(positions), this.#scan());
  }

  #scan(names?: readonly string[]): Scan {
    const { columns, lineage } = this.#reading;
    const { fields } = columns;
    const wanted = names
      ? names.flatMap((name) => fields.find((field) => field.name === name) ?? [])
      : fields;
    return {
      columns: wanted.map((field) => ({ field, initialDefault: null })),
      outputs: wanted.length,
      predicate: undefined,
      lineage,
    };
  }
}
