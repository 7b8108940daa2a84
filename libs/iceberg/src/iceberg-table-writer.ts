import { silentLogger } from '@cdc-demo/cdc-core';
import type {
  ChangeBatch,
  Clock,
  ColumnBatch,
  Field,
  Logger,
  ObjectStore,
  TableSchema,
} from '@cdc-demo/cdc-core';
import {
  DEFAULT_LAYOUT,
  UpsertWriter,
  deletesOf,
  newTableColumns,
  toTableChanges,
  toTableRows,
  upsertsOf,
  writeRows,
} from '@cdc-demo/lake-core';
import type { ColumnChange, FileLayout, FileResolver, TableColumns } from '@cdc-demo/lake-core';
import { openObjectStore } from '@cdc-demo/object-store';
import { filesystemTable } from './catalog/filesystem-catalog.ts';
import { newMetadata } from './catalog/new-metadata.ts';
import { isCatalogTable } from './catalog/table-catalog.ts';
import type { CatalogTable, TablePlace, TableVersion } from './catalog/table-catalog.ts';
import type { CommitTarget, PreparedCommit } from './commit/commit-target.ts';
import { snapshotHead } from './commit/snapshot-head.ts';
import { TableCommits } from './commit/table-commits.ts';
import { addedRows, commitWriter, upsertCommit } from './commit/upsert-commit.ts';
import { MAX_ATTEMPTS, changeMetadata, conflict } from './commit/until-committed.ts';
import { IcebergError, isIcebergError } from './errors.ts';
import { MaintainedTable } from './maintained-table.ts';
import type { TableMetadata } from './metadata/table-metadata.ts';
import { newSpec, partitionUpdates } from './partition/partition-by.ts';
import { TABLE_TYPES } from './schema/table-types.ts';
import type { LiveDataFile } from './write/live-data-file.ts';
import { newFormatVersion, unreadable } from './write/table-readers.ts';
import type { TableReader } from './write/table-readers.ts';

export interface IcebergTableWriterOptions extends Partial<FileLayout> {
  readonly clock: Clock;
  readonly logger?: Logger;
  /**
   * Names of the columns whose values tell rows apart; for `upsert` and `delete`. By default the
   * table's identifier fields.
   */
  readonly key?: readonly string[];
  /** See `IcebergSinkOptions.readers`. */
  readonly readers?: readonly TableReader[];
  /** Opens files outside of the table; by default those of local files and of S3. */
  readonly resolver?: FileResolver;
}

/** What a new table looks like. */
export interface NewTable {
  readonly fields: readonly Field[];
  /** Names of the columns whose values tell rows apart; they are never NULL. */
  readonly key?: readonly string[];
  /**
   * Version 3 deletes rows by deletion vectors, version 2 by position deletes, or files are written
   * anew without them. By default the highest that the readers of the options know.
   */
  readonly formatVersion?: 2 | 3;
  /**
   * What files are parted by: columns, or transforms of columns (`region`, `bucket(16, id)`,
   * `truncate(4, name)`, `year(at)`, `month(at)`, `day(at)`, `hour(at)`); nothing by default.
   */
  readonly partitionBy?: readonly string[];
  readonly properties?: Readonly<Record<string, string>>;
}

/**
 * Writes a table of a catalog, or in a folder without one. Each call for rows is one snapshot, and
 * calls follow each other. Other writers may write meanwhile: a call that meets their snapshot is
 * worked out anew after it.
 */
export class IcebergTableWriter extends MaintainedTable {
  readonly #context: WriterContext;
  readonly #commits: TableCommits;
  readonly #upserts: UpsertWriter<LiveDataFile, CommitTarget, PreparedCommit>;
  #key: readonly string[] | undefined;

  private constructor(
    context: WriterContext,
    version: TableVersion,
    { key, resolver }: IcebergTableWriterOptions,
  ) {
    const commits = new TableCommits({ ...context, resolver }, version);
    super({
      ...context,
      commits,
      columns: () => columnsOf(commits.version, this.#key),
      changed: (change) => this.#changed(change),
    });
    this.#context = context;
    this.#commits = commits;
    this.#upserts = new UpsertWriter(context, (of) => upsertCommit(context, of));
    this.#key = key;
  }

  /**
   * Creates a table without rows.
   * @param location a path, a URL, or a store whose root is the table's folder; the table of a
   * catalog, which says where the table is to lie
   * @throws IcebergError `iceberg/table-exists` when there is one already;
   * `iceberg/column-missing`, `iceberg/partition-column`, `iceberg/unreadable`
   */
  static async create(
    location: string | ObjectStore | CatalogTable,
    table: NewTable,
    options: IcebergTableWriterOptions,
  ): Promise<IcebergTableWriter> {
    const wanted = tableAt(location, options);
    const context = contextOf(await wanted.place(), options);
    const { catalog, clock } = context;
    const { formatVersion = newFormatVersion(context.readers), properties = {} } = table;
    const columns = newTableColumns(schemaOf(table), 'upsert', TABLE_TYPES);
    const error = unreadable(formatVersion, context.readers);
    if (error) throw error;
    const json = newMetadata({
      formatVersion,
      location: catalog.location,
      columns,
      spec: newSpec(table.partitionBy ?? [], columns.fields),
      properties,
      nowMs: Math.floor(clock.nowMs()),
    });
    const version = (await catalog.load())
      ? undefined
      : await catalog.create(catalog.draft(json), []);
    if (version) return new IcebergTableWriter(context, version, options);
    const message = `There is a table ${wanted.name} already`;
    throw new IcebergError('iceberg/table-exists', message, { context: { table: wanted.name } });
  }

  /**
   * Opens a table to write, whoever made it.
   * @throws IcebergError `iceberg/not-a-table`, `iceberg/not-writable`, `iceberg/unreadable`;
   * `iceberg/unsupported-type` for a column that cannot be written
   */
  static async open(
    location: string | ObjectStore | CatalogTable,
    options: IcebergTableWriterOptions,
  ): Promise<IcebergTableWriter> {
    const wanted = tableAt(location, options);
    const found = await wanted.find();
    if (!found) {
      const message = `There is no Iceberg table ${wanted.name}`;
      throw new IcebergError('iceberg/not-a-table', message, { context: { table: wanted.name } });
    }
    const { version } = found;
    snapshotHead(version);
    const context = contextOf(found, options);
    const error = unreadable(version.metadata.formatVersion, context.readers);
    if (error) throw error;
    columnsOf(version, options.key);
    return new IcebergTableWriter(context, version, options);
  }

  /** What the table was after the last call. */
  get metadata(): TableMetadata {
    return this.#commits.version.metadata;
  }

  /**
   * Adds rows; nothing is looked at. Columns are found by name, missing ones are NULL.
   * @returns the id of the snapshot that has them; as all other calls
   */
  append(rows: ColumnBatch): Promise<bigint | undefined> {
    return this.#commit((target) => this.#prepareAppend(rows, target));
  }

  /** Adds rows, each in the place of the row with the same key. */
  upsert(rows: ColumnBatch): Promise<bigint | undefined> {
    return this.#commitChanges((columns) => upsertsOf(rows, columns, this.#context.table));
  }

  /** Deletes the rows with these keys; `keys` has the key's columns. */
  delete(keys: ColumnBatch): Promise<bigint | undefined> {
    return this.#commitChanges((columns) => deletesOf(keys, columns, this.#context.table));
  }

  /**
   * Parts files that are written from now on in another way; those that are there stay.
   * @param partitionBy as `NewTable.partitionBy`
   * @throws IcebergError `iceberg/partition-column`; `iceberg/conflict`
   */
  async setPartitioning(partitionBy: readonly string[]): Promise<void> {
    const commits = this.#commits;
    await changeMetadata(commits, (metadata) => {
      return partitionUpdates(metadata, partitionBy, columnsOf(commits.version, this.#key).fields);
    });
  }

  #commitChanges(changesFor: (columns: TableColumns) => ChangeBatch): Promise<bigint | undefined> {
    return this.#commit((target) => {
      const { columns } = target;
      if (columns.key.length === 0) throw this.#noKey();
      return this.#upserts.prepare([toTableChanges(changesFor(columns), columns)], target);
    });
  }

  async #prepareAppend(
    rows: ColumnBatch,
    target: CommitTarget,
  ): Promise<PreparedCommit | undefined> {
    if (rows.length === 0) return undefined;
    const writer = commitWriter(this.#context, target);
    const { files, prepared } = await writeRows(writer, [toTableRows(rows, target.columns.fields)]);
    return { ...addedRows(files, prepared), applied: () => this.#upserts.forget() };
  }

  /** The snapshot that has the changes; the present one when there is nothing to change. */
  async #commit(
    prepare: (target: CommitTarget) => Promise<PreparedCommit | undefined>,
  ): Promise<bigint | undefined> {
    const commits = this.#commits;
    const { currentSchemaId } = this.metadata;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (this.metadata.currentSchemaId !== currentSchemaId) throw this.#changedMeanwhile();
      const prepared = await this.#prepared(prepare);
      if (prepared === 'again') continue;
      if (!prepared) return this.metadata.currentSnapshotId;
      const id = await commits.publish({ files: prepared.changes });
      if (id !== undefined) {
        await prepared.applied();
        return id;
      }
      await prepared.discard();
      await this.#follow();
    }
    throw conflict(this.#context.store.url);
  }

  /** `again` when files are gone because others have merged and cleaned the table since. */
  async #prepared(
    prepare: (target: CommitTarget) => Promise<PreparedCommit | undefined>,
  ): Promise<PreparedCommit | undefined | 'again'> {
    const { location } = this.#commits.version;
    try {
      return await prepare(await this.#target());
    } catch (error) {
      if (!isIcebergError(error, 'iceberg/file-missing')) throw error;
      await this.#follow();
      if (this.#commits.version.location === location) throw error;
      return 'again';
    }
  }

  async #follow(): Promise<void> {
    await this.#commits.update();
    await this.#upserts.follow(await this.#target());
  }

  /** The rows may be others, and the key may have another name. */
  #changed(change: ColumnChange | undefined): void {
    this.#upserts.forget();
    if (change?.kind !== 'rename') return;
    this.#key = this.#key?.map((name) => (name === change.name ? change.to : name));
  }

  #target(): Promise<CommitTarget> {
    return this.#commits.target(columnsOf(this.#commits.version, this.#key));
  }

  #noKey(): IcebergError {
    const { url } = this.#context.store;
    const message = `No key is known for the table at ${url}`;
    return new IcebergError('iceberg/no-key', message, { context: { location: url } });
  }

  #changedMeanwhile(): IcebergError {
    const { url } = this.#context.store;
    const message = `The columns of the table at ${url} were changed by somebody else`;
    return new IcebergError('iceberg/schema-change', message, { context: { location: url } });
  }
}

interface WriterContext extends TablePlace {
  readonly table: TableSchema['table'];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly layout: FileLayout;
  readonly readers: readonly TableReader[];
  readonly spill: 'none';
  readonly planBytes: number;
}

function tableAt(
  location: string | ObjectStore | CatalogTable,
  { clock, logger = silentLogger }: IcebergTableWriterOptions,
): CatalogTable {
  if (typeof location === 'string') return tableAt(openObjectStore(location), { clock, logger });
  return isCatalogTable(location) ? location : filesystemTable(location, { clock, logger });
}

function contextOf(
  { store, catalog }: TablePlace,
  options: IcebergTableWriterOptions,
): WriterContext {
  const { clock, logger = silentLogger } = options;
  const layout: FileLayout = {
    compression: options.compression ?? DEFAULT_LAYOUT.compression,
    targetFileBytes: options.targetFileBytes ?? DEFAULT_LAYOUT.targetFileBytes,
    targetFileRows: options.targetFileRows ?? DEFAULT_LAYOUT.targetFileRows,
  };
  const table = { namespace: '', name: store.url };
  const { readers = [] } = options;
  return { table, store, catalog, clock, logger, layout, readers, spill: 'none', planBytes: 0 };
}

function schemaOf({ fields, key = [] }: NewTable): TableSchema {
  const at = key.map((name) => {
    const found = fields.findIndex((field) => field.name === name);
    if (found >= 0) return found;
    throw new IcebergError('iceberg/column-missing', `There is no column ${name}`, {
      context: { column: name },
    });
  });
  return { table: { namespace: '', name: '' }, version: 1, fields, key: at };
}

/** The current columns of a table, with the key that tells its rows apart. */
function columnsOf({ metadata }: TableVersion, key: readonly string[] | undefined): TableColumns {
  const { schemas, currentSchemaId } = metadata;
  const schema = schemas.find(({ id }) => id === currentSchemaId);
  const columns = schema?.columns ?? [];
  const fields = columns.map(({ field, name, type }) => {
    if (field) return field;
    throw new IcebergError('iceberg/unsupported-type', `The column ${name} has the type ${type}`, {
      context: { column: name, type },
    });
  });
  const identifiers = schema?.identifierFieldIds ?? [];
  const own = fields.flatMap(({ id, name }) => (identifiers.includes(id) ? [name] : []));
  return {
    fields,
    sourceIds: fields.map(() => 0),
    maxFieldId: Math.max(0, ...fields.map(({ id }) => id)),
    mode: 'upsert',
    key: key ?? own,
  };
}
