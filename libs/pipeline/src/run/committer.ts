import { formatTableName } from '@cdc-demo/cdc-core';
import type {
  ChangeBatch,
  Clock,
  CommitOutcome,
  CommitPoint,
  PipelineObserver,
  Position,
  ResyncRequest,
  ResyncRows,
  TableName,
  TableSchema,
  Writer,
} from '@cdc-demo/cdc-core';
import { changesByTable, tableOf } from '../batching/batch.ts';
import type { Batch, BatchPart } from '../batching/batch.ts';
import type { ProgressLog } from '../progress/progress-log.ts';
import type { ProgressStage, StagedTable } from '../progress/progress-record.ts';
import { fenced } from './open-tables.ts';
import type { OpenTables } from './open-tables.ts';
import { columnsToRead, movesPartly } from './resync-state.ts';
import type { ResyncState } from './resync-state.ts';
import type { TableChanges } from './start-decision.ts';

export interface CommitterParts {
  readonly writer: Writer;
  readonly progress: ProgressLog;
  readonly tables: OpenTables;
  readonly clock: Clock;
  readonly observer: PipelineObserver;
  readonly resyncs: ResyncState;
  /** Has the source read rows beside the stream. */
  readonly onResync: (request: ResyncRequest) => void;
}

/**
 * Makes things durable in the one order that loses nothing: the tables, then the progress record.
 * Every method first makes sure that this run still owns the pipeline.
 * @throws PipelineError `pipeline/fenced`, or what a sink or the state folder throws
 */
export class Committer {
  readonly #parts: CommitterParts;
  #lastRecordMs: number;
  #history: string | null;
  /** Rows that this run has read of the tables that are being read. */
  readonly #resynced = new Map<string, number>();

  constructor(parts: CommitterParts) {
    this.#parts = parts;
    this.#lastRecordMs = parts.clock.monotonicMs();
    this.#history = parts.progress.record.history;
  }

  /** The history that the positions of the records to come belong to. */
  set history(history: string | undefined) {
    this.#history = history ?? null;
  }

  /** Monotonic time of the newest progress record. */
  get lastRecordMs(): number {
    return this.#lastRecordMs;
  }

  /** Publishes the changes of a batch in every table that it touches, then records its end. */
  async commit(batch: Batch): Promise<void> {
    const { clock, observer } = this.#parts;
    const startedMs = clock.monotonicMs();
    await this.assertOwner();
    const tables = changesByTable(batch);
    await this.#beginNeeded(tables);
    const point = this.point(batch.end, batch.committedAtUs);
    const number = point.batch;
    await this.#commitTables(batch, tables, point);
    if (batch.range) await this.#commitRange(batch.range, { ...point, batch: number + 1 });
    const last = batch.range ? number + 1 : number;
    await this.record({ kind: 'streaming', position: batch.end }, last);
    if (batch.transactions === 0) return;
    observer({
      kind: 'batch-committed',
      batch: number,
      position: batch.end,
      transactions: batch.transactions,
      changes: batch.rows,
      durationMs: clock.monotonicMs() - startedMs,
      latencyMs: clock.nowMs() - Number(batch.committedAtUs / 1000n),
    });
  }

  /** Publishes staged rows; again after a crash, until the record says that it is done. */
  async publish(tables: readonly StagedTable[], position: Position): Promise<void> {
    await this.assertOwner();
    const point = this.point(position, this.#nowUs());
    for (const { table, staged } of tables) {
      await this.#published(table, () => this.#sink(table).publishSnapshot(staged, point));
    }
    await this.record({ kind: 'streaming', position }, point.batch);
  }

  /** Creates tables without rows, whose changes follow from `position` on. */
  async create(schemas: readonly ChangeBatch['schema'][], position: Position): Promise<void> {
    await this.assertOwner();
    const point = this.point(position, this.#nowUs());
    for (const schema of schemas) {
      await this.#published(schema.table, () => this.#sink(schema.table).create(schema, point));
    }
    await this.record({ kind: 'streaming', position }, point.batch);
  }

  /**
   * Follows other tables from `position` on than the record says: those that come are read, unless
   * they begin with what changes from now on. On record before the source is told.
   */
  async changeTables(
    { added, left }: TableChanges,
    position: Position,
    snapshot: 'initial' | 'never',
  ): Promise<void> {
    const { resyncs, observer } = this.#parts;
    if (added.length + left.length === 0) return;
    if (snapshot === 'initial') for (const table of added) resyncs.begin(table);
    await this.assertOwner();
    await this.record({ kind: 'streaming', position });
    for (const table of left) {
      observer({
        kind: 'warning',
        message: `${formatTableName(table)} is followed no more; its destination stays as it is`,
        remedy: 'Configure the table again to have its rows read anew and its changes followed',
      });
    }
  }

  /** Goes on with what is to be read, once the source follows and every table is open. */
  async resumeResyncs(schemas: readonly TableSchema[]): Promise<void> {
    const { resyncs, onResync } = this.#parts;
    await this.#beginNeeded(schemas.map((schema) => [{ schema }]));
    for (const request of resyncs.requests) {
      this.#sink(request.table).setResyncing(true);
      onResync(request);
    }
  }

  /** Has the rows of a table read from the first on; on record when this resolves. */
  async resync(table: TableName): Promise<void> {
    await this.assertOwner();
    const request = this.#parts.resyncs.begin(table);
    await this.record(this.#parts.progress.record.stage);
    this.#sink(table).setResyncing(true);
    this.#parts.onResync(request);
  }

  /** Is every table complete? */
  get isComplete(): boolean {
    return this.#parts.resyncs.requests.length === 0;
  }

  /** Appends a progress record. */
  async record(stage: ProgressStage, batch = this.#parts.progress.record.batch): Promise<void> {
    const history = this.#history;
    const tables = this.#parts.tables.all.map(({ table }) => table);
    const resyncs = this.#parts.resyncs.requests;
    const appended = await this.#parts.progress.append({ batch, history, stage, tables, resyncs });
    if (appended.outcome === 'fenced') throw fenced(this.#parts.writer, appended.incarnation);
    this.#lastRecordMs = this.#parts.clock.monotonicMs();
  }

  /**
   * Begins to read the tables that these changes leave incomplete. Before they are committed: from
   * then on the tables themselves do not say any more what they lack.
   */
  async #beginNeeded(tables: readonly (readonly Changes[])[]): Promise<void> {
    const { resyncs, progress } = this.#parts;
    const begun: ResyncRequest[] = [];
    for (const changes of tables) {
      const [first] = changes;
      if (!first) continue;
      const table = tableOf(first);
      const sink = this.#sink(table);
      const columns = changes.flatMap(schemasOf).flatMap((schema) => {
        return columnsToRead(schema, sink.lacks(schema));
      });
      const isTorn = resyncs.has(table) && changes.some(mayTear);
      if (columns.length === 0 && !isTorn) continue;
      if (columns.length > 0) this.#warnOfColumns(table, columns);
      begun.push(resyncs.begin(table));
    }
    if (begun.length === 0) return;
    await this.record(progress.record.stage);
    for (const request of begun) {
      this.#sink(request.table).setResyncing(true);
      this.#parts.onResync(request);
    }
  }

  #warnOfColumns(table: TableName, columns: readonly string[]): void {
    const names = [...new Set(columns)].join(', ');
    this.#parts.observer({
      kind: 'warning',
      message: `${formatTableName(table)} has new columns with a default: ${names}`,
      remedy: 'Rows from before have NULL there until they are read again, which begins now',
    });
  }

  /** Publishes read rows in a commit of their own. */
  async #commitRange(range: ResyncRows, point: CommitPoint): Promise<void> {
    const { resyncs, observer, clock } = this.#parts;
    const { table } = range.schema;
    const sink = this.#sink(table);
    const committedAtUs = BigInt(Math.round(clock.nowMs() * 1000));
    await this.#published(table, () => sink.resync(range, { ...point, committedAtUs }));
    const done = resyncs.advance(range) === 'complete';
    if (done) sink.setResyncing(false);
    const name = formatTableName(table);
    const rows = (this.#resynced.get(name) ?? 0) + range.rows.length;
    this.#resynced.set(name, done ? 0 : rows);
    observer({
      kind: 'resync-progress',
      table,
      rows,
      estimatedRows: range.estimatedRows,
      done,
    });
  }

  /** All tables at the same time, or one after the other where each may need much memory. */
  async #commitTables(
    batch: Batch,
    tables: readonly (readonly BatchPart[])[],
    point: CommitPoint,
  ): Promise<void> {
    if (batch.isSpilled) for (const changes of tables) await this.#commitTable(changes, point);
    else await Promise.all(tables.map((changes) => this.#commitTable(changes, point)));
  }

  async #commitTable(changes: readonly BatchPart[], point: CommitPoint): Promise<void> {
    const [first] = changes;
    if (!first) return;
    const table = tableOf(first);
    const sink = this.#sink(table);
    await this.#published(table, async () => {
      for (const batch of changes) await sink.write(batch);
      return sink.commit(point);
    });
  }

  async #published(table: TableName, publish: () => Promise<CommitOutcome>): Promise<void> {
    const { clock, observer, writer } = this.#parts;
    const startedMs = clock.monotonicMs();
    const done = await publish();
    switch (done.outcome) {
      case 'committed': {
        const durationMs = clock.monotonicMs() - startedMs;
        const { version, stats } = done;
        observer({ kind: 'table-committed', table, version, stats, durationMs });
        return;
      }
      case 'unchanged':
        return;
      case 'fenced':
        throw fenced(writer, done.incarnation);
      case 'conflicted':
        throw done.error;
    }
  }

  /** @throws PipelineError `pipeline/fenced` */
  async assertOwner(): Promise<void> {
    const { progress, writer } = this.#parts;
    if (await progress.isOwner()) return;
    const owner = await progress.peek();
    throw fenced(writer, owner?.incarnation ?? writer.incarnation);
  }

  #sink(table: TableName): ReturnType<OpenTables['sink']> {
    return this.#parts.tables.sink(table);
  }

  /** What the next commit makes durable beside its rows. */
  point(position: Position, committedAtUs: bigint): CommitPoint {
    const { writer, progress } = this.#parts;
    return { ...writer, position, batch: progress.record.batch + 1, committedAtUs };
  }

  #nowUs(): bigint {
    return BigInt(Math.round(this.#parts.clock.nowMs() * 1000));
  }
}

type Changes = BatchPart | { readonly schema: TableSchema };

function schemasOf(changes: Changes): readonly TableSchema[] {
  return 'schema' in changes ? [changes.schema] : changes.schemas;
}

/** May the changes leave a row torn that is not there yet? Those on disk are not looked through. */
function mayTear(changes: Changes): boolean {
  return 'schemas' in changes || ('ops' in changes && movesPartly(changes));
}
