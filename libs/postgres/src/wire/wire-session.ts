import type { Duplex } from 'node:stream';
import type pg from 'pg';
import { queryError } from '../connection/connect-error.ts';
import {
  COMMAND_COMPLETE,
  COPY_BOTH_RESPONSE,
  COPY_DONE,
  COPY_OUT_RESPONSE,
  ERROR_RESPONSE,
  NOTICE_RESPONSE,
  NOTIFICATION_RESPONSE,
  PARAMETER_STATUS,
  READY_FOR_QUERY,
  parseErrorResponse,
  queryMessage,
  terminateMessage,
} from './backend-message.ts';
import { MessageFramer } from './message-framer.ts';

/** Bytes that wait here unread before the socket is paused. */
const HIGH_WATER = 512 * 1024;
/**
 * The walsender writes every change by itself. After a read of fewer bytes the next one waits a
 * moment, so that it finds many changes: a read costs as much as decoding several of them.
 */
const SMALL_READ = 32 * 1024;
const PAUSE_MS = 1;

/**
 * A session whose socket was taken from `pg`, for COPY: the rows of a chunk are read where they lie
 * and nothing is allocated for a message. While nobody calls `more`, the socket is paused.
 */
export class WireSession {
  readonly framer = new MessageFramer();
  readonly #socket: Duplex;
  readonly #chunks: Uint8Array[] = [];
  #waitingBytes = 0;
  #pause: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;
  #failure: Error | undefined;
  #ended = false;

  /** @param client connected, and with no statement running. It must not be used any more. */
  constructor(client: pg.Client) {
    const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
    this.#socket = stream;
    stream.removeAllListeners('data');
    stream.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    stream.on('error', (error: Error) => this.#end(error));
    stream.on('close', () => this.#end(undefined));
    stream.on('end', () => this.#end(undefined));
  }

  /**
   * Starts a COPY, or START_REPLICATION, and waits until the server agrees.
   * @param doing what this is for, as in `Cannot <doing>: …`
   * @throws PostgresError
   */
  async startCopy(sql: string, doing: string): Promise<void> {
    this.write(queryMessage(sql));
    for (;;) {
      while (this.framer.next()) {
        const { type } = this.framer;
        if (type === COPY_OUT_RESPONSE || type === COPY_BOTH_RESPONSE) return;
        this.handleOther(doing);
      }
      await this.more(doing);
    }
  }

  /**
   * Handles a message that is no CopyData: `done` when the server has finished the statement.
   * @throws PostgresError when it is an error.
   */
  handleOther(doing: string): 'done' | 'continue' {
    const { type, bytes, start, end } = this.framer;
    switch (type) {
      case ERROR_RESPONSE:
        throw queryError(parseErrorResponse(bytes.subarray(start, end)), doing);
      case READY_FOR_QUERY:
        return 'done';
      case COPY_DONE:
      case COMMAND_COMPLETE:
      case NOTICE_RESPONSE:
      case PARAMETER_STATUS:
      case NOTIFICATION_RESPONSE:
        return 'continue';
      default:
        throw queryError(new Error(`unexpected message of type ${type}`), doing);
    }
  }

  /**
   * Waits for more bytes and gives them to the framer, which must have said that it has no message.
   * @throws PostgresError `postgres/connection-lost` when none will come.
   */
  async more(doing: string): Promise<void> {
    while (this.#chunks.length === 0) {
      if (this.#ended) {
        const lost = Object.assign(new Error('the connection to the server ended'), {
          code: 'ECONNRESET',
          cause: this.#failure,
        });
        throw queryError(lost, doing);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#flow();
      });
    }
    const chunk = this.#chunks.shift();
    if (!chunk) return;
    this.#waitingBytes -= chunk.length;
    this.framer.push(chunk);
    this.#flow();
  }

  /** Sends bytes; they are dropped when the connection is gone, which `more` reports. */
  write(bytes: Uint8Array): void {
    if (!this.#ended && this.#socket.writable) this.#socket.write(bytes);
  }

  /** Says goodbye and closes. Safe twice. */
  async close(): Promise<void> {
    this.write(terminateMessage());
    this.#end(undefined);
    const { destroyed } = this.#socket;
    if (destroyed) return;
    await new Promise<void>((resolve) => {
      this.#socket.once('close', resolve);
      this.#socket.end(() => this.#socket.destroy());
    });
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (chunk.length < SMALL_READ) {
      this.#pause ??= setTimeout(() => {
        this.#pause = undefined;
        this.#flow();
      }, PAUSE_MS);
    }
    this.#flow();
    this.#rouse();
  }

  /** Reads on if there is room and no moment to wait. */
  #flow(): void {
    const reads = this.#waitingBytes < HIGH_WATER && this.#pause === undefined;
    if (reads === !this.#socket.isPaused()) return;
    if (reads) this.#socket.resume();
    else this.#socket.pause();
  }

  #end(failure: Error | undefined): void {
    this.#failure ??= failure;
    this.#ended = true;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#rouse();
  }

  #rouse(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
