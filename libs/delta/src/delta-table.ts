import type { ColumnBatch, ObjectStore } from '@cdc-demo/cdc-core';
import type { Predicate } from '@cdc-demo/lake-core';
import { openObjectStore } from '@cdc-demo/object-store';
import { readChanges } from './changes/read-changes.ts';
import { optimize } from './compaction/optimize.ts';
import type { OptimizeOptions, OptimizeResult } from './compaction/optimize.ts';
import { DeltaError } from './errors.ts';
import { cleanLog } from './log-cleanup/clean-log.ts';
import type { LogCleanupOptions, LogCleanupResult } from './log-cleanup/clean-log.ts';
import { CommitHistory, firstInCommitTimestamp } from './log/commit-history.ts';
import type { HistoryEntry } from './log/commit-history.ts';
import { listLog } from './log/log-listing.ts';
import { DataFileReader } from './read/data-file-reader.ts';
import type { ReadOptions } from './read/data-file-reader.ts';
import { planScan } from './read/scan.ts';
import { supportedFields } from './schema/supported-fields.ts';
import { findLogSegment } from './snapshot/log-segment.ts';
import { openSnapshot } from './snapshot/open-snapshot.ts';
import { readDefinition } from './snapshot/read-definition.ts';
import type { Snapshot } from './snapshot/snapshot.ts';
import { vacuum } from './vacuum/vacuum.ts';
import type { VacuumOptions, VacuumResult } from './vacuum/vacuum.ts';
import { countRecords, fileInfo } from './table-info.ts';
import type { FileInfo, TableInfo } from './table-info.ts';

/** A version by its number, or the one that was the newest at a time. Both left out: the newest. */
export interface VersionChoice {
  readonly version?: bigint | number | undefined;
  /** Milliseconds since the epoch. */
  readonly timestampMs?: number | undefined;
}

export interface RowsOptions extends VersionChoice {
  /** Names of columns, in the order of the result; by default all. */
  readonly columns?: readonly string[] | undefined;
  /**
   * Which rows, as data or as text (`"id > 5 AND name LIKE 'A%'"`, see `parsePredicate`); by
   * default all. Files, row groups and pages that cannot hold one are not read. Its columns need
   * not be among `columns`.
   */
  readonly where?: Predicate | string | undefined;
}

/** A version, and which of its files. */
export interface FilesOptions extends VersionChoice {
  /** Only files that may hold a row for which this is true. */
  readonly where?: Predicate | string | undefined;
}

export interface ChangesOptions {
  /** The first version, or the first one at or after a time. */
  readonly from: VersionChoice;
  /** The last version, or the last one at or before a time; by default the newest. */
  readonly to?: VersionChoice | undefined;
  readonly columns?: readonly string[] | undefined;
}

/**
 * A Delta table to read. It keeps nothing between calls: each call sees the table as it is then,
 * and a version stays what it is while others write.
 */
export class DeltaTable {
  readonly store: ObjectStore;
  readonly readOptions: ReadOptions;

  private constructor(store: ObjectStore, options: ReadOptions) {
    this.store = store;
    this.readOptions = options;
  }

  /**
   * @param location a path, a URL, or a store whose root is the table's folder
   * @throws DeltaError `delta/not-a-table`, `delta/log-gap`
   */
  static async open(
    location: string | ObjectStore,
    options: ReadOptions = {},
  ): Promise<DeltaTable> {
    const store = typeof location === 'string' ? openObjectStore(location) : location;
    await findLogSegment(store);
    return new DeltaTable(store, options);
  }

  /** @throws DeltaError `delta/version-missing`, `delta/time-out-of-range`; as `openSnapshot` */
  async snapshot(choice: VersionChoice = {}): Promise<Snapshot> {
    const version = await this.#version(choice);
    return openSnapshot(this.store, version === undefined ? {} : { version });
  }

  /**
   * The rows of a version, file by file in no order.
   * @throws DeltaError `delta/column-missing`, `delta/unsupported-type`; LakeError
   * `lake/predicate`; as `snapshot` and `DataFileReader.liveRows`
   */
  async *rows(options: RowsOptions = {}): AsyncGenerator<ColumnBatch, void, undefined> {
    const snapshot = await this.snapshot(options);
    const scan = planScan(snapshot, options, this.#timeZone);
    const reader = new DataFileReader(this.store, this.readOptions);
    for (const file of snapshot.files()) yield* reader.liveRows(file, scan);
  }

  /**
   * The change feed of a range of versions; see `readChanges`. Nothing when the times of the range
   * have no commit between them.
   */
  async *changes(options: ChangesOptions): AsyncGenerator<ColumnBatch, void, undefined> {
    const history = await this.#history();
    const newest = history.range?.last ?? 0n;
    const { from, to = {} } = options;
    const first = await this.#firstVersion(from, history);
    const last = await this.#lastVersion(to, history);
    if (first === undefined || last === undefined) return;
    const isByTime = from.timestampMs !== undefined || to.timestampMs !== undefined;
    if (first > last && isByTime) return;
    if (first > last || last > newest) {
      throw new DeltaError(
        'delta/version-missing',
        `There are no changes from version ${first} to ${last}: the newest version is ${newest}`,
        { context: { first, last, newest } },
      );
    }
    const { columns } = options;
    const source = { ...this.readOptions, store: this.store, history };
    yield* readChanges(source, { first, last, ...(columns ? { columns } : {}) });
  }

  /** The commits that the log still has, the newest first. */
  async *history(): AsyncGenerator<HistoryEntry, void, undefined> {
    yield* (await this.#history()).entries();
  }

  /**
   * The first and the last version whose commits the log still has.
   * @throws DeltaError `delta/log-incomplete` when it has none
   */
  async versions(): Promise<{ readonly first: bigint; readonly last: bigint }> {
    const { range } = await this.#history();
    if (range) return range;
    const message = `The log of ${this.store.url} has a checkpoint only, and no commit`;
    throw new DeltaError('delta/log-incomplete', message, {
      context: { location: this.store.url },
    });
  }

  /**
   * The version that was the newest at a time.
   * @throws DeltaError `delta/time-out-of-range` when that is before the first commit that the log
   * still has
   */
  async versionAt(timestampMs: number): Promise<bigint> {
    const version = await this.#versionAt(timestampMs, await this.#history());
    if (version !== undefined) return version;
    const when = new Date(timestampMs).toISOString();
    throw new DeltaError('delta/time-out-of-range', `The table has no commit as old as ${when}`, {
      context: { timestampMs },
    });
  }

  /** The live files of a version. */
  async *files(options: FilesOptions = {}): AsyncGenerator<FileInfo, void, undefined> {
    const snapshot = await this.snapshot(options);
    const { where } = options;
    const { filter } = planScan(snapshot, { columns: [], where }, this.#timeZone);
    for (const file of snapshot.files()) {
      if (!filter || filter.outcomes(file).someMatch) yield fileInfo(file);
    }
  }

  async info(choice: VersionChoice = {}): Promise<TableInfo> {
    const snapshot = await this.snapshot(choice);
    const { metadata, protocol } = snapshot;
    let deletionVectorCount = 0;
    for (const { deletionVector } of snapshot.files()) if (deletionVector) deletionVectorCount++;
    return {
      id: metadata.id,
      name: metadata.name,
      description: metadata.description,
      version: snapshot.version,
      timestampMs: snapshot.timestampMs,
      createdMs: metadata.createdTime,
      ...supportedFields(snapshot.schema),
      partitionColumns: metadata.partitionColumns,
      configuration: metadata.configuration,
      protocol,
      fileCount: snapshot.fileCount,
      sizeInBytes: snapshot.sizeInBytes,
      deletionVectorCount,
      records: countRecords(snapshot),
      transactions: [...snapshot.transactions.values()],
      domains: [...snapshot.domains.values()],
    };
  }

  /** Merges small files and drops deleted rows; see `optimize`. */
  optimize(options: OptimizeOptions): Promise<OptimizeResult> {
    return optimize(this.store, options);
  }

  /** Deletes the files that no version within the retention needs; see `vacuum`. */
  vacuum(options: VacuumOptions): Promise<VacuumResult> {
    return vacuum(this.store, options);
  }

  /** Deletes the versions that are older than the table's retention; see `cleanLog`. */
  cleanLog(options: LogCleanupOptions): Promise<LogCleanupResult> {
    return cleanLog(this.store, options);
  }

  get #timeZone(): string {
    return this.readOptions.timeZone ?? 'UTC';
  }

  async #history(): Promise<CommitHistory> {
    const { commits } = await listLog(this.store);
    return new CommitHistory(this.store, commits);
  }

  async #version({ version, timestampMs }: VersionChoice): Promise<bigint | undefined> {
    if (version !== undefined) return BigInt(version);
    return timestampMs === undefined ? undefined : this.versionAt(timestampMs);
  }

  async #versionAt(timestampMs: number, history: CommitHistory): Promise<bigint | undefined> {
    const { metadata } = await readDefinition(this.store);
    return history.versionAt(timestampMs, firstInCommitTimestamp(metadata.configuration));
  }

  async #firstVersion(
    { version, timestampMs }: VersionChoice,
    history: CommitHistory,
  ): Promise<bigint | undefined> {
    if (version !== undefined) return BigInt(version);
    const oldest = history.range?.first;
    if (timestampMs === undefined) return oldest;
    const before = await this.#versionAt(timestampMs - 1, history);
    return before === undefined ? oldest : before + 1n;
  }

  async #lastVersion(
    { version, timestampMs }: VersionChoice,
    history: CommitHistory,
  ): Promise<bigint | undefined> {
    if (version !== undefined) return BigInt(version);
    if (timestampMs === undefined) return history.range?.last;
    return this.#versionAt(timestampMs, history);
  }
}
