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
import { ChangeCommitter, TableUpkeep, newTableColumns } from '@cdc-demo/lake-core';
import type { SourceChanges, TableColumns } from '@cdc-demo/lake-core';
import { DeltaError, deltaErrors, isDeltaError } from '../errors.ts';
import { CheckpointKeeper } from '../checkpoint-write/checkpoint-keeper.ts';
import type { DeltaCompaction } from '../compaction/stage-compaction.ts';
import type { AddFile } from '../log/actions.ts';
import { locateFile } from '../read/file-location.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { LogWriter } from '../write/log-writer.ts';
import { featuresOf, newProtocol } from '../write/features.ts';
import { newTableActions } from '../write/new-table.ts';
import { unreadable } from '../write/table-readers.ts';
import { deltaUpkeep } from '../upkeep/delta-upkeep.ts';
import type { FileCondition } from '../upkeep/table-condition.ts';
import { changeWriter } from './change-writer.ts';
import { columnsAction } from './columns-domain.ts';
import { DeltaCommits } from './delta-commits.ts';
import type { DeltaCommitter } from './delta-commits.ts';
import { DeltaSettlement, numRecords } from './settlement.ts';
import type { TableContext } from './sink-options.ts';
import { DeltaSnapshotStage, readStaged } from './snapshot-stage.ts';
import { removeSettledTables, unpublishedTable } from './remove-settled.ts';
import { sweepStage } from './sweep-stage.ts';
import { positionActions } from './table-position.ts';
import { readState } from './table-state.ts';

/** One Delta table that follows one source table. See `TableSink` for the order of calls. */
export class DeltaTableSink implements TableSink {
  readonly #context: TableContext;
  readonly #log: LogWriter;
  readonly #checkpoints: CheckpointKeeper;
  #writer: Writer | undefined;
  #committer: DeltaCommitter | undefined;
  #upkeep: TableUpkeep<FileCondition, DeltaCompaction> | undefined;
  #pending: SourceChanges[] = [];

  constructor(context: TableContext) {
    this.#context = context;
    this.#log = new LogWriter(context.store, context.clock);
    this.#checkpoints = new CheckpointKeeper(context.store, context.clock, context.logger);
  }

  async open(writer: Writer): Promise<OpenOutcome> {
    this.#writer = writer;
    this.#pending = [];
    const snapshot = await this.#load();
    if (!snapshot) return { outcome: 'missing' };
    const opened = this.#adopt(snapshot, writer);
    if (opened.outcome === 'opened') await removeSettledTables(this.#context);
    return opened;
  }

  async sweepStaged(kept: readonly StagedSnapshot[]): Promise<void> {
    const { pipeline } = this.#openedBy();
    const { store, logger } = this.#context;
    const paths = kept.flatMap((staged) => readStaged(staged).files.map(({ path }) => path));
    const swept = await sweepStage(store, pipeline, new Set(paths));
    if (swept > 0) logger.info('removed files of an unfinished snapshot', { files: swept });
  }

  stageSnapshot(schema: TableSchema): Promise<SnapshotStage> {
    return new Promise((resolve) => {
      this.#assertSchema(schema);
      resolve(new DeltaSnapshotStage(this.#context, this.#openedBy().pipeline, schema));
    });
  }

  async settleSnapshot(
    staged: readonly StagedSnapshot[],
    point: CommitPoint,
  ): Promise<SnapshotSettlement> {
    const id = `${point.incarnation}-${randomUUID()}`;
    const store = unpublishedTable(this.#context.store, id);
    const table = new DeltaTableSink({
      ...this.#context,
      store,
      changeFeed: false,
      upkeep: 'off',
    });
    const created = await table.publishSnapshot(staged, point);
    if (created.outcome === 'conflicted') throw created.error;
    const { layout, clock } = this.#context;
    return new DeltaSettlement({ table, store, layout, clock });
  }

  async publishSnapshot(
    staged: readonly StagedSnapshot[],
    point: CommitPoint,
  ): Promise<CommitOutcome> {
    const [first, ...others] = staged.map(readStaged);
    if (!first) throw new Error('publishSnapshot: nothing was staged');
    const files = [first, ...others].flatMap((each) => each.files);
    const outcome = await this.#create(first.columns, point, files);
    if (outcome.outcome === 'committed' && this.#context.changeFeed) {
      await removeSettledTables(this.#context);
    }
    return outcome;
  }

  async create(schema: TableSchema, point: CommitPoint): Promise<CommitOutcome> {
    this.#assertSchema(schema);
    if (!(await this.#load())) await this.sweepStaged([]);
    return this.#create(newTableColumns(schema, this.#context.mode, TABLE_TYPES), point, []);
  }

  setResyncing(isResyncing: boolean): void {
    this.#opened('setResyncing').isResyncing = isResyncing;
  }

  resync(rows: ResyncRows, point: CommitPoint): Promise<CommitOutcome> {
    return this.#opened('resync').resync(rows, point);
  }

  lacks(schema: TableSchema): readonly string[] {
    // A table of changes has no rows that could lack anything.
    return this.#context.mode === 'append' ? [] : this.#opened('lacks').lacks(schema);
  }

  write(changes: SourceChanges): Promise<void> {
    if (changes.length > 0) this.#pending.push(changes);
    return Promise.resolve();
  }

  async commit(point: CommitPoint): Promise<CommitOutcome> {
    const changes = this.#pending;
    const outcome = await this.#opened('commit').commit(changes, point);
    this.#pending = [];
    if (outcome.outcome === 'committed') this.#upkeep?.committed();
    return outcome;
  }

  /** Resolves when nothing is being done beside commits. */
  async idle(): Promise<void> {
    await this.#upkeep?.settle();
    await this.#checkpoints.settle();
  }

  async close(): Promise<void> {
    this.#pending = [];
    this.#committer = undefined;
    await this.#upkeep?.stop();
    await this.#checkpoints.settle();
  }

  /** Version 0, in one commit; `committed` also when a call before this one made it. */
  async #create(
    columns: TableColumns,
    point: CommitPoint,
    files: readonly AddFile[],
  ): Promise<CommitOutcome> {
    const { table, clock, partitionBy, changeFeed } = this.#context;
    const existing = await this.#load();
    if (existing) return this.#created(existing, point, files);
    const gone = await this.#missingFile(files);
    if (gone !== undefined) return { outcome: 'conflicted', error: this.#stagedGone(gone) };
    const nowMs = Math.floor(clock.nowMs());
    const name = formatTableName(table);
    const logged = await this.#log.commit(undefined, {
      operation: 'CREATE TABLE AS SELECT',
      isBlindAppend: true,
      operationMetrics: { numFiles: files.length },
      actions: [
        ...newTableActions(columns.fields, { name, nowMs, partitionBy, changeFeed }),
        ...positionActions(table, point, nowMs),
        columnsAction(columns),
        ...files.map((add) => ({ add })),
      ],
    });
    const snapshot = await this.#load();
    if (!snapshot) throw new Error(`Version 0 of ${this.#context.store.url} is gone`);
    if (logged.outcome === 'committed') this.#context.logger.debug('created', { nowMs });
    return this.#created(snapshot, point, files);
  }

  /** The outcome of a creation, by what the table is now. */
  #created(snapshot: Snapshot, point: CommitPoint, files: readonly AddFile[]): CommitOutcome {
    const opened = this.#adopt(snapshot, point);
    switch (opened.outcome) {
      case 'opened': {
        const isBehind = comparePositions(opened.position, point.position) < 0;
        if (isBehind) return { outcome: 'conflicted', error: this.#createdBefore() };
        const bytes = files.reduce((sum, { size }) => sum + size, 0);
        const inserted = files.reduce((sum, add) => sum + numRecords(add), 0);
        const stats = { inserted, updated: 0, deleted: 0, files: files.length, bytes };
        return { outcome: 'committed', version: 0n, stats };
      }
      case 'refused':
        return { outcome: 'conflicted', error: opened.error };
      case 'fenced':
        return opened;
    }
  }

  /** Takes a table as ours, if it is. */
  #adopt(snapshot: Snapshot, writer: Writer): Exclude<OpenOutcome, { outcome: 'missing' }> {
    const found = readState(this.#context, writer, snapshot);
    if (found.outcome !== 'ours') return found;
    const { state } = found;
    const { position } = state;
    const context = this.#context;
    const { store, upkeep } = context;
    const [log, checkpoints] = [this.#log, this.#checkpoints];
    const commits = new DeltaCommits(context, { log, checkpoints, snapshot });
    const committer = new ChangeCommitter(
      { ...context, location: store.url, types: TABLE_TYPES, errors: deltaErrors },
      { commits, changeWriter: changeWriter(context), state, writer },
    );
    this.#committer = committer;
    this.#upkeep =
      upkeep === 'off'
        ? undefined
        : new TableUpkeep(
            { ...context, location: store.url },
            deltaUpkeep(context, { commits, committer, policy: upkeep }),
            upkeep,
          );
    return { outcome: 'opened', position: position.position, batch: position.batch };
  }

  async #load(): Promise<Snapshot | undefined> {
    try {
      return await openSnapshot(this.#context.store);
    } catch (error) {
      if (isDeltaError(error, 'delta/not-a-table')) return undefined;
      throw error;
    }
  }

  async #missingFile(files: readonly AddFile[]): Promise<string | undefined> {
    const { store } = this.#context;
    for (const { path, size } of files) {
      const found = await store.stat(locateFile(store, path).key);
      if (found?.size !== size) return path;
    }
    return undefined;
  }

  #opened(call: string): DeltaCommitter {
    if (!this.#committer) throw new Error(`${call}: the table is not open`);
    return this.#committer;
  }

  #openedBy(): Writer {
    if (!this.#writer) throw new Error('The table is not open');
    return this.#writer;
  }

  #assertSchema(schema: TableSchema): void {
    const { mode, partitionBy, readers } = this.#context;
    const table = formatTableName(schema.table);
    const text = schema.fields.find(({ name, type }) => {
      return type.kind === 'string' && partitionBy.includes(name);
    });
    if (text) {
      const message = `${table} cannot be partitioned by ${text.name}: a text may be empty`;
      throw new DeltaError('delta/partition-column', message, {
        context: { table, column: text.name },
      });
    }
    const { fields } = newTableColumns(schema, mode, TABLE_TYPES);
    const error = unreadable(newProtocol(featuresOf(fields)), readers);
    if (error) throw error;
    if (mode === 'append' || schema.key.length > 0) return;
    throw new DeltaError('delta/no-key', `${table} has no primary key, which upsert mode needs`, {
      context: { table },
    });
  }

  #stagedGone(path: string): DeltaError {
    const { store } = this.#context;
    return new DeltaError('delta/staged-rows-gone', `A staged file of ${store.url} is gone`, {
      context: { location: store.url, file: path },
    });
  }

  #createdBefore(): DeltaError {
    const { url } = this.#context.store;
    return new DeltaError('delta/not-ours', `The table at ${url} holds an older snapshot`, {
      context: { location: url },
    });
  }
}
