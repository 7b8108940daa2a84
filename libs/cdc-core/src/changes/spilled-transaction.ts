import type { SpillFile, SpillSpace } from '../ports/spill-space.ts';
import type { TableName, TableSchema } from '../schema/table-schema.ts';
import { BatchSpill } from './batch-spill.ts';
import type { ChangeBatch, Transaction } from './change-batch.ts';

/** The changes that one transaction made to one table, most of them on disk. */
export class SpilledChanges {
  readonly table: TableName;
  readonly transaction: Transaction;
  readonly #spill: BatchSpill;
  /** What was in memory when the transaction ended, behind what is on disk. */
  readonly #rest: readonly ChangeBatch[];
  #change: (batch: ChangeBatch) => ChangeBatch = (batch) => batch;

  constructor(
    table: TableName,
    transaction: Transaction,
    parts: { readonly spill: BatchSpill; readonly rest: readonly ChangeBatch[] },
  ) {
    this.table = table;
    this.transaction = transaction;
    this.#spill = parts.spill;
    this.#rest = parts.rest;
  }

  /** The same changes, each batch of them replaced by what `change` makes of it. */
  mapped(change: (batch: ChangeBatch) => ChangeBatch): SpilledChanges {
    const parts = { spill: this.#spill, rest: this.#rest };
    const mapped = new SpilledChanges(this.table, this.transaction, parts);
    mapped.#change = change;
    return mapped;
  }

  /** Changes; of mapped ones those before. */
  get length(): number {
    return this.#rest.reduce((sum, batch) => sum + batch.length, this.#spill.length);
  }

  get byteSize(): number {
    return this.#rest.reduce((sum, batch) => sum + batch.byteSize, this.#spill.byteSize);
  }

  /** What the rows look like, in order. */
  get schemas(): TableSchema[] {
    return [...this.#spill.schemas, ...this.#rest.map(({ schema }) => schema)];
  }

  /** The changes in order, some at a time. May be asked for any number of times. */
  async *batches(): AsyncGenerator<ChangeBatch, void, undefined> {
    for await (const batch of this.#spill.batches()) {
      batch.transactions.push(this.transaction);
      yield this.#change(batch);
    }
    for (const batch of this.#rest) yield this.#change(batch);
  }
}

/** A committed transaction that did not fit into memory. */
export class SpilledTransaction {
  readonly transaction: Transaction;
  /** One for each table, in the order of their first changes. */
  readonly tables: readonly SpilledChanges[];
  readonly #file: SpillFile;

  constructor(transaction: Transaction, tables: readonly SpilledChanges[], file: SpillFile) {
    this.transaction = transaction;
    this.tables = tables;
    this.#file = file;
  }

  /** Changes of all tables. */
  get length(): number {
    return this.tables.reduce((sum, { length }) => sum + length, 0);
  }

  get byteSize(): number {
    return this.tables.reduce((sum, { byteSize }) => sum + byteSize, 0);
  }

  /** The same transaction with other changes of its own; to release one of them is enough. */
  withTables(tables: readonly SpilledChanges[]): SpilledTransaction {
    return new SpilledTransaction(this.transaction, tables, this.#file);
  }

  /** Gives the room on disk back: nobody reads the changes any more. Safe twice. */
  release(): Promise<void> {
    return this.#file.release();
  }
}

/** An open transaction while its changes go to disk. */
export class TransactionSpill {
  readonly #file: SpillFile;
  readonly #tables = new Map<string, { readonly table: TableName; readonly spill: BatchSpill }>();

  private constructor(file: SpillFile) {
    this.#file = file;
  }

  static async open(space: SpillSpace): Promise<TransactionSpill> {
    return new TransactionSpill(await space.create());
  }

  /** Appends the changes of a batch from `first` on; their images are those from `image` on. */
  append(batch: ChangeBatch, first: number, image: number): Promise<void> {
    return this.#of(batch.schema.table).spill.append(batch, first, image);
  }

  /** The transaction has ended; `rest` are its last changes, which are still in memory. */
  finish(transaction: Transaction, rest: readonly ChangeBatch[]): SpilledTransaction {
    for (const batch of rest) this.#of(batch.schema.table);
    const tables = [...this.#tables].map(([id, { table, spill }]) => {
      const own = rest.filter((batch) => tableId(batch.schema.table) === id);
      return new SpilledChanges(table, transaction, { spill, rest: own });
    });
    return new SpilledTransaction(transaction, tables, this.#file);
  }

  release(): Promise<void> {
    return this.#file.release();
  }

  #of(table: TableName): { readonly table: TableName; readonly spill: BatchSpill } {
    const id = tableId(table);
    const known = this.#tables.get(id);
    if (known) return known;
    const added = { table, spill: new BatchSpill(this.#file) };
    this.#tables.set(id, added);
    return added;
  }
}

/** A text that no two tables share. */
export function tableId(table: TableName): string {
  return `${table.namespace}\0${table.name}`;
}
