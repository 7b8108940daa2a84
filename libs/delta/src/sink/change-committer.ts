import { comparePositions } from '@cdc-demo/cdc-core';
import type {
  CommitOutcome,
  CommitPoint,
  ResyncRows,
  TableSchema,
  Writer,
} from '@cdc-demo/cdc-core';
import {
  ParquetFileCache,
  UpsertWriter,
  compareColumns,
  describeChange,
  partsAfter,
  tableChanges,
  toTableRange,
} from '@cdc-demo/lake-core';
import type {
  ChangeWriter,
  ColumnChange,
  MovedKeys,
  SourceChanges,
  TableColumns,
} from '@cdc-demo/lake-core';
import { DeltaError, isDeltaError } from '../errors.ts';
import {
  compactionRequest,
  liveOutputs,
  prepareCompaction,
} from '../compaction/prepare-compaction.ts';
import type { StagedCompaction } from '../compaction/stage-compaction.ts';
import { definitionActions, withDeletionVectors } from '../evolve/definition.ts';
import { evolveTable } from '../evolve/evolve-table.ts';
import type { TableShape } from '../evolve/evolve-table.ts';
import type { CheckpointKeeper } from '../checkpoint-write/checkpoint-keeper.ts';
import type { Action, AddFile, Commit } from '../log/actions.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { LogWriter } from '../write/log-writer.ts';
import { unreadable } from '../write/table-readers.ts';
import { AppendWriter } from './append-writer.ts';
import { commitTarget, presentShape } from './commit-target.ts';
import type { CommitTarget, PreparedCommit } from './commit-target.ts';
import { columnsAction } from './columns-domain.ts';
import type { TableContext } from './sink-options.ts';
import { positionActions } from './table-position.ts';
import { readState } from './table-state.ts';
import type { TableState } from './table-state.ts';
import { UpsertCommit } from './upsert-commit.ts';

export interface CommitterParts {
  readonly log: LogWriter;
  readonly checkpoints: CheckpointKeeper;
  /** The newest version. The committer moves it. */
  readonly snapshot: Snapshot;
  readonly state: TableState;
  readonly writer: Writer;
}

type Attempt = CommitOutcome | { readonly outcome: 'again' };

interface NextShape {
  readonly shape: TableShape;
  readonly changes: readonly ColumnChange[];
}

/** Brings changes into one table, a version for each call that changes something. */
export class ChangeCommitter {
  readonly #context: TableContext;
  readonly #parts: CommitterParts;
  readonly #changeWriter: ChangeWriter<AddFile, CommitTarget, PreparedCommit>;
  readonly #cache: ParquetFileCache;
  #state: TableState;
  /** Others have written, and not everything here has taken note: no commit before that. */
  #isBehind = false;
  /** Resolves when the commit that is under way has ended, whichever way. */
  #busy: Promise<unknown> = Promise.resolve();
  #isResyncing = false;

  constructor(context: TableContext, parts: CommitterParts) {
    this.#context = context;
    this.#parts = parts;
    this.#state = parts.state;
    this.#changeWriter =
      context.mode === 'append'
        ? new AppendWriter(context)
        : new UpsertWriter(context, (of) => new UpsertCommit(context, of));
    this.#cache = new ParquetFileCache(context.store);
  }

  /** The version that the table is known to have. */
  get snapshot(): Snapshot {
    return this.#parts.snapshot;
  }

  get columns(): TableColumns {
    return this.#state.columns;
  }

  /** See `ChangeWriter.movedKeys`. */
  movedKeys(): MovedKeys | undefined {
    return this.#changeWriter.movedKeys();
  }

  /** See `TableSink.commit`. When somebody else has the next version, plans anew after it. */
  commit(changes: readonly SourceChanges[], point: CommitPoint): Promise<CommitOutcome> {
    return this.#alone(() => this.#repeat(point, () => this.#attempt(changes, point)));
  }

  /** See `TableSink.resync`. */
  resync(rows: ResyncRows, point: CommitPoint): Promise<CommitOutcome> {
    return this.#alone(() => this.#repeat(point, () => this.#attemptRange(rows, point)));
  }

  /** See `TableSink.setResyncing`. */
  set isResyncing(isResyncing: boolean) {
    this.#isResyncing = isResyncing;
    this.#changeWriter.endResync();
  }

  /** See `TableSink.lacks`. */
  lacks(schema: TableSchema): readonly string[] {
    const known = new Set(this.#state.columns.fields.map(({ name }) => name));
    return schema.fields.flatMap(({ name }) => (known.has(name) ? [] : [name]));
  }

  /**
   * Puts the files of a compaction in the place of those that it read, between two commits of
   * changes. The table holds the same rows at the same position as before. `unchanged` when the
   * table has gone on so that the files are of no use; they are not removed.
   */
  compact(staged: StagedCompaction): Promise<CommitOutcome> {
    const { writer } = this.#parts;
    return this.#alone(() => this.#repeat(writer, () => this.#attemptCompaction(staged)));
  }

  /** Lets one commit run at a time. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(work);
    // Whoever asked for the work gets its error; the next one only waits for its end.
    this.#busy = Promise.allSettled([done]);
    return done;
  }

  /** Once the table is another's, or following failed, no call gets past that. */
  async #repeat(writer: Writer, attempt: () => Promise<Attempt>): Promise<CommitOutcome> {
    const { maxAttempts, store } = this.#context;
    for (let attempts = 0; attempts < maxAttempts; attempts++) {
      const error = this.#isBehind ? await this.#follow(writer) : undefined;
      if (error) return error;
      const done = await attempt();
      if (done.outcome !== 'again') return done;
      this.#isBehind = true;
    }
    const error = new DeltaError(
      'delta/conflict',
      `${store.url}: other writers took the next version ${maxAttempts} times`,
      { context: { location: store.url, attempts: maxAttempts } },
    );
    return { outcome: 'conflicted', error };
  }

  async #attemptCompaction(staged: StagedCompaction): Promise<Attempt> {
    const { log, snapshot, checkpoints } = this.#parts;
    const prepared = await prepareCompaction(this.#context, staged, snapshot);
    if (!prepared) return { outcome: 'unchanged' };
    const logged = await log.commit(snapshot, compactionRequest(snapshot, prepared));
    if (logged.outcome === 'taken') {
      await prepared.discard();
      return { outcome: 'again' };
    }
    const { commit } = logged;
    snapshot.apply(commit);
    this.#changeWriter.moved({ ...staged, outputs: prepared.outputs }, staged.keys);
    checkpoints.committed(snapshot, commit);
    const files = liveOutputs(prepared.outputs);
    const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
    const stats = { inserted: 0, updated: 0, deleted: 0, files: files.length, bytes };
    return { outcome: 'committed', version: commit.version, stats };
  }

  async #attempt(changes: readonly SourceChanges[], point: CommitPoint): Promise<Attempt> {
    const { position } = this.#state.position;
    const fresh = partsAfter(changes, position);
    if (fresh.length === 0) return { outcome: 'unchanged' };
    const next = this.#shapeFor(fresh.flatMap(schemasOf));
    if ('outcome' in next) return next;
    const { columns } = next.shape;
    const prepared = await this.#changeWriter.prepare(
      tableChanges(fresh, columns),
      this.#target(next.shape),
    );
    if (!prepared) return { outcome: 'unchanged' };
    return this.#publish(prepared, point, next);
  }

  async #attemptRange(rows: ResyncRows, point: CommitPoint): Promise<Attempt> {
    if (comparePositions(rows.position, this.#state.position.position) < 0) {
      throw new Error('resync: the table is further on than the rows');
    }
    const next = this.#shapeFor([rows, ...rows.later].map(({ schema }) => schema));
    if ('outcome' in next) return next;
    const prepared = await this.#changeWriter.prepareRange(
      toTableRange(rows, next.shape.columns),
      this.#target(next.shape),
    );
    return prepared ? this.#publish(prepared, point, next) : { outcome: 'unchanged' };
  }

  #target(shape: TableShape): CommitTarget {
    const { store } = this.#context;
    const target = commitTarget(this.#parts.snapshot, shape, { store, cache: this.#cache });
    return { ...target, isResyncing: this.#isResyncing };
  }

  async #publish(prepared: PreparedCommit, point: CommitPoint, to: NextShape): Promise<Attempt> {
    const { table, clock, logger, store } = this.#context;
    const { log, snapshot, checkpoints } = this.#parts;
    const { stats } = prepared;
    const { definition, columns } = to.shape;
    const after = prepared.needsDeletionVectors ? withDeletionVectors(definition) : definition;
    const actions: Action[] = [
      ...definitionActions(snapshot, after),
      ...positionActions(table, point, Math.floor(clock.nowMs())),
      ...(to.changes.length > 0 ? [columnsAction(columns)] : []),
      ...prepared.actions,
    ];
    const { inserted, updated, deleted, files, bytes } = stats;
    const logged = await log.commit(snapshot, {
      operation: prepared.operation,
      operationMetrics: { inserted, updated, deleted, files, bytes },
      isBlindAppend: false,
      actions,
    });
    if (logged.outcome === 'taken') {
      await prepared.discard();
      return { outcome: 'again' };
    }
    const { commit } = logged;
    snapshot.apply(commit);
    await prepared.applied();
    const { source } = this.#state.position;
    this.#state = { columns, position: { ...point, source } };
    for (const change of to.changes) {
      const { version } = commit;
      logger.info('the columns of a table changed', {
        table: store.url,
        version,
        change: describeChange(change),
      });
    }
    checkpoints.committed(snapshot, commit);
    return { outcome: 'committed', version: commit.version, stats };
  }

  /** The table that these changes need. */
  #shapeFor(schemas: readonly TableSchema[]): NextShape | CommitOutcome {
    let shape = presentShape(this.#parts.snapshot, this.#state.columns);
    const changes: ColumnChange[] = [];
    let known: TableSchema | undefined;
    for (const schema of schemas) {
      if (schema === known) continue;
      known = schema;
      const found = compareColumns(shape.columns, schema, TABLE_TYPES);
      if (found.kind === 'refused') {
        return { outcome: 'conflicted', error: this.#schemaChange(found.column, found.why) };
      }
      if (found.kind === 'same') continue;
      try {
        shape = evolveTable(shape, found.changes);
      } catch (error) {
        if (!isDeltaError(error, 'delta/schema-change')) throw error;
        return { outcome: 'conflicted', error: error as DeltaError };
      }
      changes.push(...found.changes);
    }
    const error = unreadable(shape.definition.protocol, this.#context.readers);
    if (error) return { outcome: 'conflicted', error };
    return { shape, changes };
  }

  /** Reads what the others did; an outcome when there is no going on. */
  async #follow(writer: Writer): Promise<CommitOutcome | undefined> {
    const { snapshot } = this.#parts;
    const commits: readonly Commit[] = await snapshot.update();
    const found = readState(this.#context, writer, snapshot);
    switch (found.outcome) {
      case 'fenced':
        return found;
      case 'refused':
        return { outcome: 'conflicted', error: found.error };
      case 'ours':
        this.#state = found.state;
        await this.#changeWriter.follow(this.#target(presentShape(snapshot, found.state.columns)));
        this.#isBehind = false;
        this.#context.logger.warn('somebody else wrote the table', { versions: commits.length });
        return undefined;
    }
  }

  #schemaChange(column: string, why: string): DeltaError {
    const { table, store } = this.#context;
    const name = `${table.namespace}.${table.name}`;
    return new DeltaError(
      'delta/schema-change',
      `Column ${column} of ${name} has changed: ${why}`,
      {
        context: { table: name, column, location: store.url },
      },
    );
  }
}

function schemasOf(changes: SourceChanges): readonly TableSchema[] {
  return 'images' in changes ? [changes.schema] : changes.schemas;
}
