import { formatTableName } from '@cdc-demo/cdc-core';
import type { ColumnBatch, ResyncCursor, ResyncRequest } from '@cdc-demo/cdc-core';
import { loadPublishedTable } from '../catalog/load-published-table.ts';
import type { PublishedTable } from '../catalog/published-table.ts';
import { textOf } from '../catalog/query.ts';
import { sqlState } from '../connection/connect-error.ts';
import type { ConnectionTarget } from '../connection/connection-target.ts';
import { quoteIdentifier, quoteLiteral } from '../connection/quote.ts';
import { Session } from '../connection/session.ts';
import { CopyBinaryDecoder } from '../decode/copy-binary-decoder.ts';
import type { OutOfRange } from '../types/wire-value.ts';
import { COPY_DATA } from '../wire/backend-message.ts';
import type { WireSession } from '../wire/wire-session.ts';
import { readLogEnd } from './log-end.ts';
import { ResyncKey } from './resync-key.ts';
import { isAsInSnapshot, lockSql, rowsOf } from './snapshot-sessions.ts';
import { TransactionSnapshot } from './transaction-snapshot.ts';

export interface ChunkOptions {
  readonly target: ConnectionTarget;
  readonly publication: string;
  readonly outOfRange: OutOfRange;
  /** Size of a chunk at most; the bytes by those of the chunk before. */
  readonly rowsPerBatch: number;
  readonly bytesPerBatch: number;
}

/** Rows of a stretch of a table's keys, as of one snapshot. */
export interface Chunk {
  readonly table: PublishedTable;
  readonly key: ResyncKey;
  readonly after: ResyncCursor;
  /** Null behind the last row. */
  readonly through: ResyncCursor;
  readonly rows: ColumnBatch;
  readonly snapshot: TransactionSnapshot;
  /** Everything that the snapshot shows lies before it in the log. */
  readonly logEnd: bigint;
}

/** Why there is no chunk; asking again helps. */
export type NoChunk =
  /** A transaction runs that began before the table's changes were sure to be seen. */
  | 'too-early'
  /** Somebody rewrites or empties the table. */
  | 'disturbed';

interface Sessions {
  readonly control: Session;
  readonly wire: WireSession;
}

/** lock_not_available, deadlock_detected, snapshot that is gone with its session */
const DISTURBANCES = ['55P03', '40P01'];

/**
 * Reads tables in chunks by their key, each in a short transaction of its own, on sessions that it
 * opens at the first call. One call at a time.
 */
export class ChunkReader {
  readonly #options: ChunkOptions;
  #sessions: Sessions | undefined;
  #rows: number;

  constructor(options: ChunkOptions) {
    this.#options = options;
    this.#rows = options.rowsPerBatch;
  }

  /**
   * @param barrier the first transaction that may still run, or lie ahead
   * @throws PostgresError
   */
  async read({ table, after }: ResyncRequest, barrier: bigint): Promise<Chunk | NoChunk> {
    const sessions = await this.#open();
    try {
      return await this.#chunk(sessions, { table, after }, barrier);
    } catch (error) {
      await this.close();
      if (DISTURBANCES.includes(sqlState(error))) return 'disturbed';
      throw error;
    }
  }

  /** The number that the next transaction will have. */
  async nextTransaction(): Promise<bigint> {
    const { control } = await this.#open();
    const sql = 'select pg_catalog.pg_current_snapshot()::text as snapshot';
    const [row = {}] = await control.query(sql, []);
    return TransactionSnapshot.parse(textOf(row, 'snapshot')).xmax;
  }

  /** Ends the sessions; another call opens them again. Safe twice. */
  async close(): Promise<void> {
    const sessions = this.#sessions;
    this.#sessions = undefined;
    await Promise.all([sessions?.wire.close(), sessions?.control.close()]);
  }

  async #open(): Promise<Sessions> {
    if (this.#sessions) return this.#sessions;
    const control = await Session.open(this.#options.target);
    try {
      const wire = (await Session.open(this.#options.target)).takeWire();
      this.#sessions = { control, wire };
      return this.#sessions;
    } catch (error) {
      await control.close();
      throw error;
    }
  }

  async #chunk(
    { control, wire }: Sessions,
    { table: name, after }: ResyncRequest,
    barrier: bigint,
  ): Promise<Chunk | NoChunk> {
    const { publication } = this.#options;
    const doing = `read rows of ${formatTableName(name)}`;
    await control.command('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', doing);
    const sql = `select pg_catalog.pg_current_snapshot()::text as snapshot,
                        pg_catalog.pg_export_snapshot() as name`;
    const [row = {}] = await control.query(sql, []);
    const snapshot = TransactionSnapshot.parse(textOf(row, 'snapshot'));
    if (snapshot.xmin < barrier) {
      await control.command('ROLLBACK', doing);
      return 'too-early';
    }
    const lock = await lockSql(control.query, [name]);
    await control.command(`SET LOCAL lock_timeout = '1s'; ${lock}`, doing);
    if (!(await isAsInSnapshot(control.query, name))) {
      await control.command('ROLLBACK', doing);
      return 'disturbed';
    }
    const table = await loadPublishedTable(control.query, publication, name);
    const key = new ResyncKey(table);
    const through = await this.#upperBound(control, { table, key, after });
    const begin = [
      'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
      `SET TRANSACTION SNAPSHOT ${quoteLiteral(textOf(row, 'name'))}`,
      // Behind a TRUNCATE that waits for the other session it would wait for ever.
      `${lock} NOWAIT`,
      copyCommand({ table, key, after, through }),
      'COMMIT',
    ];
    const rows = await this.#copy(wire, table, { sql: begin.join('; '), doing });
    await control.command('COMMIT', doing);
    const logEnd = await readLogEnd(control.query);
    return { table, key, after, through, rows, snapshot, logEnd };
  }

  /** The last key of the chunk that begins behind `after`; null when it has all of the rest. */
  async #upperBound(
    control: Session,
    { table, key, after }: { table: PublishedTable; key: ResyncKey; after: ResyncCursor },
  ): Promise<ResyncCursor> {
    const from = rowsOf({ table: table.schema.table, isPartitioned: table.isPartitioned });
    const where = whereClause(table, after === null ? [] : [key.is('>', after)]);
    const sql = `select ${key.asTexts} as bound from ${from}${where}
                 order by ${key.order} offset ${this.#rows - 1} limit 1`;
    const [row] = await control.query(sql, []);
    return row ? (JSON.parse(textOf(row, 'bound')) as string[]) : null;
  }

  async #copy(
    wire: WireSession,
    table: PublishedTable,
    { sql, doing }: { readonly sql: string; readonly doing: string },
  ): Promise<ColumnBatch> {
    const { outOfRange, rowsPerBatch, bytesPerBatch } = this.#options;
    const decoder = new CopyBinaryDecoder(table, { outOfRange });
    await wire.startCopy(sql, doing);
    const { framer } = wire;
    let bytes = 0;
    for (let isDone = false; !isDone; ) {
      while (!isDone && framer.next()) {
        if (framer.type === COPY_DATA) {
          bytes += framer.end - framer.start;
          decoder.push(framer.bytes, framer.start, framer.end);
        } else isDone = wire.handleOther(doing) === 'done';
      }
      if (!isDone) await wire.more(doing);
    }
    decoder.finish();
    const rows = decoder.take();
    const bytesPerRow = Math.max(1, bytes / Math.max(1, rows.length));
    this.#rows = Math.max(1, Math.min(rowsPerBatch, Math.floor(bytesPerBatch / bytesPerRow)));
    return rows;
  }
}

function whereClause({ rowFilter }: PublishedTable, conditions: readonly string[]): string {
  const all = rowFilter === undefined ? conditions : [`(${rowFilter})`, ...conditions];
  return all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`;
}

/** Selects what the publication sends, in the order that the decoder expects. */
function copyCommand(chunk: Pick<Chunk, 'table' | 'key' | 'after' | 'through'>): string {
  const { table, key, after, through } = chunk;
  const columns = table.columns.map(({ name, codec }) => {
    const column = quoteIdentifier(name);
    return codec.copyCast === 'text' ? `${column}::pg_catalog.text` : column;
  });
  const where = whereClause(table, [
    ...(after === null ? [] : [key.is('>', after)]),
    ...(through === null ? [] : [key.is('<=', through)]),
  ]);
  const from = rowsOf({ table: table.schema.table, isPartitioned: table.isPartitioned });
  return `COPY (SELECT ${columns.join(', ')} FROM ${from}${where}) TO STDOUT (FORMAT binary)`;
}
