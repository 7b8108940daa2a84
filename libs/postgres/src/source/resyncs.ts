import { formatTableName, postgresPosition, sameSchema } from '@cdc-demo/cdc-core';
import type {
  ChangeBatch,
  Clock,
  Logger,
  Position,
  ResyncRequest,
  ResyncRows,
  SourceMessage,
} from '@cdc-demo/cdc-core';
import { ChunkReader } from './chunk-reader.ts';
import type { Chunk, ChunkOptions, NoChunk } from './chunk-reader.ts';
import { reachesOutside, unseenChanges } from './unseen-changes.ts';

const RETRY_MS = 100;
/** Then it is said what a resync waits for. */
const PATIENCE = 50;

export interface ResyncsOptions extends ChunkOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One table that is read: its request, moved on chunk by chunk. */
interface Reading {
  request: ResyncRequest;
  /**
   * Transactions before it may have been handed over before `changes` were kept, or before the
   * table was published; a snapshot counts only when they all are over.
   */
  barrier: bigint | undefined;
  /** Its changes that were handed over and that the last snapshot did not see. */
  changes: ChangeBatch[];
  chunk: Chunk | undefined;
}

/**
 * Reads tables beside the stream, chunk by chunk, and says when a chunk may follow what was handed
 * over of the stream.
 *
 * A chunk is exact at the end of what was handed over when that has everything which the chunk's
 * snapshot shows, and when all that was handed over and the snapshot does not show is put over the
 * chunk's rows. Which transactions those are is decided by their numbers, never by an LSN: a
 * transaction that is in the log may be invisible for some time.
 */
export class Resyncs {
  readonly #options: ResyncsOptions;
  readonly #reader: ChunkReader;
  readonly #waiting: ResyncRequest[] = [];
  readonly #closing = new AbortController();
  #reading: Reading | undefined;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #handedOver: Position = postgresPosition(0n);
  #wake: (() => void) | undefined;

  constructor(options: ResyncsOptions) {
    this.#options = options;
    this.#reader = new ChunkReader(options);
  }

  /** See `Source.resync`. */
  request(request: ResyncRequest): void {
    const name = formatTableName(request.table);
    const isSame = (other: ResyncRequest): boolean => formatTableName(other.table) === name;
    const index = this.#waiting.findIndex(isSame);
    if (index >= 0) this.#waiting[index] = request;
    else this.#waiting.push(request);
    if (this.#reading && isSame(this.#reading.request)) this.#reading = undefined;
    this.#start();
  }

  /** Takes note of a message that the consumer gets now. */
  handOver(message: SourceMessage): void {
    const reading = this.#reading;
    if (message.kind === 'transactions') {
      this.#handedOver = message.group.end;
      const name = reading && formatTableName(reading.request.table);
      for (const batch of message.group.batches) {
        if (formatTableName(batch.schema.table) === name) reading?.changes.push(batch);
      }
      const spilled = message.group.spilled.flatMap(({ tables }) => tables);
      if (spilled.some(({ table }) => formatTableName(table) === name)) this.#readAgain();
    } else if ('position' in message) this.#handedOver = message.position;
  }

  /**
   * The next rows, when they are exact where the stream has been handed over.
   * @throws PostgresError what reading them met
   */
  take(): ResyncRows | undefined {
    if (this.#failure) throw this.#failure.error;
    const reading = this.#reading;
    const chunk = reading?.chunk;
    if (!reading || !chunk || this.#handedOver.lsn < chunk.logEnd) return undefined;
    const { snapshot } = chunk;
    const later = reading.changes.flatMap((batch) => unseenChanges(batch, snapshot) ?? []);
    reading.changes = later;
    reading.chunk = undefined;
    const { schema } = chunk.table;
    if (later.some((batch) => reachesOutside(batch) || !sameSchema(batch.schema, schema))) {
      this.#start();
      return undefined;
    }
    const { table, key, after, through, rows } = chunk;
    if (through === null) this.#reading = undefined;
    else reading.request = { ...reading.request, after: through };
    this.#start();
    return {
      kind: 'resync-rows',
      schema,
      range: { after: key.row(after), through: key.row(through) },
      rows,
      later,
      position: this.#handedOver,
      from: after,
      next: through ?? 'complete',
      estimatedRows: table.estimatedRows,
    };
  }

  /** Resolves when `take` may have something that it did not have. */
  changed(): Promise<'changed'> {
    return new Promise((resolve) => {
      this.#wake = () => resolve('changed');
    });
  }

  /** Ends what is read. Safe twice. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#waiting.length = 0;
    this.#reading = undefined;
    // Once to break off what is read, and once for sessions that were opened meanwhile.
    await this.#reader.close();
    await this.#running;
    await this.#reader.close();
  }

  get #hasWork(): boolean {
    if (this.#failure || this.#closing.signal.aborted) return false;
    return this.#reading ? this.#reading.chunk === undefined : this.#waiting.length > 0;
  }

  /** Reads the next chunk in the background, unless one is read already. */
  #start(): void {
    if (this.#running || !this.#hasWork) return;
    this.#running = this.#read()
      .catch((error: unknown) => {
        // What breaks because `close` ended it is no failure.
        if (!this.#closing.signal.aborted) this.#failure = { error };
      })
      .finally(() => {
        this.#running = undefined;
        this.#start();
        this.#wake?.();
      });
  }

  async #read(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const reading = this.#reading ?? this.#next();
      if (!reading) {
        await this.#reader.close();
        return;
      }
      if (reading.chunk) return;
      reading.barrier ??= await this.#reader.nextTransaction();
      await this.#readChunk(reading, reading.barrier);
    }
  }

  #next(): Reading | undefined {
    const request = this.#waiting.shift();
    if (!request) return undefined;
    this.#reading = { request, barrier: undefined, changes: [], chunk: undefined };
    return this.#reading;
  }

  async #readChunk(reading: Reading, barrier: bigint): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    for (let tries = 1; !signal.aborted && this.#reading === reading; tries++) {
      const { request } = reading;
      const chunk = await this.#reader.read(request, barrier);
      if (typeof chunk !== 'string') {
        reading.chunk = chunk;
        return;
      }
      if (tries === PATIENCE) this.#tellWaiting(request, chunk);
      await clock.sleep(RETRY_MS, signal);
    }
  }

  /** Changes that are too many to be kept have to be seen by the snapshot of the next chunk. */
  #readAgain(): void {
    if (!this.#reading) return;
    const { request } = this.#reading;
    this.#reading = { request, barrier: undefined, changes: [], chunk: undefined };
    this.#start();
  }

  #tellWaiting({ table }: ResyncRequest, why: NoChunk): void {
    const waitsFor =
      why === 'too-early'
        ? 'the end of transactions that were running when it began'
        : 'the end of statements that rewrite or empty the table';
    this.#options.logger.warn('a resync waits', { table: formatTableName(table), waitsFor });
  }
}
