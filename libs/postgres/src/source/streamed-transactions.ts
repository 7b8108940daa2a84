import { postgresPosition } from '@cdc-demo/cdc-core';
import type { Logger, SpillSpace, Transaction } from '@cdc-demo/cdc-core';
import { MessageReader, postgresTime } from '../decode/message-reader.ts';
import { StreamedChanges } from './streamed-changes.ts';

const BUFFER_BYTES = 1024 * 1024;
const NAMES = new Map<number | undefined, string>([
  [65, 'STREAM ABORT'],
  [69, 'STREAM STOP'],
  [83, 'STREAM START'],
  [99, 'STREAM COMMIT'],
]);
const ORIGIN = 79;
const XID_BYTES = 4;

export interface StreamedTransactionsOptions {
  readonly space: SpillSpace;
  readonly logger: Logger;
  /** What becomes of a transaction when it is committed. */
  readonly replay: (transaction: Transaction, changes: StreamedChanges) => Promise<void>;
}

/**
 * Keeps what the server sends of large transactions before they end (protocol version 2, "Streaming
 * of large transactions"), until they are committed or rolled back.
 *
 * Messages are kept as they come: what a transaction has changed of a table's columns can be looked
 * up in the catalog only after its COMMIT. They come in blocks of one transaction each, and are on
 * disk at the end of a block.
 */
export class StreamedTransactions {
  readonly #options: StreamedTransactionsOptions;
  readonly #transactions = new Map<number, StreamedChanges>();
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  /** Of the transaction whose block is open. */
  #open: StreamedChanges | undefined;

  constructor(options: StreamedTransactionsOptions) {
    this.#options = options;
  }

  /** Transactions that have not ended. */
  get count(): number {
    return this.#transactions.size;
  }

  /** Is a block of messages open? */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Does a message concern one of them? */
  concerns(type: number | undefined): boolean {
    return this.#open !== undefined || NAMES.has(type);
  }

  /**
   * Takes a message that concerns one of them, `bytes[start, end)`.
   * @returns what has to be waited for before the bytes may change
   * @throws PostgresError `postgres/malformed-message`
   */
  take(bytes: Uint8Array, start: number, end: number): Promise<void> | undefined {
    const name = NAMES.get(bytes[start]) ?? 'STREAM';
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const reader = new MessageReader(name, { bytes, view }, { start, end });
    switch (name) {
      case 'STREAM START':
        return this.#start(reader);
      case 'STREAM STOP':
        return this.#stop(reader);
      case 'STREAM COMMIT':
        return this.#commit(reader);
      case 'STREAM ABORT':
        return this.#abort(reader);
      default:
        return this.#append(reader, bytes.subarray(start, end));
    }
  }

  /** Forgets all of them and gives their room on disk back. */
  async discard(): Promise<void> {
    const all = [...this.#transactions.values()];
    this.#transactions.clear();
    this.#open = undefined;
    await Promise.all(all.map((changes) => changes.release()));
  }

  async #start(reader: MessageReader): Promise<void> {
    if (this.#open) reader.fail('a block is open already');
    const xid = reader.uint32();
    const isFirst = reader.uint8() === 1;
    reader.finish();
    const known = this.#transactions.get(xid);
    if (isFirst === (known !== undefined)) reader.fail('not the block that is next');
    const changes = known ?? (await this.#create(xid));
    this.#open = changes;
  }

  async #create(xid: number): Promise<StreamedChanges> {
    const { space, logger } = this.#options;
    logger.info('a large transaction is received while it runs', { transaction: xid });
    const changes = await StreamedChanges.create(space, this.#buffer);
    this.#transactions.set(xid, changes);
    return changes;
  }

  async #stop(reader: MessageReader): Promise<void> {
    const changes = this.#open;
    if (!changes) return reader.fail('no block is open');
    reader.finish();
    await changes.flush();
    this.#open = undefined;
  }

  #append(reader: MessageReader, message: Uint8Array): Promise<void> | undefined {
    const [type = 0] = message;
    // The one message of a block that does not say whose it is.
    if (type === ORIGIN) return this.#open?.append(undefined, type, message.subarray(1));
    return this.#open?.append(reader.uint32(), type, message.subarray(1 + XID_BYTES));
  }

  async #abort(reader: MessageReader): Promise<void> {
    const xid = reader.uint32();
    const subtransaction = reader.uint32();
    reader.finish();
    const changes = this.#transactions.get(xid);
    if (subtransaction !== xid) return changes?.rollBack(subtransaction);
    this.#transactions.delete(xid);
    await changes?.release();
  }

  async #commit(reader: MessageReader): Promise<void> {
    const xid = reader.uint32();
    reader.uint8();
    const commit = postgresPosition(reader.uint64());
    const end = postgresPosition(reader.uint64());
    const committedAtUs = postgresTime(reader.int64());
    reader.finish();
    const changes = this.#transactions.get(xid);
    if (this.#open || !changes) return reader.fail('no such transaction waits for its end');
    try {
      await this.#options.replay({ commit, end, committedAtUs, id: BigInt(xid) }, changes);
    } finally {
      this.#transactions.delete(xid);
      await changes.release();
    }
  }
}
