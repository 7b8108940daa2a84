import { randomUUID } from 'node:crypto';
import { comparePositions, formatTableName, isCdcError } from '@cdc-demo/cdc-core';
import type {
  CdcError,
  CommitOutcome,
  CommitPoint,
  Logger,
  OpenOutcome,
  ResyncRows,
  SnapshotSettlement,
  SnapshotStage,
  StagedSnapshot,
  TableName,
  TableSchema,
  TableSink,
  Writer,
} from '@cdc-demo/cdc-core';
import { newTableColumns } from '../table-columns/table-columns.ts';
import type { SinkMode } from '../table-columns/table-columns.ts';
import type { TableTypes } from '../table-columns/table-types.ts';
import type { SourceChanges } from '../table-rows/table-changes.ts';
import type { NewTable, OpenTable, SinkFormat } from './sink-format.ts';
import type { TableErrorKind, TableErrors } from './table-format.ts';

/** A table sink that works beside its commits, too. */
export interface TendedTableSink extends TableSink {
  /** Resolves when nothing is being done beside commits. */
  idle(): Promise<void>;
}

export interface TableSinkContext {
  readonly table: TableName;
  readonly mode: SinkMode;
  readonly types: TableTypes;
  readonly errors: TableErrors;
  readonly logger: Logger;
}

/** One table that follows one source table. See `TableSink` for the order of calls. */
export class LakeTableSink<V, N extends NewTable<F>, F> implements TendedTableSink {
  readonly #context: TableSinkContext;
  readonly #find: () => Promise<SinkFormat<V, N, F>>;
  #found: SinkFormat<V, N, F> | undefined;
  #writer: Writer | undefined;
  #open: OpenTable | undefined;
  #pending: SourceChanges[] = [];

  /**
   * @param find where the table is, or is to be
   * @param found the same of a table that needs no `open`
   */
  constructor(
    context: TableSinkContext,
    find: () => Promise<SinkFormat<V, N, F>>,
    found?: SinkFormat<V, N, F>,
  ) {
    this.#context = context;
    this.#find = find;
    this.#found = found;
  }

  async open(writer: Writer): Promise<OpenOutcome> {
    this.#writer = writer;
    this.#pending = [];
    this.#found = await this.#find();
    const version = await this.#format.load();
    if (version === undefined) return { outcome: 'missing' };
    const opened = this.#adopt(version, writer);
    if (opened.outcome === 'opened') await this.#format.removeSettled();
    return opened;
  }

  async sweepStaged(kept: readonly StagedSnapshot[]): Promise<void> {
    const { pipeline } = this.#openedBy();
    const format = this.#format;
    const files = kept.flatMap((staged) => format.readStaged(staged).files);
    const keys = new Set(files.map((file) => format.facts(file).key));
    const swept = await format.sweepStaged(pipeline, keys);
    const { logger } = this.#context;
    if (swept > 0) logger.info('removed files of an unfinished snapshot', { files: swept });
  }

  stageSnapshot(schema: TableSchema): Promise<SnapshotStage> {
    return new Promise((resolve) => {
      this.#assertWritable(schema);
      resolve(this.#format.stage(this.#openedBy().pipeline, schema));
    });
  }

  async settleSnapshot(
    staged: readonly StagedSnapshot[],
    point: CommitPoint,
  ): Promise<SnapshotSettlement> {
    const format = this.#format.unpublished(`${point.incarnation}-${randomUUID()}`);
    const table = new LakeTableSink(this.#context, () => Promise.resolve(format), format);
    const created = await table.#createFrom(staged, point);
    if (created.outcome === 'conflicted') throw created.error;
    return {
      write: (changes) => table.write(changes),
      commit: (at) => table.commit(at),
      finish: async () => {
        await table.close();
        return format.restage();
      },
    };
  }

  async publishSnapshot(
    staged: readonly StagedSnapshot[],
    point: CommitPoint,
  ): Promise<CommitOutcome> {
    const outcome = await this.#createFrom(staged, point);
    if (outcome.outcome === 'committed') await this.#format.removeSettled();
    return outcome;
  }

  async create(schema: TableSchema, point: CommitPoint): Promise<CommitOutcome> {
    this.#assertWritable(schema);
    if ((await this.#format.load()) === undefined) await this.sweepStaged([]);
    const { mode, types } = this.#context;
    return this.#create(this.#format.empty(newTableColumns(schema, mode, types)), point);
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
    const { committer, upkeep } = this.#opened('commit');
    const outcome = await committer.commit(this.#pending, point);
    this.#pending = [];
    if (outcome.outcome === 'committed') upkeep?.committed();
    return outcome;
  }

  async idle(): Promise<void> {
    await this.#open?.upkeep?.settle();
    await this.#found?.settle();
  }

  async close(): Promise<void> {
    this.#pending = [];
    const open = this.#open;
    this.#open = undefined;
    await open?.upkeep?.stop();
    await this.#found?.settle();
  }

  async #createFrom(staged: readonly StagedSnapshot[], point: CommitPoint): Promise<CommitOutcome> {
    const [first, ...others] = staged.map((each) => this.#format.readStaged(each));
    if (!first) throw new Error('publishSnapshot: nothing was staged');
    const table = this.#format.joined([first, ...others]);
    return isCdcError(table) ? { outcome: 'conflicted', error: table } : this.#create(table, point);
  }

  /** The table, in one commit; `committed` also when a call before this one made it. */
  async #create(table: N, point: CommitPoint): Promise<CommitOutcome> {
    const existing = await this.#format.load();
    if (existing !== undefined) return this.#created(existing, table, point);
    const gone = await this.#missingFile(table);
    if (gone !== undefined) {
      const error = this.#error('staged-rows-gone', 'a staged file is gone', { file: gone });
      return { outcome: 'conflicted', error };
    }
    const version = await this.#format.create(table, point);
    const made = version ?? (await this.#format.load());
    if (made === undefined) throw new Error(`The table at ${this.#format.store.url} is gone`);
    const { logger, table: source } = this.#context;
    if (version !== undefined) logger.debug('created', { table: formatTableName(source) });
    return this.#created(made, table, point);
  }

  /** The outcome of a creation, by what the table is now. */
  #created(version: V, { files }: N, point: CommitPoint): CommitOutcome {
    const opened = this.#adopt(version, point);
    switch (opened.outcome) {
      case 'opened': {
        if (comparePositions(opened.position, point.position) < 0) {
          const error = this.#error('not-ours', 'it holds an older snapshot', {});
          return { outcome: 'conflicted', error };
        }
        const facts = files.map((file) => this.#format.facts(file));
        const inserted = facts.reduce((sum, { rows }) => sum + rows, 0);
        const bytes = facts.reduce((sum, { bytes: each }) => sum + each, 0);
        const stats = { inserted, updated: 0, deleted: 0, files: files.length, bytes };
        return { outcome: 'committed', version: this.#format.versionOf(version), stats };
      }
      case 'refused':
        return { outcome: 'conflicted', error: opened.error };
      case 'fenced':
        return opened;
    }
  }

  /** Takes a table as ours, if it is. */
  #adopt(version: V, writer: Writer): Exclude<OpenOutcome, { outcome: 'missing' }> {
    const found = this.#format.readState(version, writer);
    if (found.outcome !== 'ours') return found;
    this.#open = this.#format.goOn(version, found.state, writer);
    const { position, batch } = found.state.position;
    return { outcome: 'opened', position, batch };
  }

  async #missingFile({ files }: N): Promise<string | undefined> {
    for (const file of files) {
      const { key, bytes } = this.#format.facts(file);
      const found = await this.#format.store.stat(key);
      if (found?.size !== bytes) return key;
    }
    return undefined;
  }

  #assertWritable(schema: TableSchema): void {
    const obstacle = this.#format.obstacle(schema);
    if (obstacle) throw obstacle;
    const { mode, errors } = this.#context;
    if (mode === 'append' || schema.key.length > 0) return;
    const table = formatTableName(schema.table);
    throw errors('no-key', `${table} has no primary key, which upsert mode needs`, { table });
  }

  get #format(): SinkFormat<V, N, F> {
    if (!this.#found) throw new Error('The table is not open');
    return this.#found;
  }

  #opened(call: string): OpenTable {
    if (!this.#open) throw new Error(`${call}: the table is not open`);
    return this.#open;
  }

  #openedBy(): Writer {
    if (!this.#writer) throw new Error('The table is not open');
    return this.#writer;
  }

  #error(kind: TableErrorKind, why: string, more: { readonly file?: string }): CdcError {
    const { url } = this.#format.store;
    return this.#context.errors(kind, `The table at ${url}: ${why}`, { location: url, ...more });
  }
}
