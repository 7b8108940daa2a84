import { comparePositions, formatTableName } from '@cdc-demo/cdc-core';
import type {
  CommitOutcome,
  CommitPoint,
  ResyncRows,
  TableSchema,
  Writer,
} from '@cdc-demo/cdc-core';
import {
  UpsertWriter,
  compareColumns,
  describeChange,
  formatTableColumns,
  partsAfter,
  tableChanges,
  toTableRange,
} from '@cdc-demo/lake-core';
import type { ChangeWriter, ColumnChange, SourceChanges, TableColumns } from '@cdc-demo/lake-core';
import type { CommitTarget, PreparedCommit } from '../commit/commit-target.ts';
import type { TableCommits } from '../commit/table-commits.ts';
import { UpsertCommit } from '../commit/upsert-commit.ts';
import { IcebergError } from '../errors.ts';
import { evolveTable } from '../evolve/evolve-table.ts';
import type { TableShape } from '../evolve/evolve-table.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import { AppendWriter } from './append-writer.ts';
import type { TableContext } from './sink-options.ts';
import { positionProperty } from './table-position.ts';
import { COLUMNS_PROPERTY, readState } from './table-state.ts';
import type { TableState } from './table-state.ts';

export interface CommitterParts {
  readonly commits: TableCommits;
  readonly state: TableState;
}

type Attempt = CommitOutcome | { readonly outcome: 'again' };

interface NextShape {
  readonly shape: TableShape;
  readonly changes: readonly ColumnChange[];
}

/** Brings changes into one table, a snapshot for each call that changes something. */
export class ChangeCommitter {
  readonly #context: TableContext;
  readonly #commits: TableCommits;
  readonly #changeWriter: ChangeWriter<LiveDataFile, CommitTarget, PreparedCommit>;
  #state: TableState;
  /** Others have written, and not everything here has taken note: no commit before that. */
  #isBehind = false;
  #isResyncing = false;

  constructor(context: TableContext, { commits, state }: CommitterParts) {
    this.#context = context;
    this.#commits = commits;
    this.#state = state;
    this.#changeWriter =
      context.mode === 'append'
        ? new AppendWriter(context)
        : new UpsertWriter(context, (of) => new UpsertCommit(context, of));
  }

  get columns(): TableColumns {
    return this.#state.columns;
  }

  /** See `TableSink.commit`. When somebody else has the next version, plans anew after it. */
  commit(changes: readonly SourceChanges[], point: CommitPoint): Promise<CommitOutcome> {
    return this.#repeat(point, () => this.#attempt(changes, point));
  }

  /** See `TableSink.resync`. */
  resync(rows: ResyncRows, point: CommitPoint): Promise<CommitOutcome> {
    return this.#repeat(point, () => this.#attemptRange(rows, point));
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
    const error = new IcebergError(
      'iceberg/conflict',
      `${store.url}: other writers took the next version ${maxAttempts} times`,
      { context: { location: store.url, attempts: maxAttempts } },
    );
    return { outcome: 'conflicted', error };
  }

  async #attempt(changes: readonly SourceChanges[], point: CommitPoint): Promise<Attempt> {
    const fresh = partsAfter(changes, this.#state.position.position);
    if (fresh.length === 0) return { outcome: 'unchanged' };
    const next = this.#shapeFor(fresh.flatMap(schemasOf));
    if ('outcome' in next) return next;
    const prepared = await this.#changeWriter.prepare(
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
    const prepared = await this.#changeWriter.prepareRange(
      toTableRange(rows, next.shape.columns),
      await this.#target(next.shape),
    );
    return prepared ? this.#publish(prepared, point, next) : { outcome: 'unchanged' };
  }

  async #target({ columns, updates }: TableShape): Promise<CommitTarget> {
    const target = await this.#commits.target(columns, updates);
    return { ...target, isResyncing: this.#isResyncing };
  }

  async #publish(prepared: PreparedCommit, point: CommitPoint, to: NextShape): Promise<Attempt> {
    const { table, logger, store } = this.#context;
    const { columns, updates } = to.shape;
    const version = await this.#commits.publish({
      files: prepared.changes,
      updates: [...updates, ...keepColumns(to)],
      properties: positionProperty(table, point),
    });
    if (version === undefined) {
      await prepared.discard();
      return { outcome: 'again' };
    }
    await prepared.applied();
    const { source } = this.#state.position;
    this.#state = { columns, position: { ...point, source } };
    for (const change of to.changes) {
      logger.info('the columns of a table changed', {
        table: store.url,
        version,
        change: describeChange(change),
      });
    }
    return { outcome: 'committed', version, stats: prepared.stats };
  }

  /** The table that these changes need. */
  #shapeFor(schemas: readonly TableSchema[]): NextShape | CommitOutcome {
    const { metadata } = this.#commits.version;
    let shape: TableShape = { columns: this.#state.columns, updates: [] };
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
      changes.push(...found.changes);
      shape = evolveTable(metadata, this.#state.columns, changes);
    }
    return { shape, changes };
  }

  /** Reads what the others did; an outcome when there is no going on. */
  async #follow(writer: Writer): Promise<CommitOutcome | undefined> {
    const commits = this.#commits;
    await commits.update();
    const found = readState(this.#context, writer, commits.version);
    switch (found.outcome) {
      case 'fenced':
        return found;
      case 'refused':
        return { outcome: 'conflicted', error: found.error };
      case 'ours': {
        this.#state = found.state;
        const { columns } = found.state;
        await this.#changeWriter.follow(await this.#target({ columns, updates: [] }));
        this.#isBehind = false;
        const { version } = commits.version;
        this.#context.logger.warn('somebody else wrote the table', { version });
        return undefined;
      }
    }
  }

  #schemaChange(column: string, why: string): IcebergError {
    const { table, store } = this.#context;
    const name = formatTableName(table);
    return new IcebergError(
      'iceberg/schema-change',
      `Column ${column} of ${name} has changed: ${why}`,
      { context: { table: name, column, location: store.url } },
    );
  }
}

function keepColumns({ shape: { columns, updates } }: NextShape): NextShape['shape']['updates'] {
  if (updates.length === 0) return [];
  const kept = { [COLUMNS_PROPERTY]: formatTableColumns(columns) };
  return [{ action: 'set-properties', updates: kept }];
}

function schemasOf(changes: SourceChanges): readonly TableSchema[] {
  return 'images' in changes ? [changes.schema] : changes.schemas;
}
