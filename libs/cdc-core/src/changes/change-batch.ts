import { grown } from '../columns/column.ts';
import { ColumnBatch } from '../columns/column-batch.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { Position } from './position.ts';

export const READ = 0;
export const INSERT = 1;
export const UPDATE = 2;
export const DELETE = 3;
export const TRUNCATE = 4;
export type Op = typeof READ | typeof INSERT | typeof UPDATE | typeof DELETE | typeof TRUNCATE;

/** No image on this side of the change. */
export const NO_IMAGE = -1;

/** A committed transaction of the source. */
export interface Transaction {
  /** Where its COMMIT begins; the order of transactions. */
  readonly commit: Position;
  /** Where its COMMIT ends: the position that a table has which contains it. */
  readonly end: Position;
  /** Microseconds since the epoch, by the source's clock. */
  readonly committedAtUs: bigint;
  /** The source's own number of the transaction. */
  readonly id: bigint;
}

/**
 * The changes of one table in commit order, all of one schema.
 *
 * `images` holds the rows that the source sent, old and new alike; a change names its images by
 * their row there. An old image is `full`, or has only the key's columns (the others UNCHANGED).
 */
export class ChangeBatch {
  readonly schema: TableSchema;
  readonly images: ColumnBatch;
  length = 0;
  /** What happened: one of READ, INSERT, UPDATE, DELETE, TRUNCATE. */
  ops: Uint8Array;
  /** Row of the old image in `images`, or NO_IMAGE. */
  before: Int32Array;
  /** Row of the new image in `images`, or NO_IMAGE. */
  after: Int32Array;
  /** 1 where the old image is the whole row, 0 where it is the key only or missing. */
  beforeIsFull: Uint8Array;
  /** Index into `transactions`. */
  transaction: Uint32Array;
  /** The change's number within its transaction, counted over all tables. */
  ordinal: Uint32Array;
  readonly transactions: Transaction[] = [];

  constructor(schema: TableSchema, capacity = 16) {
    this.schema = schema;
    this.images = new ColumnBatch(schema.fields, capacity);
    this.ops = new Uint8Array(capacity);
    this.before = new Int32Array(capacity);
    this.after = new Int32Array(capacity);
    this.beforeIsFull = new Uint8Array(capacity);
    this.transaction = new Uint32Array(capacity);
    this.ordinal = new Uint32Array(capacity);
  }

  get byteSize(): number {
    return this.images.byteSize + this.length * 18;
  }

  /**
   * Appends a change of the transaction that `transactions` will name next (its index is the
   * present
   * length of `transactions`, so that an open transaction needs no entry yet).
   */
  append(op: Op, images: ChangeImages, ordinal: number): void {
    const row = this.length;
    if (row === this.ops.length) this.#grow(Math.max(16, row * 2));
    this.ops[row] = op;
    this.before[row] = images.before;
    this.after[row] = images.after;
    this.beforeIsFull[row] = images.beforeIsFull ? 1 : 0;
    this.transaction[row] = this.transactions.length;
    this.ordinal[row] = ordinal;
    this.length = row + 1;
  }

  /** Drops every change from `length` on, and every image from `images` on. */
  truncate(length: number, images: number): void {
    this.length = length;
    this.images.truncate(images);
  }

  #grow(capacity: number): void {
    this.ops = grown(this.ops, capacity);
    this.before = grown(this.before, capacity);
    this.after = grown(this.after, capacity);
    this.beforeIsFull = grown(this.beforeIsFull, capacity);
    this.transaction = grown(this.transaction, capacity);
    this.ordinal = grown(this.ordinal, capacity);
  }
}

/** Which rows of `images` a change has. Constants for the usual cases spare an object a change. */
export interface ChangeImages {
  readonly before: number;
  readonly after: number;
  readonly beforeIsFull: boolean;
}
