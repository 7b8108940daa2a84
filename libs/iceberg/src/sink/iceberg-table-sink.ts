import { randomUUID } from 'node:crypto';
import { comparePositions, formatTableName } from '@cdc-demo/cdc-core';
import type {
  CommitOutcome,
  CommitPoint,
  OpenOutcome,
  ResyncRows,
  SnapshotSettlement,
  SnapshotStage,
  StagedSnapshot,
  TableSchema,
  TableSink,
  Writer,
} from '@cdc-demo/cdc-core';
import {
  ChangeCommitter,
  TableUpkeep,
  formatTableColumns,
  newTableColumns,
} from '@cdc-demo/lake-core';
import type { SourceChanges, TableColumns } from '@cdc-demo/lake-core';
import { FilesystemCatalog } from '../catalog/filesystem-catalog.ts';
import { newMetadata } from '../catalog/new-metadata.ts';
import { DELETES_OLD } from '../catalog/table-catalog.ts';
import type {
  CatalogTable,
  TableCatalog,
  TablePlace,
  TableVersion,
} from '../catalog/table-catalog.ts';
import { TableCommits, createTable } from '../commit/table-commits.ts';
import { IcebergError, icebergErrors } from '../errors.ts';
import type { IcebergCompaction } from '../compaction/stage-compaction.ts';
import { icebergUpkeep } from '../upkeep/iceberg-upkeep.ts';
import type { FileCondition } from '../upkeep/table-condition.ts';
import { TableFiles } from '../files/table-files.ts';
import type { FileRecord } from '../manifest/write-manifest.ts';
import { newSpec } from '../partition/partition-by.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import { unreadable } from '../write/table-readers.ts';
import { changeWriter } from './change-writer.ts';
import { IcebergCommits } from './iceberg-commits.ts';
import type { IcebergCommitter } from './iceberg-commits.ts';
import { removeSettledTables, unpublishedTable } from './remove-settled.ts';
import { IcebergSettlement } from './settlement.ts';
import type { TableContext, TableSettings } from './sink-options.ts';
import { IcebergSnapshotStage } from './snapshot-stage.ts';
import { readStaged } from './staged-files.ts';
import type { StagedFiles } from './staged-files.ts';
import { sweepStage } from './sweep-stage.ts';
import { positionProperty } from './table-position.ts';
import { COLUMNS_PROPERTY, readState } from './table-state.ts';

/** A pipeline makes a metadata file with each commit. */
const KEPT_METADATA = {
  [DELETES_OLD]: 'true',
  'write.metadata.previous-versions-max': '100',
};

/** A table that is open. */
interface OpenTable {
  readonly commits: TableCommits;
  readonly committer: IcebergCommitter;
}

/** One Iceberg table that follows one source table. See `TableSink` for the order of calls. */
export class IcebergTableSink implements TableSink {
  readonly #settings: TableSettings;
  readonly #table: CatalogTable;
  #place: TablePlace | undefined;
  #writer: Writer | undefined;
  #open: OpenTable | undefined;
  #upkeep: TableUpkeep<FileCondition, IcebergCompaction> | undefined;
  #pending: SourceChanges[] = [];

  /** @param place of a table that needs no `open` */
  constructor(settings: TableSettings, table: CatalogTable, place?: TablePlace) {
    this.#settings = settings;
    this.#table = table;
    this.#place = place;
  }

  async open(writer: Writer): Promise<OpenOutcome> {
    this.#writer = writer;
    this.#pending = [];
    this.#place = await this.#table.place();
    const version = await this.#catalog.load();
    if (!version) return { outcome: 'missing' };
    const opened = this.#adopt(version, writer);
    if (opened.outcome === 'opened') await removeSettledTables(this.#context);
    return opened;
  }

  async sweepStaged(kept: readonly StagedSnapshot[]): Promise<void> {
    const { pipeline } = this.#openedBy();
    const { store, logger, catalog } = this.#context;
    const { metadataFiles } = catalog;
    const keys = kept.flatMap((staged) => readStaged(staged).files.map((file) => this.#key(file)));
    const swept = await sweepStage(store, { pipeline, kept: new Set(keys), metadataFiles });
    if (swept > 0) logger.info('removed files of an unfinished snapshot', { files: swept });
  }

  stageSnapshot(schema: TableSchema): Promise<SnapshotStage> {
    return new Promise((resolve) => {
      this.#assertWritable(schema);
      const { location } = this.#catalog;
      const { pipeline } = this.#openedBy();
      resolve(new IcebergSnapshotStage(this.#context, { location, pipeline, schema }));
    });
  }

  async settleSnapshot(
    staged: readonly StagedSnapshot[],
    point: CommitPoint,
  ): Promise<SnapshotSettlement> {
    const id = `${point.incarnation}-${randomUUID()}`;
    const store = unpublishedTable(this.#context.store, id);
    const catalog = new FilesystemCatalog(store, this.#settings);
    const kept = { upkeep: 'off', partitionBy: undefined } as const;
    const context: TableContext = { ...this.#context, ...kept, store, catalog };
    const table = new IcebergTableSink(context, this.#table, context);
    const created = await table.#createFrom(staged, point);
    if (created.outcome === 'conflicted') throw created.error;
    return new IcebergSettlement(context, table);
  }

  async publishSnapshot(
    staged: readonly StagedSnapshot[],
    point: CommitPoint,
  ): Promise<CommitOutcome> {
    const outcome = await this.#createFrom(staged, point);
    if (outcome.outcome === 'committed') await removeSettledTables(this.#context);
    return outcome;
  }

  async create(schema: TableSchema, point: CommitPoint): Promise<CommitOutcome> {
    this.#assertWritable(schema);
    if (!(await this.#catalog.load())) await this.sweepStaged([]);
    const { mode, partitionBy = [] } = this.#context;
    const columns = newTableColumns(schema, mode, TABLE_TYPES);
    return this.#create({ columns, spec: newSpec(partitionBy, columns.fields) }, point, []);
  }

  setResyncing(isResyncing: boolean): void {
    this.#opened('setResyncing').committer.isResyncing = isResyncing;
  }

  resync(rows: ResyncRows, point: CommitPoint): Promise<CommitOutcome> {
    return this.#opened('resync').committer.resync(rows, point);
  }

  lacks(schema: TableSchema): readonly string[] {
    // A table of changes has no rows that could lack anything.
    return this.#context.mode === 'append' ? [] : this.#opened('lacks').committer.lacks(schema);
  }

  write(changes: SourceChanges): Promise<void> {
    if (changes.length > 0) this.#pending.push(changes);
    return Promise.resolve();
  }

  async commit(point: CommitPoint): Promise<CommitOutcome> {
    const outcome = await this.#opened('commit').committer.commit(this.#pending, point);
    this.#pending = [];
    if (outcome.outcome === 'committed') this.#upkeep?.committed();
    return outcome;
  }

  /** Resolves when nothing is being done beside commits. */
  async idle(): Promise<void> {
    await this.#upkeep?.settle();
  }

  /** What the table is, for whoever makes another one of it. */
  get opened(): { readonly commits: TableCommits; readonly columns: TableColumns } {
    const { commits, committer } = this.#opened('opened');
    return { commits, columns: committer.columns };
  }

  async close(): Promise<void> {
    this.#pending = [];
    this.#open = undefined;
    await this.#upkeep?.stop();
  }

  #createFrom(staged: readonly StagedSnapshot[], point: CommitPoint): Promise<CommitOutcome> {
    const [first, ...others] = staged.map(readStaged);
    if (!first) throw new Error('publishSnapshot: nothing was staged');
    const specs = new Set([first, ...others].map(({ spec }) => JSON.stringify(spec)));
    if (specs.size > 1) {
      return Promise.resolve({ outcome: 'conflicted', error: this.#stagedApart() });
    }
    const files = [first, ...others].flatMap((each) => each.files);
    return this.#create(first, point, files);
  }

  /** The table, in one commit; `committed` also when a call before this one made it. */
  async #create(
    { columns, spec }: Pick<StagedFiles, 'columns' | 'spec'>,
    point: CommitPoint,
    files: readonly FileRecord[],
  ): Promise<CommitOutcome> {
    const { table, clock, formatVersion, logger } = this.#context;
    const existing = await this.#catalog.load();
    if (existing) return this.#created(existing, point, files);
    const gone = await this.#missingFile(files);
    if (gone !== undefined) return { outcome: 'conflicted', error: this.#stagedGone(gone) };
    const draft = this.#catalog.draft(
      newMetadata({
        formatVersion,
        location: this.#catalog.location,
        columns,
        spec,
        properties: { ...KEPT_METADATA, [COLUMNS_PROPERTY]: formatTableColumns(columns) },
        nowMs: Math.floor(clock.nowMs()),
      }),
    );
    const none = { deletes: [], removed: new Set<string>() };
    const version = await createTable(this.#context, draft, {
      files: { operation: 'append', data: files, ...none },
      properties: positionProperty(table, point),
    });
    const made = version ?? (await this.#catalog.load());
    if (!made) throw new Error(`The table at ${this.#context.store.url} is gone`);
    if (version) logger.debug('created', { table: formatTableName(table) });
    return this.#created(made, point, files);
  }

  /** The outcome of a creation, by what the table is now. */
  #created(version: TableVersion, point: CommitPoint, files: readonly FileRecord[]): CommitOutcome {
    const opened = this.#adopt(version, point);
    switch (opened.outcome) {
      case 'opened': {
        const isBehind = comparePositions(opened.position, point.position) < 0;
        if (isBehind) return { outcome: 'conflicted', error: this.#createdBefore() };
        const sum = (of: (file: FileRecord) => bigint): number =>
          Number(files.reduce((total, file) => total + of(file), 0n));
        const inserted = sum((file) => file.record_count);
        const bytes = sum((file) => file.file_size_in_bytes);
        const stats = { inserted, updated: 0, deleted: 0, files: files.length, bytes };
        const snapshotId = version.metadata.currentSnapshotId ?? 0n;
        return { outcome: 'committed', version: snapshotId, stats };
      }
      case 'refused':
        return { outcome: 'conflicted', error: opened.error };
      case 'fenced':
        return opened;
    }
  }

  /** Takes a table as ours, if it is. */
  #adopt(version: TableVersion, writer: Writer): Exclude<OpenOutcome, { outcome: 'missing' }> {
    const found = readState(this.#context, writer, version);
    if (found.outcome !== 'ours') return found;
    const { state } = found;
    const context = this.#context;
    const { store, upkeep } = context;
    const commits = new TableCommits(context, version);
    const committer = new ChangeCommitter(
      { ...context, location: store.url, types: TABLE_TYPES, errors: icebergErrors },
      {
        commits: new IcebergCommits(context, commits),
        changeWriter: changeWriter(context),
        state,
        writer,
      },
    );
    this.#open = { commits, committer };
    this.#upkeep =
      upkeep === 'off'
        ? undefined
        : new TableUpkeep(
            { ...context, location: store.url },
            icebergUpkeep(context, { commits, committer, policy: upkeep }),
            upkeep,
          );
    const { position, batch } = state.position;
    return { outcome: 'opened', position, batch };
  }

  async #missingFile(files: readonly FileRecord[]): Promise<string | undefined> {
    const { store } = this.#context;
    for (const file of files) {
      const found = await store.stat(this.#key(file));
      if (found?.size !== Number(file.file_size_in_bytes)) return file.file_path;
    }
    return undefined;
  }

  #key({ file_path: path }: FileRecord): string {
    return new TableFiles(this.#context.store, this.#catalog.location).locate(path).key;
  }

  get #context(): TableContext {
    if (!this.#place) throw new Error('The table is not open');
    return { ...this.#settings, ...this.#place };
  }

  get #catalog(): TableCatalog {
    return this.#context.catalog;
  }

  #opened(call: string): OpenTable {
    if (!this.#open) throw new Error(`${call}: the table is not open`);
    return this.#open;
  }

  #openedBy(): Writer {
    if (!this.#writer) throw new Error('The table is not open');
    return this.#writer;
  }

  #assertWritable(schema: TableSchema): void {
    const { mode, formatVersion, readers } = this.#context;
    const error = unreadable(formatVersion, readers);
    if (error) throw error;
    if (mode === 'append' || schema.key.length > 0) return;
    const table = formatTableName(schema.table);
    const message = `${table} has no primary key, which upsert mode needs`;
    throw new IcebergError('iceberg/no-key', message, { context: { table } });
  }

  #stagedGone(path: string): IcebergError {
    const { url } = this.#context.store;
    const message = `A staged file of ${url} is gone`;
    return new IcebergError('iceberg/staged-rows-gone', message, {
      context: { location: url, file: path },
    });
  }

  #stagedApart(): IcebergError {
    const { url } = this.#context.store;
    const message = `The staged files of ${url} are parted in different ways`;
    return new IcebergError('iceberg/staged-rows-gone', message, { context: { location: url } });
  }

  #createdBefore(): IcebergError {
    const { url } = this.#context.store;
    return new IcebergError('iceberg/not-ours', `The table at ${url} holds an older snapshot`, {
      context: { location: url },
    });
  }
}
