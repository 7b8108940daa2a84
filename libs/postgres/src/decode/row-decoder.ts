import { DELETE, INSERT, NO_IMAGE, UPDATE } from '@cdc-demo/cdc-core';
import type { ChangeBatch, Column, Op, TransactionAssembler } from '@cdc-demo/cdc-core';
import { TypeChanged } from '../types/wire-value.ts';
import type { OutOfRange, WireValue } from '../types/wire-value.ts';
import type { FollowedTable } from './followed-table.ts';
import type { FollowedTables } from './followed-tables.ts';
import { malformed } from './malformed.ts';
import { valueFailure } from './value-failure.ts';

export const INSERT_BYTE = 73;
export const UPDATE_BYTE = 85;
export const DELETE_BYTE = 68;

/** Which tuple follows: the new row, the key of the old one, or the whole old one. */
const NEW = 78;
const KEY = 75;
const OLD = 79;

/** What follows for a column: NULL, an unchanged TOAST value, text or binary. */
const NULL_VALUE = 110;
const UNCHANGED_VALUE = 117;
const TEXT_VALUE = 116;
const BINARY_VALUE = 98;

/**
 * Decodes INSERT, UPDATE and DELETE into the batches of the open transaction (protocol, "Logical
 * Replication Message Formats", TupleData).
 *
 * Three rules decide what absence means:
 *  1. an unchanged TOAST value is UNCHANGED, unless the whole old row was sent: then it is the
 *     value of the old row, which is the same;
 *  2. of a key-only old row the other columns are UNCHANGED, although the wire says NULL;
 *  3. a column that the log does not have yet is NULL, whatever the server holds in it by default.
 */
export class RowDecoder {
  readonly #assembler: TransactionAssembler;
  readonly #tables: FollowedTables;
  readonly #value: WireValue;
  readonly #nullsOutOfRange: boolean;
  /** One object serves every change. */
  readonly #images = { before: NO_IMAGE, after: NO_IMAGE, beforeIsFull: false };
  /** Batches of the open transaction. */
  readonly #batches = new Map<FollowedTable, ChangeBatch>();
  #lastTable: FollowedTable | undefined;
  #lastBatch: ChangeBatch | undefined;
  #start = 0;
  #end = 0;
  #at = 0;
  #column = 0;

  constructor(
    assembler: TransactionAssembler,
    tables: FollowedTables,
    value: { readonly value: WireValue; readonly outOfRange: OutOfRange },
  ) {
    this.#assembler = assembler;
    this.#tables = tables;
    this.#value = value.value;
    this.#nullsOutOfRange = value.outOfRange === 'null';
  }

  /** A transaction began or ended, or a table changed: batches have to be asked for anew. */
  forgetBatches(): void {
    this.#batches.clear();
    this.#lastTable = undefined;
    this.#lastBatch = undefined;
  }

  /** The batch of the open transaction for the rows of a table. */
  batchOf(table: FollowedTable): ChangeBatch {
    if (table === this.#lastTable && this.#lastBatch) return this.#lastBatch;
    let batch = this.#batches.get(table);
    if (batch?.schema !== table.schema) {
      batch = this.#assembler.batchFor(table.schema);
      this.#batches.set(table, batch);
    }
    this.#lastTable = table;
    this.#lastBatch = batch;
    return batch;
  }

  /** Decodes the message at `[start, end)` of the value's buffer. */
  decode(start: number, end: number): void {
    const { bytes, view } = this.#value;
    this.#start = start;
    this.#at = start;
    this.#end = end;
    if (end - start < 6) this.#fail('the message is too short');
    const table = this.#tables.described(view.getUint32(start + 1));
    if (table === 'ignored') return;
    if (table === undefined) this.#fail('a row before its RELATION');
    this.#at = start + 5;
    try {
      this.#change(table, bytes[start] ?? 0);
    } catch (error) {
      throw valueFailure(error, {
        message: this.#name(),
        offset: this.#value.start - start,
        schema: table.schema,
        column: this.#column,
      });
    }
    if (this.#at !== end) this.#fail('bytes are left over');
  }

  #change(table: FollowedTable, type: number): void {
    const { bytes } = this.#value;
    const batch = this.batchOf(table);
    const images = this.#images;
    images.before = NO_IMAGE;
    images.after = NO_IMAGE;
    images.beforeIsFull = false;
    let tag = bytes[this.#at];
    if (type !== INSERT_BYTE && (tag === KEY || tag === OLD)) {
      images.beforeIsFull = tag === OLD;
      images.before = this.#tuple(table, batch, tag);
      tag = bytes[this.#at];
    } else if (type === DELETE_BYTE) {
      this.#fail('a DELETE without its old row');
    }
    if (type !== DELETE_BYTE) {
      if (tag !== NEW || this.#at >= this.#end) this.#fail('no new row');
      images.after = this.#tuple(table, batch, tag);
    }
    const op: Op = type === INSERT_BYTE ? INSERT : type === UPDATE_BYTE ? UPDATE : DELETE;
    this.#assembler.append(batch, op, images);
  }

  /** Decodes the tuple behind the tag at `#at` and moves behind it; returns its row. */
  #tuple(table: FollowedTable, batch: ChangeBatch, tag: number): number {
    const value = this.#value;
    const { bytes, view } = value;
    const { binary, text, wireColumns } = table;
    const { columns } = batch.images;
    const end = this.#end;
    let at = this.#at + 3;
    if (at > end || view.getUint16(at - 2) !== wireColumns)
      this.#fail('other columns than RELATION');
    for (let i = 0; i < wireColumns; i++) {
      const column = columns[i] as Column;
      const kind = bytes[at++];
      this.#at = at;
      this.#column = i;
      if (kind === BINARY_VALUE || kind === TEXT_VALUE) {
        at += 4;
        const length = at > end ? -1 : view.getInt32(at - 4);
        if (length < 0 || length > end - at) this.#fail('a value longer than the message');
        value.start = at;
        at += length;
        value.end = at;
        if (this.#nullsOutOfRange) value.outOfRange = table.nullable[i] === 1 ? 'null' : 'stop';
        const decode = kind === TEXT_VALUE ? text[i] : binary[i];
        if (decode === undefined) this.#fail('a binary value of a type that is read as text');
        decode(value, column);
      } else {
        if (at > end) this.#fail('the message is too short');
        this.#absent(table, column, { kind, tag });
      }
    }
    for (let i = wireColumns; i < columns.length; i++) {
      if (tag === KEY) columns[i]?.appendUnchanged();
      else columns[i]?.appendNull();
    }
    this.#at = at;
    return batch.images.endRow();
  }

  #absent(
    table: FollowedTable,
    column: Column,
    { kind, tag }: { readonly kind: number | undefined; readonly tag: number },
  ): void {
    const i = this.#column;
    if (kind === NULL_VALUE) {
      if (tag === KEY && table.identity[i] === 0) column.appendUnchanged();
      else if (table.nullable[i] === 0) throw new TypeChanged('its key holds NULL');
      else column.appendNull();
    } else if (kind === UNCHANGED_VALUE) {
      const { before, beforeIsFull } = this.#images;
      if (tag === NEW && beforeIsFull) column.appendFrom(column, before);
      else if (tag === NEW && this.#value.bytes[this.#start] === INSERT_BYTE) {
        this.#fail('an INSERT with an unchanged value');
      } else column.appendUnchanged();
    } else {
      this.#fail('a value of an unknown kind');
    }
  }

  #name(): string {
    const type = this.#value.bytes[this.#start];
    return type === INSERT_BYTE ? 'INSERT' : type === UPDATE_BYTE ? 'UPDATE' : 'DELETE';
  }

  #fail(reason: string): never {
    throw malformed({ message: this.#name(), offset: this.#at - this.#start }, reason);
  }
}
