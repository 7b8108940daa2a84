import { silentLogger } from '@cdc-demo/cdc-core';
import type {
  ChangeBatch,
  Clock,
  ColumnBatch,
  Field,
  FieldType,
  Logger,
  ObjectStore,
  TableSchema,
} from '@cdc-demo/cdc-core';
import {
  DEFAULT_LAYOUT,
  ParquetFileCache,
  UpsertWriter,
  deletesOf,
  newTableColumns,
  tableType,
  toTableChanges,
  toTableRows,
  upsertsOf,
  writeRows,
} from '@cdc-demo/lake-core';
import type { ColumnChange, FileLayout, TableColumns } from '@cdc-demo/lake-core';
import { openObjectStore } from '@cdc-demo/object-store';
import { CheckpointKeeper } from './checkpoint-write/checkpoint-keeper.ts';
import { DeltaError } from './errors.ts';
import { definitionActions, withDeletionVectors } from './evolve/definition.ts';
import { evolveTable } from './evolve/evolve-table.ts';
import type { DeltaShape } from './evolve/evolve-table.ts';
import { maxColumnId } from './evolve/mapped-columns.ts';
import type { AddFile } from './log/actions.ts';
import { TABLE_TYPES } from './schema/table-types.ts';
import { toFields } from './schema/to-fields.ts';
import { addedRows } from './sink/change-writer.ts';
import { SCHEMA_DOMAIN, columnsAction, parseColumnsDomain } from './sink/columns-domain.ts';
import { commitTarget, presentShape } from './commit/commit-target.ts';
import type { CommitTarget, PreparedCommit } from './commit/commit-target.ts';
import type { TableContext } from './sink/sink-options.ts';
import { writeObstacle } from './sink/table-state.ts';
import { prepareTruncate } from './commit/truncate-table.ts';
import { upsertCommit } from './commit/upsert-commit.ts';
import { POSITION_DOMAIN } from './sink/table-position.ts';
import { openSnapshot } from './snapshot/open-snapshot.ts';
import type { Snapshot } from './snapshot/snapshot.ts';
import { featuresOf, newProtocol } from './write/features.ts';
import { LogWriter } from './write/log-writer.ts';
import { newTableActions } from './write/new-table.ts';
import { tableWriter } from './write/table-files.ts';
import { unreadable } from './write/table-readers.ts';
import type { TableReader } from './write/table-readers.ts';

const MAX_ATTEMPTS = 20;

export interface DeltaTableWriterOptions extends Partial<FileLayout> {
  readonly clock: Clock;
  readonly logger?: Logger;
  /**
   * Names of the columns whose values tell rows apart; for `upsert` and `delete`. By default what
   * `create` was given.
   */
  readonly key?: readonly string[];
  /** See `DeltaSinkOptions.readers`. */
  readonly readers?: readonly TableReader[];
}

/** What a new table looks like. */
export interface NewTable {
  readonly name: string;
  readonly fields: readonly Field[];
  /** Names of the columns whose values tell rows apart; they are never NULL. */
  readonly key?: readonly string[];
  /** Names of the columns by whose values files are kept apart, in the order of their folders. */
  readonly partitionBy?: readonly string[];
}

/**
 * Writes a Delta table without a pipeline. Each call is one version, with its change feed where
 * the table has one; calls follow each other. Other writers may write meanwhile: a call that meets
 * their version is worked out anew after it. A table that a pipeline keeps is refused.
 */
export class DeltaTableWriter {
  readonly #context: TableContext;
  readonly #log: LogWriter;
  readonly #checkpoints: CheckpointKeeper;
  readonly #snapshot: Snapshot;
  #columns: TableColumns;
  readonly #upserts: UpsertWriter<AddFile, CommitTarget, PreparedCommit>;
  readonly #cache: ParquetFileCache;

  private constructor(context: TableContext, snapshot: Snapshot, columns: TableColumns) {
    const { store, clock, logger } = context;
    this.#context = context;
    this.#log = new LogWriter(store, clock);
    this.#checkpoints = new CheckpointKeeper(store, clock, logger);
    this.#snapshot = snapshot;
    this.#columns = columns;
    this.#upserts = new UpsertWriter(context, (of) => upsertCommit(context, of));
    this.#cache = new ParquetFileCache(store);
  }

  /**
   * Creates a table without rows.
   * @param location a path, a URL, or a store whose root is the table's folder
   * @throws DeltaError `delta/not-ours` when there is one already; `delta/column-missing`,
   * `delta/partition-column`
   */
  static async create(
    location: string | ObjectStore,
    table: NewTable,
    options: DeltaTableWriterOptions,
  ): Promise<DeltaTableWriter> {
    const context = contextOf(location, options);
    const { store, clock } = context;
    const key = (table.key ?? []).map((name) => indexOf(table.fields, name));
    const schema: TableSchema = {
      table: { namespace: '', name: table.name },
      version: 1,
      fields: table.fields,
      key,
    };
    const columns = newTableColumns(schema, 'upsert', TABLE_TYPES);
    const error = unreadable(newProtocol(featuresOf(columns.fields)), context.readers);
    if (error) throw error;
    const nowMs = Math.floor(clock.nowMs());
    const { name, partitionBy = [] } = table;
    const { outcome } = await new LogWriter(store, clock).commit(undefined, {
      operation: 'CREATE TABLE',
      isBlindAppend: true,
      actions: [
        ...newTableActions(columns.fields, { name, nowMs, partitionBy }),
        columnsAction(columns),
      ],
    });
    if (outcome === 'taken') {
      throw new DeltaError('delta/not-ours', `There is a table at ${store.url} already`, {
        context: { location: store.url },
      });
    }
    return DeltaTableWriter.open(store, options);
  }

  /**
   * Opens a table to write, whoever made it.
   * @throws DeltaError `delta/not-writable`, `delta/not-ours`, `delta/not-a-table`
   */
  static async open(
    location: string | ObjectStore,
    options: DeltaTableWriterOptions,
  ): Promise<DeltaTableWriter> {
    const context = contextOf(location, options);
    const snapshot = await openSnapshot(context.store);
    assertWritable(context.store, snapshot);
    return new DeltaTableWriter(context, snapshot, columnsOf(snapshot, options.key));
  }

  /** Adds rows; nothing is looked at. Columns are found by name, missing ones are NULL. */
  append(rows: ColumnBatch): Promise<bigint> {
    return this.#commit((target) => this.#prepareAppend(rows, target));
  }

  /** Adds rows, each in the place of the row with the same key. */
  upsert(rows: ColumnBatch): Promise<bigint> {
    return this.#commitChanges((columns) => upsertsOf(rows, columns, this.#context.table));
  }

  /** Deletes the rows with these keys; `keys` has the key's columns. */
  delete(keys: ColumnBatch): Promise<bigint> {
    return this.#commitChanges((columns) => deletesOf(keys, columns, this.#context.table));
  }

  /** Deletes all rows. */
  truncate(): Promise<bigint> {
    this.#upserts.forget();
    return this.#commit((target) => prepareTruncate(this.#context, target));
  }

  /**
   * Adds a last column, which is NULL in the rows so far.
   * @throws DeltaError `delta/schema-change` when a column has its name, case left aside
   */
  addColumn(field: Field): Promise<bigint> {
    return this.#change('ADD COLUMNS', { kind: 'add', field: { ...field, id: 0 }, sourceId: 0 });
  }

  /**
   * Renames a column. The first rename or drop of a table switches column mapping on, which its
   * readers have to know from then on.
   * @throws DeltaError `delta/column-missing`, `delta/schema-change`
   */
  renameColumn(name: string, to: string): Promise<bigint> {
    return this.#change('RENAME COLUMN', { kind: 'rename', name, to });
  }

  /**
   * Drops a column; its values stay in files and older versions. As `renameColumn`.
   * @throws DeltaError `delta/column-missing`; `delta/schema-change` for a column of the key or
   * the partition
   */
  async dropColumn(name: string): Promise<bigint> {
    if (!this.#columns.key.includes(name)) {
      return this.#change('DROP COLUMNS', { kind: 'drop', name });
    }
    const message = `The column ${name} is part of the key and cannot be dropped`;
    throw new DeltaError('delta/schema-change', message, { context: { column: name } });
  }

  /**
   * Gives a column, or what is nested in it, a type that holds all of its values: a longer
   * integer, double for float and shorter integers, more digits of a decimal, timestamp_ntz for a
   * date. The first time switches type widening on, which readers of the table have to know.
   * @throws DeltaError `delta/column-missing`; `delta/schema-change` for another type
   */
  widenColumn(name: string, type: FieldType): Promise<bigint> {
    return this.#change('CHANGE COLUMN', {
      kind: 'widen',
      name,
      type: tableType(type, TABLE_TYPES),
    });
  }

  /** Waits for a checkpoint that is being written. */
  close(): Promise<void> {
    return this.#checkpoints.settle();
  }

  #commitChanges(changesFor: (columns: TableColumns) => ChangeBatch): Promise<bigint> {
    if (this.#columns.key.length === 0) {
      const { url } = this.#context.store;
      const message = `No key is known for the table at ${url}: name its columns in the options`;
      throw new DeltaError('delta/no-key', message, { context: { location: url } });
    }
    return this.#commit((target) => {
      const { columns } = target;
      return this.#upserts.prepare([toTableChanges(changesFor(columns), columns)], target);
    });
  }

  async #prepareAppend(
    rows: ColumnBatch,
    { format }: CommitTarget,
  ): Promise<PreparedCommit | undefined> {
    if (rows.length === 0) return undefined;
    const { store, layout, clock } = this.#context;
    const { files, prepared } = await writeRows(
      tableWriter({ store, format, layout, clock, prefix: 'part-' }),
      [toTableRows(rows, format.fields)],
    );
    return { ...addedRows(files, prepared), applied: () => this.#upserts.forget() };
  }

  #change(operation: string, change: ColumnChange): Promise<bigint> {
    return this.#commit(
      () =>
        Promise.resolve({
          operation,
          actions: [],
          needsDeletionVectors: false,
          stats: { inserted: 0, updated: 0, deleted: 0, files: 0, bytes: 0 },
          applied: () => undefined,
          discard: () => Promise.resolve(),
        }),
      [change],
    );
  }

  /** The version that has the changes; the present one when there is nothing to change. */
  async #commit(
    prepare: (target: CommitTarget) => Promise<PreparedCommit | undefined>,
    changes: readonly ColumnChange[] = [],
  ): Promise<bigint> {
    const snapshot = this.#snapshot;
    const { store } = this.#context;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const shape = evolveTable(presentShape(snapshot, this.#columns), changes);
      const error = unreadable(shape.definition.protocol, this.#context.readers);
      if (error) throw error;
      const prepared = await prepare(this.#target(shape));
      if (!prepared) return snapshot.version;
      if (await this.#publish(prepared, shape)) return snapshot.version;
      await prepared.discard();
      const { schemaString } = snapshot.metadata;
      await snapshot.update();
      assertWritable(store, snapshot);
      if (snapshot.metadata.schemaString !== schemaString) throw changedMeanwhile(store);
      await this.#upserts.follow(this.#target(presentShape(snapshot, this.#columns)));
    }
    throw new DeltaError('delta/conflict', `Other writers took every version of ${store.url}`);
  }

  #target(shape: DeltaShape): CommitTarget {
    const { store } = this.#context;
    return commitTarget(this.#snapshot, shape, { store, cache: this.#cache });
  }

  /** Makes the next version; false when somebody else has it. */
  async #publish(prepared: PreparedCommit, { definition, columns }: DeltaShape): Promise<boolean> {
    const snapshot = this.#snapshot;
    const { operation } = prepared;
    const after = prepared.needsDeletionVectors ? withDeletionVectors(definition) : definition;
    const isKept = columns !== this.#columns && snapshot.domains.has(SCHEMA_DOMAIN);
    const logged = await this.#log.commit(snapshot, {
      operation,
      isBlindAppend: operation === 'WRITE',
      actions: [
        ...definitionActions(snapshot, after),
        ...(isKept ? [columnsAction(columns)] : []),
        ...prepared.actions,
      ],
    });
    if (logged.outcome === 'taken') return false;
    snapshot.apply(logged.commit);
    this.#columns = columns;
    await prepared.applied();
    this.#checkpoints.committed(snapshot, logged.commit);
    return true;
  }
}

/** The columns of a table, with the ids that its writer keeps where it does. */
function columnsOf(snapshot: Snapshot, key: readonly string[] | undefined): TableColumns {
  const fields = toFields(snapshot.schema);
  const domain = snapshot.domains.get(SCHEMA_DOMAIN);
  const known: TableColumns = domain
    ? parseColumnsDomain(fields, domain)
    : { fields, sourceIds: [], maxFieldId: 0, mode: 'upsert', key: [] };
  return {
    ...known,
    // Rows are given by name here.
    sourceIds: fields.map(() => 0),
    maxFieldId: Math.max(known.maxFieldId, maxColumnId(snapshot)),
    key: key ?? known.key,
  };
}

function contextOf(location: string | ObjectStore, options: DeltaTableWriterOptions): TableContext {
  const store = typeof location === 'string' ? openObjectStore(location) : location;
  const { clock, logger = silentLogger } = options;
  const layout: FileLayout = {
    compression: options.compression ?? DEFAULT_LAYOUT.compression,
    targetFileBytes: options.targetFileBytes ?? DEFAULT_LAYOUT.targetFileBytes,
    targetFileRows: options.targetFileRows ?? DEFAULT_LAYOUT.targetFileRows,
  };
  const table = { namespace: '', name: store.url };
  return {
    table,
    store,
    mode: 'upsert',
    readers: options.readers ?? [],
    partitionBy: [],
    clock,
    logger,
    layout,
    maxAttempts: MAX_ATTEMPTS,
    changeFeed: true,
    upkeep: 'off',
    onUpkeep: () => undefined,
    spill: 'none',
    planBytes: 0,
  };
}

function assertWritable(store: ObjectStore, snapshot: Snapshot): void {
  const context = { location: store.url };
  if (snapshot.domains.has(POSITION_DOMAIN)) {
    const message = `The table at ${store.url} is kept by a pipeline`;
    throw new DeltaError('delta/not-ours', message, { context });
  }
  const obstacle = writeObstacle(snapshot);
  if (obstacle === undefined) return;
  const message = `The table at ${store.url} must not be written by this program: ${obstacle}`;
  throw new DeltaError('delta/not-writable', message, { context });
}

function changedMeanwhile(store: ObjectStore): DeltaError {
  const message = `The columns of the table at ${store.url} were changed by somebody else`;
  return new DeltaError('delta/schema-change', message, { context: { location: store.url } });
}

function indexOf(fields: readonly Field[], name: string): number {
  const at = fields.findIndex((field) => field.name === name);
  if (at < 0) throw new DeltaError('delta/column-missing', `There is no column ${name}`);
  return at;
}
