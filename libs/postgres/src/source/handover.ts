import { postgresPosition, releaseGroup } from '@cdc-demo/cdc-core';
import type { SourceMessage, TransactionAssembler, TransactionGroup } from '@cdc-demo/cdc-core';

/**
 * Between the reader of the log, which fills an assembler chunk by chunk, and the consumer, which
 * asks for one message at a time. Transactions gather until the consumer asks, so that a group is
 * as large as the consumer is slow; a group never ends in the middle of one.
 */
export class Handover {
  readonly #assembler: TransactionAssembler;
  readonly #maxBytes: number;
  /** A group that had to be taken while the consumer did not ask. */
  #ready: TransactionGroup | undefined;
  /** Bytes that came since the last group was taken, and since the last COMMIT. */
  #gathered = 0;
  #sinceCommit = 0;
  /** The chunk ended inside a transaction although a group is due: take it at the next COMMIT. */
  #isDue = false;
  #quietUntil = 0n;
  #handedOver: bigint;
  #asking: ((message: SourceMessage | undefined) => void) | undefined;
  #refusing: ((error: unknown) => void) | undefined;
  #room: (() => void) | undefined;
  #end: { readonly failure?: unknown } | undefined;

  /** @param position everything before it was handed over already */
  constructor(
    assembler: TransactionAssembler,
    { position, maxBytes }: { readonly position: bigint; readonly maxBytes: number },
  ) {
    this.#assembler = assembler;
    this.#maxBytes = maxBytes;
    this.#handedOver = position;
  }

  /** Everything before it was handed over. */
  get handedOver(): bigint {
    return this.#handedOver;
  }

  /** Bytes of the transaction that is open, since it was spilled last. */
  get openBytes(): number {
    return this.#sinceCommit;
  }

  // What the reader calls.

  received(bytes: number): void {
    this.#gathered += bytes;
    this.#sinceCommit += bytes;
  }

  /** What had come of the open transaction went to disk. */
  spilled(): void {
    this.#gathered = 0;
    this.#sinceCommit = 0;
  }

  committed(): void {
    this.#sinceCommit = 0;
    if (!this.#isDue || this.#ready) return;
    this.#isDue = false;
    this.#ready = this.#assembler.take();
    this.#gathered = 0;
    this.#deliver();
  }

  /** The source has nothing for us before `lsn`, beyond what is there. Between transactions. */
  quiet(lsn: bigint): void {
    if (lsn > this.#quietUntil) this.#quietUntil = lsn;
  }

  /** All bytes that came were decoded. */
  chunkEnded(): void {
    this.#deliver();
    const isDue = this.#asking !== undefined || this.#gathered >= this.#maxBytes;
    this.#isDue = isDue && this.#assembler.isOpen && this.#assembler.transactions > 0;
  }

  /** Waits while more than `maxBytes`, or what is on disk, wait for the consumer. */
  async room(): Promise<void> {
    while (this.#isFull && !this.#end) {
      await new Promise<void>((resolve) => {
        this.#room = resolve;
      });
    }
  }

  /** Nothing comes any more; with `failure`, the consumer gets that after what is whole. */
  end(failure?: unknown): void {
    if (this.#end) return;
    this.#end = failure === undefined ? {} : { failure };
    if (this.#assembler.isOpen) this.#assembler.rollback();
    this.#wakeReader();
    this.#deliver();
    if (!this.#asking) return;
    if (failure === undefined) this.#asking(undefined);
    else this.#refusing?.(failure);
    this.#asking = undefined;
  }

  /** After `end`: gives back what is on disk and will not be asked for. */
  async discard(): Promise<void> {
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready) await releaseGroup(ready);
  }

  // What the consumer calls.

  /** The next message, or undefined after the end. One call at a time. */
  next(): Promise<SourceMessage | undefined> {
    const message = this.#poll();
    if (message) return Promise.resolve(message);
    if (this.#end) {
      return 'failure' in this.#end
        ? Promise.reject(this.#end.failure as Error)
        : Promise.resolve(undefined);
    }
    this.#isDue = this.#assembler.isOpen && this.#assembler.transactions > 0;
    return new Promise((resolve, reject) => {
      this.#asking = resolve;
      this.#refusing = reject;
    });
  }

  get #isFull(): boolean {
    const isWaiting = this.#ready !== undefined || this.#assembler.isReady;
    return isWaiting && (this.#gathered >= this.#maxBytes || this.#assembler.hasSpilled);
  }

  #deliver(): void {
    if (!this.#asking) return;
    const message = this.#poll();
    if (!message) return;
    this.#asking(message);
    this.#asking = undefined;
  }

  #poll(): SourceMessage | undefined {
    const group = this.#ready ?? this.#take();
    if (group) {
      this.#ready = undefined;
      this.#handedOver = group.end.lsn;
      this.#wakeReader();
      if (group.changes === 0) return { kind: 'heartbeat', position: group.end };
      return { kind: 'transactions', group };
    }
    // What waits behind an open transaction lies before the quiet stretch and has to go first.
    if (this.#assembler.transactions > 0 || this.#quietUntil <= this.#handedOver) return undefined;
    this.#handedOver = this.#quietUntil;
    return { kind: 'heartbeat', position: postgresPosition(this.#quietUntil) };
  }

  #take(): TransactionGroup | undefined {
    const group = this.#assembler.take();
    if (group) this.#gathered = 0;
    return group;
  }

  #wakeReader(): void {
    const wake = this.#room;
    this.#room = undefined;
    wake?.();
  }
}
