import { formatTableName } from '@cdc-demo/cdc-core';
import type { SourceMessage, TableName } from '@cdc-demo/cdc-core';
import { loadPublishedTable } from '../catalog/load-published-table.ts';
import type { PublishedTable } from '../catalog/published-table.ts';
import type { ConnectionTarget } from '../connection/connection-target.ts';
import { quoteIdentifier } from '../connection/quote.ts';
import type { Session } from '../connection/session.ts';
import { CopyBinaryDecoder } from '../decode/copy-binary-decoder.ts';
import type { OutOfRange } from '../types/wire-value.ts';
import { COPY_DATA } from '../wire/backend-message.ts';
import type { WireSession } from '../wire/wire-session.ts';
import { BoundedQueue } from './bounded-queue.ts';
import { rangeCondition } from './key-ranges.ts';
import { planSnapshot } from './snapshot-plan.ts';
import type { SnapshotPlan } from './snapshot-plan.ts';
import { checkTables, openSnapshotSessions, rowsOf } from './snapshot-sessions.ts';
import type { SnapshotOrigin } from './snapshot-sessions.ts';
import { unitToJson } from './snapshot-unit.ts';
import type { FinishedUnit, SnapshotUnit } from './snapshot-unit.ts';

/** Room in a batch beyond what the statistics say. */
const SPARE_ROWS = 1024;

export interface SnapshotOptions {
  readonly target: ConnectionTarget;
  readonly publication: string;
  readonly tables: readonly TableName[];
  /** Units that are read at the same time. */
  readonly workers: number;
  /** Bytes of a table that a unit should have. */
  readonly rangeBytes: number;
  /** A batch ends with the first of these, give or take one read from the socket. */
  readonly rowsPerBatch: number;
  readonly bytesPerBatch: number;
  readonly outOfRange: OutOfRange;
}

export interface SnapshotBeginning {
  readonly origin: SnapshotOrigin;
  /** What earlier runs have read, by table. */
  readonly finished: ReadonlyMap<string, readonly FinishedUnit[]>;
}

interface SnapshotParts {
  readonly tables: readonly PublishedTable[];
  readonly plan: SnapshotPlan;
  readonly text: string;
  readonly guard: Session;
  readonly workers: readonly WireSession[];
}

/**
 * What is left to be read of the tables, as of one snapshot. All of its sessions hold it, and locks
 * that keep the tables from being rewritten or dropped: of all tables, since to ask for one of a
 * publication locks each of it. No other session may do that meanwhile: it could queue behind a
 * TRUNCATE that waits for these, which no deadlock detector sees.
 */
export class Snapshot {
  readonly tables: readonly PublishedTable[];
  readonly plan: SnapshotPlan;
  /** As `pg_current_snapshot()` says it. */
  readonly text: string;
  readonly #options: SnapshotOptions;
  readonly #guard: Session;
  readonly #workers: readonly WireSession[];

  private constructor(options: SnapshotOptions, parts: SnapshotParts) {
    this.#options = options;
    this.tables = parts.tables;
    this.plan = parts.plan;
    this.text = parts.text;
    this.#guard = parts.guard;
    this.#workers = parts.workers;
  }

  /** @throws PostgresError, BeginAnew */
  static async open(options: SnapshotOptions, from: SnapshotBeginning): Promise<Snapshot> {
    const { target, tables, publication, workers: count, rangeBytes } = options;
    const { origin, finished } = from;
    const sessions = await openSnapshotSessions(target, tables, { workers: count, origin });
    const { guard, workers, snapshot: text } = sessions;
    try {
      const published: PublishedTable[] = [];
      for (const table of tables) {
        published.push(await loadPublishedTable(guard.query, publication, table));
      }
      const size = { workers: count, rangeBytes };
      const plan = await planSnapshot(guard.query, published, { finished, size });
      const wires = workers.map((session) => session.takeWire());
      return new Snapshot(options, { tables: published, plan, text, guard, workers: wires });
    } catch (error) {
      await Promise.allSettled([guard, ...workers].map((session) => session.close()));
      throw error;
    }
  }

  /**
   * The rows unit by unit, after those of a unit its end, after the last unit of a table the
   * table's; units may alternate.
   */
  async *messages(): AsyncGenerator<SourceMessage, void, undefined> {
    const queue = new BoundedQueue<SourceMessage>(this.#workers.length);
    const waiting = this.plan.units.entries();
    const left = new Map<PublishedTable, number>();
    for (const { table } of this.plan.units) left.set(table, (left.get(table) ?? 0) + 1);
    const work = async (wire: WireSession): Promise<void> => {
      for (const [number, unit] of waiting) {
        if (!(await this.#copy(wire, { ...unit, number }, queue))) return;
        const { schema, isPartitioned } = unit.table;
        if (isPartitioned) await checkTables(this.#guard.query, [schema.table]);
        const finished = unitToJson(unit);
        await queue.put({ kind: 'snapshot-unit-end', schema, unit: number, finished });
        const more = (left.get(unit.table) ?? 1) - 1;
        left.set(unit.table, more);
        if (more === 0) await queue.put({ kind: 'snapshot-table-end', table: schema.table });
      }
    };
    const all = Promise.all(this.#workers.map(work)).then(
      () => queue.end(),
      (error: unknown) => queue.end(error),
    );
    try {
      yield* queue.items();
      yield* this.#checkPartitioned();
    } finally {
      queue.end();
      await this.close();
      await all;
    }
  }

  /**
   * A table can become a partition while rows are read; what changed in it before was not sent.
   * @throws PostgresError `postgres/snapshot-disturbed`, after the table was told
   */
  async *#checkPartitioned(): AsyncGenerator<SourceMessage, void, undefined> {
    for (const { isPartitioned, schema } of this.tables) {
      if (!isPartitioned) continue;
      try {
        await checkTables(this.#guard.query, [schema.table]);
      } catch (error) {
        yield { kind: 'snapshot-discard', table: schema.table };
        throw error;
      }
    }
  }

  /** Ends the sessions and with them the locks. Safe twice. */
  async close(): Promise<void> {
    await Promise.all([...this.#workers.map((wire) => wire.close()), this.#guard.close()]);
  }

  /** Reads one unit; false when the consumer went away. */
  async #copy(
    wire: WireSession,
    unit: SnapshotUnit & { readonly number: number },
    queue: BoundedQueue<SourceMessage>,
  ): Promise<boolean> {
    const { outOfRange, rowsPerBatch, bytesPerBatch } = this.#options;
    const { table, number } = unit;
    const { schema } = table;
    const doing = `read the rows of ${formatTableName(schema.table)}`;
    const capacity = Math.min(rowsPerBatch, table.estimatedRows + SPARE_ROWS);
    const decoder = new CopyBinaryDecoder(table, { outOfRange, capacity });
    await wire.startCopy(copyUnit(unit), doing);
    let bytes = 0;
    for (let isDone = false; ; ) {
      const { framer } = wire;
      while (!isDone && framer.next()) {
        if (framer.type === COPY_DATA) {
          bytes += framer.end - framer.start;
          decoder.push(framer.bytes, framer.start, framer.end);
        } else isDone = wire.handleOther(doing) === 'done';
      }
      const isFull = decoder.rows >= rowsPerBatch || bytes >= bytesPerBatch;
      if ((isFull || isDone) && decoder.rows > 0) {
        bytes = 0;
        const rows = decoder.take();
        if (!(await queue.put({ kind: 'snapshot-rows', schema, unit: number, rows }))) return false;
      }
      if (isDone) break;
      await wire.more(doing);
    }
    decoder.finish();
    return true;
  }
}

/** A range is found by its index: the planner might read the whole table once for each of a few. */
function copyUnit({ table, key, range }: SnapshotUnit): string {
  const where = key && rangeCondition(key, range);
  const scan = where === undefined ? 'on' : 'off';
  return `SET LOCAL enable_seqscan = ${scan}; ${copyCommand(table, where)}`;
}

/** Selects what the publication sends, in the order that the decoder expects. */
function copyCommand(table: PublishedTable, condition?: string): string {
  const columns = table.columns.map(({ name, codec }) => {
    const column = quoteIdentifier(name);
    return codec.copyCast === 'text' ? `${column}::pg_catalog.text` : column;
  });
  const conditions = [table.rowFilter, condition].filter((each) => each !== undefined);
  const all = conditions.map((each) => `(${each})`).join(' AND ');
  const where = all === '' ? '' : ` WHERE ${all}`;
  const from = rowsOf({ table: table.schema.table, isPartitioned: table.isPartitioned });
  return `COPY (SELECT ${columns.join(', ')} FROM ${from}${where}) TO STDOUT (FORMAT binary)`;
}
