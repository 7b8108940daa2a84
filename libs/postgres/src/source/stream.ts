import { TransactionAssembler, formatLsn } from '@cdc-demo/cdc-core';
import type { Clock, Logger, SourceMessage, SpillSpace, Transaction } from '@cdc-demo/cdc-core';
import type { PublishedTable } from '../catalog/published-table.ts';
import { sqlState } from '../connection/connect-error.ts';
import type { ConnectionTarget } from '../connection/connection-target.ts';
import { quoteIdentifier, quoteLiteral } from '../connection/quote.ts';
import { Session } from '../connection/session.ts';
import { PgoutputDecoder } from '../decode/pgoutput-decoder.ts';
import type { Relation } from '../decode/relation.ts';
import { PostgresError } from '../errors.ts';
import type { OutOfRange } from '../types/wire-value.ts';
import { COPY_DATA, copyDataMessage, copyDoneMessage } from '../wire/backend-message.ts';
import type { WireSession } from '../wire/wire-session.ts';
import { Handover } from './handover.ts';
import {
  XLOG_DATA_HEADER,
  readReplicationMessage,
  standbyStatusUpdate,
} from './replication-message.ts';
import type { StreamedChanges } from './streamed-changes.ts';
import { StreamedTransactions } from './streamed-transactions.ts';

/** How often, and after which pause, the catalog is asked for a table that does not fit the log. */
const CATALOG_LOOKS = 20;
const CATALOG_PAUSE_MS = 50;
/** Often enough for any `wal_sender_timeout` of more than a few seconds, also while we are busy. */
const STATUS_INTERVAL_MS = 5_000;
/** Size of the pieces in which a transaction goes to disk, after the first. */
const CHUNK_BYTES = 8 * 1024 * 1024;
const DOING = 'read the replication stream';

export interface StreamOptions {
  readonly target: ConnectionTarget;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly slot: string;
  readonly publication: string;
  /** Transactions that begin to commit before it are not wanted. */
  readonly position: bigint;
  /** Everything before it is durable downstream; 0 when nothing is. */
  readonly acknowledged: bigint;
  readonly tables: readonly PublishedTable[];
  /** Reads the catalog for a table of the publication that is new or has changed. */
  readonly loadTable: (relation: Relation) => Promise<PublishedTable | 'ignored'>;
  readonly outOfRange: OutOfRange;
  /** Bytes that wait for the consumer before reading pauses. */
  readonly bufferBytes: number;
  /** Where the changes of a transaction go that does not fit into memory; `none`: it is refused. */
  readonly spill: SpillSpace | 'none';
  /** Bytes of the open transaction that are kept in memory. */
  readonly spillAfterBytes: number;
}

/** How the server is to send changes. */
export interface StreamForm {
  readonly values: 'binary' | 'text';
  /** Large transactions also before they end; they go to disk here. */
  readonly sendsEarly: boolean;
}

/** A value has no binary form: the stream has to be opened again, in text. */
class TextNeeded extends Error {}

/**
 * The form in which the stream may go on after an error; undefined when that is no help. Servers
 * may fail inside where they decode what they later roll back, above all beside a TRUNCATE: asked
 * for whole transactions they never look at it.
 */
export function nextForm(form: StreamForm, error: unknown): StreamForm | undefined {
  if (error instanceof TextNeeded && form.values === 'binary') return { ...form, values: 'text' };
  const isFault = error instanceof PostgresError && error.code === 'postgres/server-fault';
  return isFault && form.sendsEarly ? { ...form, sendsEarly: false } : undefined;
}

/**
 * One replication connection: reads ahead as far as the buffer allows, hands over whole
 * transactions, and keeps the session alive. What is confirmed to the server is what was
 * acknowledged, nothing else.
 */
export class ReplicationStream {
  readonly #options: StreamOptions;
  readonly #wire: WireSession;
  readonly #isBinary: boolean;
  readonly #assembler = new TransactionAssembler();
  readonly #handover: Handover;
  readonly #decoder: PgoutputDecoder;
  /** Undefined without room for them: then transactions come when they have ended. */
  readonly #streamed: StreamedTransactions | undefined;
  readonly #closing = new AbortController();
  readonly #running: Promise<unknown>;
  #acknowledged: bigint;

  private constructor(options: StreamOptions, wire: WireSession, form: StreamForm) {
    const { position, bufferBytes: maxBytes, outOfRange } = options;
    this.#options = options;
    this.#wire = wire;
    this.#isBinary = form.values === 'binary';
    this.#acknowledged = options.acknowledged;
    this.#handover = new Handover(this.#assembler, { position, maxBytes });
    this.#decoder = new PgoutputDecoder({
      assembler: this.#assembler,
      outOfRange,
      skipBefore: position,
      handler: { committed: () => this.#handover.committed() },
    });
    if (form.sendsEarly && options.spill !== 'none') {
      this.#streamed = new StreamedTransactions({
        space: options.spill,
        logger: options.logger,
        replay: (transaction, changes) => this.#replay(transaction, changes),
      });
    }
    for (const table of options.tables) this.#decoder.setTable(table);
    this.#running = Promise.all([this.#read(), this.#reportStatus()]);
  }

  /** Starts to read at `position`. @throws PostgresError */
  static async open(options: StreamOptions, form: StreamForm): Promise<ReplicationStream> {
    const session = await Session.open(options.target, 'database');
    const wire = session.takeWire();
    try {
      await wire.startCopy(startCommand(options, form), `follow the slot ${options.slot}`);
    } catch (error) {
      await wire.close();
      throw streamError(error, options.slot);
    }
    return new ReplicationStream(options, wire, form);
  }

  /** Everything before it was handed over. */
  get handedOver(): bigint {
    return this.#handover.handedOver;
  }

  /** Everything before it was acknowledged. */
  get acknowledged(): bigint {
    return this.#acknowledged;
  }

  /**
   * The next message; undefined after `close`.
   * @throws PostgresError when the stream broke, TextNeeded
   */
  next(): Promise<SourceMessage | undefined> {
    return this.#handover.next();
  }

  /** Lets the server forget what lies before `lsn`. */
  acknowledge(lsn: bigint): void {
    if (lsn <= this.#acknowledged) return;
    this.#acknowledged = lsn;
    this.#sendStatus();
  }

  /** Ends the session; nothing is acknowledged by it. Safe twice. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#handover.end();
    this.#wire.write(copyDoneMessage());
    await this.#wire.close();
    await this.#running;
    await this.#handover.discard();
    await this.#assembler.discard();
    await this.#streamed?.discard();
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        while (this.#wire.framer.next()) {
          const pending = this.#message();
          if (pending) await pending;
        }
        this.#handover.chunkEnded();
        await this.#handover.room();
        await this.#wire.more(DOING);
      }
    } catch (error) {
      this.#closing.abort();
      this.#handover.end(streamError(error, this.#options.slot));
    }
  }

  /** A promise only where the catalog has to be read. */
  #message(): Promise<void> | undefined {
    const { type, bytes, start, end } = this.#wire.framer;
    if (type !== COPY_DATA) {
      if (this.#wire.handleOther(DOING) === 'done') {
        throw new PostgresError('postgres/connection-lost', 'The server ended the stream.');
      }
      return undefined;
    }
    const kind = readReplicationMessage(bytes, start, end);
    if (kind === 'data') return this.#data(bytes, start + XLOG_DATA_HEADER, end);
    if (kind.replyRequested) this.#sendStatus();
    if (!this.#assembler.isOpen && !this.#streamed?.isOpen) this.#handover.quiet(kind.walEnd);
    return undefined;
  }

  #data(bytes: Uint8Array, start: number, end: number): Promise<void> | undefined {
    const streamed = this.#streamed;
    if (streamed?.concerns(bytes[start])) return streamed.take(bytes, start, end);
    return this.#decode(bytes, start, end);
  }

  /** A transaction that was sent before its end is decoded as if it came now. */
  async #replay({ end, ...transaction }: Transaction, changes: StreamedChanges): Promise<void> {
    this.#decoder.begin(transaction);
    await changes.replay(
      (bytes, from, to) => this.#decode(bytes, from, to),
      () => this.#handover.chunkEnded(),
    );
    this.#decoder.commit(end);
  }

  #decode(bytes: Uint8Array, start: number, end: number): Promise<void> | undefined {
    this.#handover.received(end - start);
    const needed = this.#decoder.decode(bytes, start, end);
    if (needed) return this.#giveTable(needed.relation);
    return this.#handover.openBytes > this.#openLimit ? this.#spill() : undefined;
  }

  /** Once a transaction is on disk, the rest follows in pieces that are handy to read back. */
  get #openLimit(): number {
    const { spillAfterBytes } = this.#options;
    return this.#assembler.isSpilling ? Math.min(spillAfterBytes, CHUNK_BYTES) : spillAfterBytes;
  }

  async #spill(): Promise<void> {
    const { spill, spillAfterBytes: limit, logger, slot } = this.#options;
    if (!this.#assembler.isOpen) return;
    if (spill === 'none') {
      throw new PostgresError(
        'postgres/transaction-too-large',
        `A transaction has more than ${limit} bytes of changes.`,
        { context: { limit } },
      );
    }
    if (!this.#assembler.isSpilling) logger.info('a large transaction goes to disk', { slot });
    await this.#assembler.spill(spill);
    this.#decoder.forgetBatches();
    this.#handover.spilled();
  }

  /**
   * The server may send a transaction a moment before others see it, and its catalog changes with
   * it: what does not fit the RELATION message is looked at again before it counts.
   */
  async #giveTable(relation: Relation): Promise<void> {
    for (let look = 1; ; look++) {
      const table = await this.#options.loadTable(relation);
      if (table === 'ignored') {
        this.#decoder.ignoreTable(relation.oid);
        return;
      }
      if (this.#isBinary && !table.binary) throw new TextNeeded();
      try {
        this.#decoder.setTable(table);
        return;
      } catch (error) {
        if (look === CATALOG_LOOKS || !isSchemaChange(error)) throw error;
      }
      await this.#options.clock.sleep(CATALOG_PAUSE_MS, this.#closing.signal);
    }
  }

  async #reportStatus(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#sendStatus();
      await this.#options.clock.sleep(STATUS_INTERVAL_MS, signal);
    }
  }

  #sendStatus(): void {
    const status = standbyStatusUpdate(this.#acknowledged, this.#options.clock.nowMs());
    this.#wire.write(copyDataMessage(status));
  }
}

function startCommand(options: StreamOptions, form: StreamForm): string {
  const publication = quoteLiteral(quoteIdentifier(options.publication));
  const settings = [`proto_version '2'`, `publication_names ${publication}`];
  if (form.sendsEarly) settings.push(`streaming 'on'`);
  if (form.values === 'binary') settings.push(`binary 'true'`);
  const slot = quoteIdentifier(options.slot);
  const from = formatLsn(options.position);
  return `START_REPLICATION SLOT ${slot} LOGICAL ${from} (${settings.join(', ')})`;
}

function isSchemaChange(error: unknown): boolean {
  return error instanceof PostgresError && error.code === 'postgres/schema-change-unsupported';
}

/** SQLSTATEs that mean something else here than elsewhere. */
function streamError(error: unknown, slot: string): unknown {
  const message = error instanceof Error ? error.message : '';
  switch (sqlState(error)) {
    case '42883':
      return new TextNeeded('the server has no binary form of a value', { cause: error });
    case '55000':
      if (!message.includes('slot')) return error;
      return new PostgresError('postgres/slot-lost', `The slot ${slot} is of no use: ${message}`, {
        cause: error,
        context: { slot },
      });
    case '42704':
      if (!message.includes('slot')) return error;
      return new PostgresError('postgres/slot-lost', message, { cause: error, context: { slot } });
    default:
      return error;
  }
}
