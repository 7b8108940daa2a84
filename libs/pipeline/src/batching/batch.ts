import { formatTableName } from '@cdc-demo/cdc-core';
import type {
  ChangeBatch,
  Position,
  ResyncRows,
  SpilledChanges,
  SpilledTransaction,
  TableName,
  TransactionGroup,
} from '@cdc-demo/cdc-core';

/** When a batch is committed; whichever comes first. Never in the middle of a transaction. */
export interface CommitLimits {
  /** Since the first change of the batch arrived. */
  readonly intervalMs: number;
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** Whole transactions of all tables, gathered for one round of commits; read rows may end them. */
export class Batch {
  /** In order; of a transaction that did not fit into memory one entry for each table. */
  readonly changes: BatchPart[] = [];
  readonly #spilled: SpilledTransaction[] = [];
  end: Position;
  /** Rows of a key range as of the batch's end; nothing is added after it. */
  range: ResyncRows | undefined;
  rows = 0;
  bytes = 0;
  transactions = 0;
  committedAtUs = 0n;
  /** Monotonic time when the first change arrived. */
  readonly startedMs: number;

  constructor(first: TransactionGroup | ResyncRows, nowMs: number) {
    this.startedMs = nowMs;
    this.end = 'batches' in first ? first.end : first.position;
    if ('batches' in first) this.add(first);
    else this.close(first);
  }

  add(group: TransactionGroup): void {
    this.changes.push(...group.batches, ...group.spilled.flatMap(({ tables }) => tables));
    this.#spilled.push(...group.spilled);
    this.end = group.end;
    this.rows += group.changes;
    this.bytes += group.bytes;
    this.transactions += group.transactions;
    this.committedAtUs = group.committedAtUs;
  }

  /** Ends the batch with the rows of a key range. */
  close(range: ResyncRows): void {
    this.range = range;
    this.end = range.position;
  }

  /** Has it changes on disk? */
  get isSpilled(): boolean {
    return this.#spilled.length > 0;
  }

  /** Gives the room on disk back: the batch is committed, or will not be. */
  async release(): Promise<void> {
    await Promise.all(this.#spilled.map((transaction) => transaction.release()));
  }

  isFull(limits: CommitLimits): boolean {
    if (this.range) return true;
    return this.rows >= limits.maxRows || this.bytes >= limits.maxBytes;
  }

  /** Milliseconds until the interval is over; 0 when it is. */
  dueInMs(limits: CommitLimits, nowMs: number): number {
    return Math.max(0, this.startedMs + limits.intervalMs - nowMs);
  }
}

export type BatchPart = ChangeBatch | SpilledChanges;

export function tableOf(
  changes: BatchPart | { readonly schema: ChangeBatch['schema'] },
): TableName {
  return 'schema' in changes ? changes.schema.table : changes.table;
}

/** The changes of a batch by table, each in order. */
export function changesByTable(batch: Batch): BatchPart[][] {
  const tables = new Map<string, BatchPart[]>();
  for (const changes of batch.changes) {
    const name = formatTableName(tableOf(changes));
    const list = tables.get(name);
    if (list) list.push(changes);
    else tables.set(name, [changes]);
  }
  return [...tables.values()];
}
