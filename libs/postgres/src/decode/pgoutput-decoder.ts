import { NO_IMAGE, postgresPosition, TRUNCATE } from '@cdc-demo/cdc-core';
import type { Position, Transaction, TransactionAssembler } from '@cdc-demo/cdc-core';
import type { PublishedTable } from '../catalog/published-table.ts';
import { WireValue } from '../types/wire-value.ts';
import type { OutOfRange } from '../types/wire-value.ts';
import { FollowedTables } from './followed-tables.ts';
import { malformed } from './malformed.ts';
import { MessageReader, postgresTime } from './message-reader.ts';
import type { NeedsCatalog, PgoutputHandler } from './pgoutput-handler.ts';
import { readRelation } from './relation.ts';
import { DELETE_BYTE, INSERT_BYTE, RowDecoder, UPDATE_BYTE } from './row-decoder.ts';

const TABLE_ONLY = { before: NO_IMAGE, after: NO_IMAGE, beforeIsFull: false };

const NAMES = new Map<number | undefined, string>([
  [66, 'BEGIN'],
  [67, 'COMMIT'],
  [77, 'MESSAGE'],
  [79, 'ORIGIN'],
  [82, 'RELATION'],
  [84, 'TRUNCATE'],
  [89, 'TYPE'],
]);

export interface PgoutputOptions {
  readonly assembler: TransactionAssembler;
  /** What becomes of values that a nullable field cannot hold; in a key they always stop. */
  readonly outOfRange?: OutOfRange;
  /** Transactions whose COMMIT begins before this LSN are read and dropped. */
  readonly skipBefore?: bigint;
  readonly handler?: PgoutputHandler;
}

/**
 * Decodes what pgoutput sends of whole transactions (protocol version 1, and later ones where they
 * do not stream) straight into the batches of a `TransactionAssembler`.
 *
 * Give every table with `setTable` before its RELATION message, or when `decode` asks for it.
 * `take` of the assembler may be called between transactions. After an error the decoder is done:
 * `rollback` the assembler and begin anew from a durable position.
 */
export class PgoutputDecoder {
  readonly #assembler: TransactionAssembler;
  readonly #handler: PgoutputHandler;
  readonly #skipBefore: bigint;
  readonly #tables = new FollowedTables();
  readonly #value = new WireValue();
  readonly #rows: RowDecoder;
  #transaction: Omit<Transaction, 'end'> | undefined;
  #skipping = false;

  constructor(options: PgoutputOptions) {
    this.#assembler = options.assembler;
    this.#handler = options.handler ?? {};
    this.#skipBefore = options.skipBefore ?? 0n;
    this.#rows = new RowDecoder(options.assembler, this.#tables, {
      value: this.#value,
      outOfRange: options.outOfRange ?? 'stop',
    });
  }

  /** How many values became NULL because their field cannot hold them. */
  get nulled(): number {
    return this.#value.nulled;
  }

  /**
   * Makes a table known, or brings it up to date after `decode` asked for it.
   * @throws PostgresError `postgres/schema-change-unsupported` when the table changed in a way
   *   that cannot be followed
   */
  setTable(table: PublishedTable): void {
    this.#tables.set(table);
    this.#rows.forgetBatches();
  }

  /** Drops the changes of a table that is not followed. */
  ignoreTable(relationOid: number): void {
    this.#tables.ignore(relationOid);
    this.#rows.forgetBatches();
  }

  /** The assembler's batches have changed, as by its `spill`. */
  forgetBatches(): void {
    this.#rows.forgetBatches();
  }

  /**
   * Decodes one message, the content of one XLogData: `bytes[start, end)`.
   * @returns what has to be done before the next message; usually nothing
   * @throws PostgresError `postgres/malformed-message`, `postgres/value-out-of-range`,
   *   `postgres/schema-change-unsupported`
   */
  decode(bytes: Uint8Array, start: number, end: number): NeedsCatalog | undefined {
    if (this.#tables.awaited) throw new Error('decode: a table was asked for and not given');
    this.#value.use(bytes);
    const type = start < end ? bytes[start] : undefined;
    if (type === INSERT_BYTE || type === UPDATE_BYTE || type === DELETE_BYTE) {
      if (!this.#transaction) throw malformed({ message: 'row', offset: 0 }, 'outside BEGIN');
      if (!this.#skipping) this.#rows.decode(start, end);
      return undefined;
    }
    const name = NAMES.get(type);
    if (name === undefined) {
      throw malformed({ message: `type ${type ?? 'missing'}`, offset: 0 }, 'not expected');
    }
    return this.#control(name, new MessageReader(name, this.#value, { start, end }));
  }

  /** As a BEGIN message does. */
  begin(transaction: Omit<Transaction, 'end'>): void {
    this.#transaction = transaction;
    this.#skipping = transaction.commit.lsn < this.#skipBefore;
    if (!this.#skipping) this.#assembler.begin(transaction);
    this.#rows.forgetBatches();
  }

  /** As the COMMIT message does of the transaction that has begun. */
  commit(end: Position): void {
    const transaction = this.#transaction;
    if (!transaction) throw new Error('commit: no transaction has begun');
    if (!this.#skipping) this.#assembler.commit(end);
    this.#transaction = undefined;
    this.#rows.forgetBatches();
    this.#handler.committed?.({ ...transaction, end }, this.#skipping);
  }

  #control(name: string, reader: MessageReader): NeedsCatalog | undefined {
    switch (name) {
      case 'BEGIN':
        this.#begin(reader);
        break;
      case 'COMMIT':
        this.#commit(reader);
        break;
      case 'RELATION':
        this.#rows.forgetBatches();
        return this.#tables.follow(readRelation(reader));
      case 'TRUNCATE':
        this.#truncate(reader);
        break;
      case 'MESSAGE':
        this.#message(reader);
        break;
      case 'ORIGIN':
        this.#origin(reader);
        break;
      default:
        // TYPE: what a column's type is comes from the catalog.
        break;
    }
    return undefined;
  }

  #begin(reader: MessageReader): void {
    if (this.#transaction) reader.fail('a transaction is open already');
    const commit = postgresPosition(reader.uint64());
    const committedAtUs = postgresTime(reader.int64());
    const id = BigInt(reader.uint32());
    reader.finish();
    this.begin({ commit, committedAtUs, id });
  }

  #commit(reader: MessageReader): void {
    if (!this.#transaction) return reader.fail('no transaction is open');
    reader.uint8();
    if (reader.uint64() !== this.#transaction.commit.lsn) reader.fail('not the LSN that BEGIN had');
    const end = postgresPosition(reader.uint64());
    reader.int64();
    reader.finish();
    this.commit(end);
  }

  #truncate(reader: MessageReader): void {
    if (!this.#transaction) reader.fail('no transaction is open');
    const count = reader.uint32();
    reader.uint8();
    for (let i = 0; i < count; i++) {
      const table = this.#tables.described(reader.uint32());
      if (table === undefined) return reader.fail('a table before its RELATION');
      if (table === 'ignored' || this.#skipping) continue;
      this.#assembler.append(this.#rows.batchOf(table), TRUNCATE, TABLE_ONLY);
    }
    reader.finish();
  }

  #message(reader: MessageReader): void {
    const transactional = (reader.uint8() & 1) === 1;
    const lsn = reader.uint64();
    const prefix = reader.text();
    const content = reader.bytes(reader.int32());
    reader.finish();
    this.#handler.message?.({ transactional, lsn, prefix, content });
  }

  #origin(reader: MessageReader): void {
    const lsn = reader.uint64();
    const name = reader.text();
    reader.finish();
    this.#handler.origin?.(name, lsn);
  }
}
