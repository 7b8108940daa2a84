import type { SpillSpace } from '../ports/spill-space.ts';
import { sameSchema } from '../schema/table-schema.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { ChangeBatch } from './change-batch.ts';
import type { ChangeImages, Op, Transaction } from './change-batch.ts';
import type { Position } from './position.ts';
import { TransactionSpill, tableId } from './spilled-transaction.ts';
import type { SpilledTransaction } from './spilled-transaction.ts';

/**
 * Whole transactions of a source, in commit order. The changes of a table stand in one batch for
 * each schema that the table had meanwhile, in order. A transaction that did not fit into memory
 * comes in `spilled`, after everything in `batches`; whoever takes the group releases it.
 */
export interface TransactionGroup {
  readonly batches: readonly ChangeBatch[];
  readonly spilled: readonly SpilledTransaction[];
  /** The end of the last transaction: what a table holds that contains the group. */
  readonly end: Position;
  /** When the last transaction was committed, by the source's clock. */
  readonly committedAtUs: bigint;
  readonly transactions: number;
  readonly changes: number;
  /** In memory and on disk. */
  readonly bytes: number;
}

/** Gives back what a group has on disk. Safe twice. */
export async function releaseGroup({ spilled }: TransactionGroup): Promise<void> {
  await Promise.all(spilled.map((transaction) => transaction.release()));
}

interface TableInProgress {
  readonly batch: ChangeBatch;
  committedLength: number;
  committedImages: number;
}

/**
 * Gathers decoded changes and lets go of them at COMMIT only.
 *
 * Call order: `begin`, any number of `batchFor` + `append`, then `commit` or `rollback`. Not
 * re-entrant; a decoder appends images to the batch that `batchFor` gave. What is in memory of an
 * open transaction goes to disk by `spill`; batches have to be asked for anew then.
 */
export class TransactionAssembler {
  readonly #tables = new Map<string, TableInProgress[]>();
  /** Groups that take no further transaction, oldest first. */
  readonly #closed: TransactionGroup[] = [];
  #open: Omit<Transaction, 'end'> | undefined;
  #spill: TransactionSpill | undefined;
  #ordinal = 0;
  #last: Transaction | undefined;
  #transactions = 0;

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Has a part of the open transaction gone to disk? */
  get isSpilling(): boolean {
    return this.#spill !== undefined;
  }

  /** Committed transactions that nobody took yet. */
  get transactions(): number {
    return this.#closed.reduce((sum, group) => sum + group.transactions, this.#transactions);
  }

  /** Would `take` give a group? */
  get isReady(): boolean {
    return this.#closed.length > 0 || (!this.#open && this.#last !== undefined);
  }

  /** Is a spilled transaction among those that `take` would give? */
  get hasSpilled(): boolean {
    return this.#closed.some(({ spilled }) => spilled.length > 0);
  }

  begin(transaction: Omit<Transaction, 'end'>): void {
    if (this.#open || this.#spill) throw new Error('begin: a transaction is open already');
    this.#open = transaction;
    this.#ordinal = 0;
  }

  /** The batch that takes the changes of a table whose rows look like `schema` now. */
  batchFor(schema: TableSchema): ChangeBatch {
    const id = tableId(schema.table);
    const list = this.#tables.get(id) ?? [];
    const last = list.at(-1);
    if (last && sameSchema(last.batch.schema, schema)) return last.batch;
    const batch = new ChangeBatch(schema);
    list.push({ batch, committedLength: 0, committedImages: 0 });
    this.#tables.set(id, list);
    return batch;
  }

  append(batch: ChangeBatch, op: Op, images: ChangeImages): void {
    batch.append(op, images, this.#ordinal++);
  }

  /**
   * Moves what is in memory of the open transaction to disk. Nothing else may be called meanwhile.
   */
  async spill(space: SpillSpace): Promise<void> {
    this.#spill ??= await TransactionSpill.open(space);
    const spill = this.#spill;
    for (const { batch, committedLength, committedImages } of this.#inProgress()) {
      await spill.append(batch, committedLength, committedImages);
    }
    this.#truncate();
    this.#close();
    this.#tables.clear();
  }

  commit(end: Position): void {
    if (!this.#open) throw new Error('commit: no transaction is open');
    const transaction = { ...this.#open, end };
    const spill = this.#spill;
    for (const table of this.#inProgress()) {
      if (table.batch.length === table.committedLength) continue;
      table.batch.transactions.push(transaction);
      table.committedLength = table.batch.length;
      table.committedImages = table.batch.images.length;
    }
    this.#last = transaction;
    this.#open = undefined;
    this.#spill = undefined;
    this.#transactions++;
    if (!spill) return;
    const rest = [...this.#inProgress()].map((t) => t.batch).filter((b) => b.length > 0);
    this.#tables.clear();
    this.#close([spill.finish(transaction, rest)]);
  }

  /**
   * Forgets the open transaction, as when the connection ends in the middle of it. Of one that was
   * spilling, `discard` has to follow.
   */
  rollback(): void {
    this.#truncate();
    this.#open = undefined;
  }

  /** The oldest committed transactions; undefined if there are none, or one is open after them. */
  take(): TransactionGroup | undefined {
    if (this.#closed.length === 0 && !this.#open) this.#close();
    return this.#closed.shift();
  }

  /** Forgets everything and gives the room on disk back. */
  async discard(): Promise<void> {
    const spilled = this.#closed.splice(0).flatMap((group) => group.spilled);
    const releasing = spilled.map((transaction) => transaction.release());
    if (this.#spill) releasing.push(this.#spill.release());
    this.#spill = undefined;
    this.#open = undefined;
    this.#tables.clear();
    await Promise.all(releasing);
  }

  /** Drops what the open transaction has in memory. */
  #truncate(): void {
    for (const table of this.#inProgress()) {
      table.batch.truncate(table.committedLength, table.committedImages);
    }
  }

  /** Makes a group of the committed transactions, if there are any, that takes no others. */
  #close(spilled: readonly SpilledTransaction[] = []): void {
    const last = this.#last;
    if (!last) return;
    const batches = [...this.#inProgress()].map((t) => t.batch).filter((b) => b.length > 0);
    const parts = [...batches, ...spilled];
    this.#closed.push({
      batches,
      spilled,
      end: last.end,
      committedAtUs: last.committedAtUs,
      transactions: this.#transactions,
      changes: parts.reduce((sum, { length }) => sum + length, 0),
      bytes: parts.reduce((sum, { byteSize }) => sum + byteSize, 0),
    });
    this.#tables.clear();
    this.#last = undefined;
    this.#transactions = 0;
  }

  *#inProgress(): Generator<TableInProgress> {
    for (const list of this.#tables.values()) yield* list;
  }
}
