import { comparePositions, formatTableName, isCdcError } from '@cdc-demo/cdc-core';
import type {
  CdcError,
  CommitOutcome,
  CommitPoint,
  Logger,
  ResyncRows,
  TableName,
  TableSchema,
  Writer,
} from '@cdc-demo/cdc-core';
import { describeChange } from '../table-columns/column-change.ts';
import type { ColumnChange } from '../table-columns/column-change.ts';
import { compareColumns } from '../table-columns/compare-columns.ts';
import type { TableColumns } from '../table-columns/table-columns.ts';
import type { TableTypes } from '../table-columns/table-types.ts';
import type { LiveFile } from '../table-index/live-file.ts';
import type { MovedKeys } from '../table-index/moved-keys.ts';
import { partsAfter } from '../table-rows/pending-changes.ts';
import { toTableRange } from '../table-rows/range-changes.ts';
import { tableChanges } from '../table-rows/table-changes.ts';
import type { SourceChanges } from '../table-rows/table-changes.ts';
import type { ChangeWriter, PreparedRows, RowTarget } from '../table-write/change-writer.ts';
import type {
  FormatCommits,
  StagedCompaction,
  TableErrors,
  TableShape,
  TableState,
} from './table-format.ts';

export interface CommitterContext {
  readonly table: TableName;
  /** The table's URL. */
  readonly location: string;
  readonly types: TableTypes;
  readonly errors: TableErrors;
  readonly logger: Logger;
  /** How often a commit is planned again after somebody else's. */
  readonly maxAttempts: number;
}

export interface CommitterParts<
  F extends LiveFile,
  T extends RowTarget<F>,
  P extends PreparedRows,
  S extends TableShape,
  C extends StagedCompaction<F>,
> {
  readonly commits: FormatCommits<F, T, P, S, C>;
  readonly changeWriter: ChangeWriter<F, T, P>;
  readonly state: TableState;
  readonly writer: Writer;
}

type Attempt = CommitOutcome | { readonly outcome: 'again' };

interface NextShape<S extends TableShape> {
  readonly shape: S;
  readonly changes: readonly ColumnChange[];
}

/** Brings changes into one table, a version for each call that changes something. */
export class ChangeCommitter<
  F extends LiveFile,
  T extends RowTarget<F>,
  P extends PreparedRows,
  S extends TableShape,
  C extends StagedCompaction<F>,
> {
  readonly #context: CommitterContext;
  readonly #parts: CommitterParts<F, T, P, S, C>;
  #state: TableState;
  /** Others have written, and not everything here has taken note: no commit before that. */
  #isBehind = false;
  /** Resolves when the commit that is under way has ended, whichever way. */
  #busy: Promise<unknown> = Promise.resolve();
  #isResyncing = false;

  constructor(context: CommitterContext, parts: CommitterParts<F, T, P, S, C>) {
    this.#context = context;
    this.#parts = parts;
    this.#state = parts.state;
  }

  get columns(): TableColumns {
    return this.#state.columns;
  }

  /** See `ChangeWriter.movedKeys`. */
  movedKeys(): MovedKeys | undefined {
    return this.#parts.changeWriter.movedKeys();
  }

  /** See `TableSink.commit`. When somebody else has the next version, plans anew after it. */
  commit(changes: readonly SourceChanges[], point: CommitPoint): Promise<CommitOutcome> {
    return this.exclusively(() => this.#repeat(point, () => this.#attempt(changes, point)));
  }

  /** See `TableSink.resync`. */
  resync(rows: ResyncRows, point: CommitPoint): Promise<CommitOutcome> {
    return this.exclusively(() => this.#repeat(point, () => this.#attemptRange(rows, point)));
  }

  /** See `TableSink.setResyncing`. */
  set isResyncing(isResyncing: boolean) {
    this.#isResyncing = isResyncing;
    this.#parts.changeWriter.endResync();
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
  compact(staged: C): Promise<CommitOutcome> {
    const { writer } = this.#parts;
    return this.exclusively(() => this.#repeat(writer, () => this.#attemptCompaction(staged)));
  }

  /** Does work, another commit perhaps, while no commit runs. */
  exclusively<R>(work: () => Promise<R>): Promise<R> {
    const done = this.#busy.then(work);
    // Whoever asked for the work gets its error; the next one only waits for its end.
    this.#busy = Promise.allSettled([done]);
    return done;
  }

  /** Once the table is another's, or following failed, no call gets past that. */
  async #repeat(writer: Writer, attempt: () => Promise<Attempt>): Promise<CommitOutcome> {
    const { maxAttempts, location, errors } = this.#context;
    let hasLost = false;
    for (let attempts = 0; attempts < maxAttempts; attempts++) {
      const ended = this.#isBehind ? await this.#follow(writer) : undefined;
      if (ended) return ended;
      const done = await attempt().catch((error: unknown): Attempt => {
        // An idle table was merged and cleaned by others: the newest version has what it needs.
        if (hasLost || !isFileMissing(error)) throw error;
        hasLost = true;
        return { outcome: 'again' };
      });
      if (done.outcome !== 'again') return done;
      this.#isBehind = true;
    }
    const message = `${location}: other writers took the next version ${maxAttempts} times`;
    const error = errors('conflict', message, { location, attempts: maxAttempts });
    return { outcome: 'conflicted', error };
  }

  async #attemptCompaction(staged: C): Promise<Attempt> {
    const { commits, changeWriter } = this.#parts;
    const done = await commits.replace(staged);
    if (done === 'useless') return { outcome: 'unchanged' };
    if (done === 'taken') return { outcome: 'again' };
    const { version, outputs, bytes } = done;
    changeWriter.moved({ ...staged, outputs }, staged.keys);
    const files = outputs.filter(({ file }) => file !== undefined).length;
    const stats = { inserted: 0, updated: 0, deleted: 0, files, bytes };
    return { outcome: 'committed', version, stats };
  }

  async #attempt(changes: readonly SourceChanges[], point: CommitPoint): Promise<Attempt> {
    const fresh = partsAfter(changes, this.#state.position.position);
    if (fresh.length === 0) return { outcome: 'unchanged' };
    const next = this.#shapeFor(fresh.flatMap(schemasOf));
    if ('outcome' in next) return next;
    const prepared = await this.#parts.changeWriter.prepare(
      tableChanges(fresh, next.shape.columns),
      await this.#target(next.shape),
    );
    return prepared ? this.#publish(prepared, point, next) : { outcome: 'unchanged' };
  }

  async #attemptRange(rows: ResyncRows, point: CommitPoint): Promise<Attempt> {
    if (comparePositions(rows.position, this.#state.position.position) < 0) {
      throw new Error('resync: the table is further on than the rows');
    }
    const next = this.#shapeFor([rows, ...rows.later].map(({ schema }) => schema));
    if ('outcome' in next) return next;
    const prepared = await this.#parts.changeWriter.prepareRange(
      toTableRange(rows, next.shape.columns),
      await this.#target(next.shape),
    );
    return prepared ? this.#publish(prepared, point, next) : { outcome: 'unchanged' };
  }

  async #target(shape: S): Promise<T> {
    return { ...(await this.#parts.commits.target(shape)), isResyncing: this.#isResyncing };
  }

  async #publish(prepared: P, point: CommitPoint, next: NextShape<S>): Promise<Attempt> {
    const { logger, location } = this.#context;
    const version = await this.#parts.commits.publish(prepared, { ...next, point });
    if (version === undefined) {
      await prepared.discard();
      return { outcome: 'again' };
    }
    await prepared.applied();
    const { source } = this.#state.position;
    this.#state = { columns: next.shape.columns, position: { ...point, source } };
    for (const each of next.changes) {
      const change = describeChange(each);
      logger.info('the columns of a table changed', { table: location, version, change });
    }
    return { outcome: 'committed', version, stats: prepared.stats };
  }

  /** The table that these changes need. */
  #shapeFor(schemas: readonly TableSchema[]): NextShape<S> | CommitOutcome {
    const { commits } = this.#parts;
    let shape = commits.shape(this.#state.columns);
    const changes: ColumnChange[] = [];
    let known: TableSchema | undefined;
    for (const schema of schemas) {
      if (schema === known) continue;
      known = schema;
      const found = compareColumns(shape.columns, schema, this.#context.types);
      if (found.kind === 'refused') {
        return { outcome: 'conflicted', error: this.#schemaChange(found.column, found.why) };
      }
      if (found.kind === 'same') continue;
      const evolved = commits.evolve(shape, found.changes);
      if (isCdcError(evolved)) return { outcome: 'conflicted', error: evolved };
      shape = evolved;
      changes.push(...found.changes);
    }
    return { shape, changes };
  }

  /** Reads what the others did; an outcome when there is no going on. */
  async #follow(writer: Writer): Promise<CommitOutcome | undefined> {
    const { commits, changeWriter } = this.#parts;
    const found = await commits.follow(writer);
    switch (found.outcome) {
      case 'fenced':
        return found;
      case 'refused':
        return { outcome: 'conflicted', error: found.error };
      case 'ours': {
        this.#state = found.state;
        await changeWriter.follow(await this.#target(commits.shape(found.state.columns)));
        this.#isBehind = false;
        const { logger, location } = this.#context;
        logger.warn('somebody else wrote the table', { table: location });
        return undefined;
      }
    }
  }

  #schemaChange(column: string, why: string): CdcError {
    const { table, location, errors } = this.#context;
    const name = formatTableName(table);
    const message = `Column ${column} of ${name} has changed: ${why}`;
    return errors('schema-change', message, { table: name, column, location });
  }
}

function isFileMissing(error: unknown): boolean {
  return isCdcError(error) && error.code.endsWith('/file-missing');
}

function schemasOf(changes: SourceChanges): readonly TableSchema[] {
  return 'images' in changes ? [changes.schema] : changes.schemas;
}
