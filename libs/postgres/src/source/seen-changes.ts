import {
  ChangeBatch,
  DELETE,
  INSERT,
  NO_IMAGE,
  TRUNCATE,
  UNCHANGED,
  formatTableName,
} from '@cdc-demo/cdc-core';
import type {
  BytesColumn,
  Column,
  FixedBytesColumn,
  Op,
  SpilledChanges,
  SpilledTransaction,
  TableName,
  TransactionGroup,
} from '@cdc-demo/cdc-core';
import { RangeMap } from './key-ranges.ts';
import type { KeyOrder, OrderedKey } from './key-ranges.ts';
import { unitsByTable } from './snapshot-unit.ts';
import type { FinishedUnit, SnapshotRunFacts } from './snapshot-unit.ts';
import { TransactionSnapshot } from './transaction-snapshot.ts';

/** A change cannot be applied to rows of several instants: the table has to be read anew. */
export class Unsettled extends Error {
  readonly table: TableName;

  constructor(table: TableName) {
    super(`the rows of ${formatTableName(table)} do not fit together`);
    this.table = table;
  }
}

/** Tells which of the snapshots that a table was read under saw a transaction. */
interface ReadTable {
  readonly table: TableName;
  /** Undefined where the table is one unit. */
  readonly key: { readonly column: string; readonly order: KeyOrder } | undefined;
  /** Index into `snapshots`. */
  readonly ranges: RangeMap<number>;
  /** Undefined for one that saw nothing. */
  readonly snapshots: readonly (TransactionSnapshot | undefined)[];
}

/** What is done with a change: applied, dropped, or only its new or its old half is applied. */
type Verdict = 'apply' | 'drop' | 'insert' | 'delete';

/**
 * Leaves out of what the log says the changes that the rows show already, because the snapshot
 * under which their part of the table was read came after them. Each change is judged by the range
 * of its key, the halves of a changed key each by its own.
 */
export class SeenChanges {
  readonly #tables: ReadonlyMap<string, ReadTable>;

  /** @param units all units of all tables */
  constructor(units: readonly FinishedUnit[]) {
    const tables = new Map<string, ReadTable>();
    for (const [name, list] of unitsByTable(units)) tables.set(name, readTable(list));
    this.#tables = tables;
  }

  /** @throws Unsettled */
  async filter(group: TransactionGroup): Promise<TransactionGroup> {
    const batches = group.batches.flatMap((batch) => {
      const table = this.#tables.get(formatTableName(batch.schema.table));
      const rest = table ? unseen(batch, table) : batch;
      return rest.length === 0 ? [] : [rest];
    });
    const spilled: SpilledTransaction[] = [];
    for (const transaction of group.spilled) spilled.push(await this.#spilled(transaction));
    const all = [...batches, ...spilled.flatMap(({ tables }) => tables)];
    const changes = all.reduce((sum, { length }) => sum + length, 0);
    const bytes = all.reduce((sum, { byteSize }) => sum + byteSize, 0);
    return { ...group, batches, spilled, changes, bytes };
  }

  /** Looked through once here, so that a change that does not fit is found before it is applied. */
  async #spilled(transaction: SpilledTransaction): Promise<SpilledTransaction> {
    const kept: SpilledChanges[] = [];
    for (const changes of transaction.tables) {
      const table = this.#tables.get(formatTableName(changes.table));
      const rest = table ? changes.mapped((batch) => unseen(batch, table)) : changes;
      let length = 0;
      for await (const batch of rest.batches()) length += batch.length;
      if (length > 0) kept.push(rest);
    }
    return transaction.withTables(kept);
  }
}

function readTable(units: readonly FinishedUnit[]): ReadTable {
  const [first] = units;
  if (!first) throw new Error('a table without units');
  const runs: SnapshotRunFacts[] = [];
  const entries = units.map(({ range, run }) => {
    if (!runs.includes(run)) runs.push(run);
    return { range, value: runs.indexOf(run) };
  });
  const { table, key } = first;
  return {
    table,
    key,
    ranges: new RangeMap(key?.order ?? 'int', entries),
    snapshots: runs.map(({ own }) => own && TransactionSnapshot.parse(own.snapshot)),
  };
}

function unseen(batch: ChangeBatch, table: ReadTable): ChangeBatch {
  const judge = new Judge(batch, table);
  const rest = new ChangeBatch(batch.schema, 0);
  const kept = Object.assign(rest, { images: batch.images });
  for (let row = 0; row < batch.length; row++) {
    const verdict = judge.verdict(row);
    if (verdict === 'drop') continue;
    const before = verdict === 'insert' ? NO_IMAGE : (batch.before[row] ?? NO_IMAGE);
    const after = verdict === 'delete' ? NO_IMAGE : (batch.after[row] ?? NO_IMAGE);
    const beforeIsFull = before !== NO_IMAGE && batch.beforeIsFull[row] === 1;
    const op =
      verdict === 'insert' ? INSERT : verdict === 'delete' ? DELETE : (batch.ops[row] as Op);
    const at = kept.length;
    kept.append(op, { before, after, beforeIsFull }, batch.ordinal[row] ?? 0);
    kept.transaction[at] = batch.transaction[row] ?? 0;
  }
  for (const transaction of batch.transactions) kept.transactions.push(transaction);
  return kept;
}

/** Judges the changes of one batch, in order. */
class Judge {
  readonly #batch: ChangeBatch;
  readonly #table: ReadTable;
  readonly #keyColumn: Column | undefined;
  #transaction = -1;
  /** By snapshot, for the present transaction. */
  #seen: readonly boolean[] = [];

  constructor(batch: ChangeBatch, table: ReadTable) {
    this.#batch = batch;
    this.#table = table;
    const { key } = table;
    if (!key) return;
    const index = batch.schema.fields.findIndex(({ name }) => name === key.column);
    this.#keyColumn = batch.images.columns[index];
    if (!this.#keyColumn) throw new Unsettled(table.table);
  }

  verdict(row: number): Verdict {
    this.#enter(this.#batch.transaction[row] ?? 0);
    const seen = this.#seen;
    if (!seen.includes(true)) return 'apply';
    if (!seen.includes(false)) return 'drop';
    // A TRUNCATE takes a lock that no reader of a table lets through: all saw it, or none.
    if (this.#batch.ops[row] === TRUNCATE) throw new Unsettled(this.#table.table);
    const before = this.#batch.before[row] ?? NO_IMAGE;
    const after = this.#batch.after[row] ?? NO_IMAGE;
    const old = before === NO_IMAGE ? undefined : this.#isSeen(before);
    const next = after === NO_IMAGE ? undefined : this.#isSeenAfter(after, before);
    if (old === undefined || next === undefined || old === next) {
      return (next ?? old) ? 'drop' : 'apply';
    }
    if (next) return 'delete';
    this.#assertWhole(after);
    return 'insert';
  }

  #enter(transaction: number): void {
    if (transaction === this.#transaction) return;
    this.#transaction = transaction;
    const id = this.#batch.transactions[transaction]?.id ?? 0n;
    this.#seen = this.#table.snapshots.map((snapshot) => snapshot?.saw(id) ?? false);
  }

  /** An unchanged key may be as large as to be left out of the new row. */
  #isSeenAfter(after: number, before: number): boolean {
    const isLeftOut = this.#keyColumn?.presence[after] === UNCHANGED;
    return this.#isSeen(isLeftOut && before !== NO_IMAGE ? before : after);
  }

  #isSeen(image: number): boolean {
    const { key, ranges, table } = this.#table;
    const value = key && this.#keyColumn ? keyAt(this.#keyColumn, image, key.order) : 0n;
    const run = ranges.at(value);
    if (run === undefined) throw new Unsettled(table);
    return this.#seen[run] ?? false;
  }

  /** The row that an unchanged value would come from is not there in what was read. */
  #assertWhole(image: number): void {
    const { columns } = this.#batch.images;
    if (columns.some(({ presence }) => presence[image] === UNCHANGED)) {
      throw new Unsettled(this.#table.table);
    }
  }
}

/** A view, valid until the column changes. */
function keyAt(column: Column, row: number, order: KeyOrder): OrderedKey {
  switch (order) {
    case 'int':
      return BigInt(column.value(row) as number | bigint);
    case 'uuid':
      return (column as FixedBytesColumn).data.subarray(row * 16, row * 16 + 16);
    case 'bytea':
    case 'text':
      return (column as BytesColumn).bytes(row);
  }
}
