import { PostgresError } from '../errors.ts';

const NO_BYTES = new Uint8Array(0);
/** Type byte and length; the length counts itself (protocol, "Message Formats"). */
const HEADER = 5;
const MIN_LENGTH = 4;
/** Postgres never builds a message larger than this. */
const MAX_LENGTH = 0x3fffffff;

/**
 * Cuts a stream of bytes into messages, without copying those that lie within one chunk.
 *
 * `push` a chunk when `next` has said false; then `type` and `bytes[start, end)` are the message at
 * hand after each `next` that says true. `bytes` stays valid until the next `push`.
 */
export class MessageFramer {
  type = 0;
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  #chunk: Uint8Array = NO_BYTES;
  #position = 0;
  /** The beginning of a message whose end has not come yet; `#carried` bytes of it are there. */
  #carry: Uint8Array = NO_BYTES;
  #carried = 0;

  push(chunk: Uint8Array): void {
    if (this.#position < this.#chunk.length) throw new Error('push: the last chunk is not read');
    this.#chunk = chunk;
    this.#position = 0;
  }

  next(): boolean {
    if (this.#carried > 0) return this.#complete();
    const chunk = this.#chunk;
    const at = this.#position;
    const left = chunk.length - at;
    if (left >= HEADER) {
      const length = lengthAt(chunk, at + 1);
      if (left > length) {
        this.#show(chunk, at, length);
        this.#position = at + 1 + length;
        return true;
      }
    }
    if (left > 0) this.#take(left);
    return false;
  }

  /** Goes on with a message that began in an earlier chunk. */
  #complete(): boolean {
    if (this.#carried < HEADER && !this.#fill(HEADER)) return false;
    const length = lengthAt(this.#carry, 1);
    if (!this.#fill(1 + length)) return false;
    this.#show(this.#carry, 0, length);
    // The array now belongs to whoever reads the message: `next` may be asked before that is done.
    this.#carry = NO_BYTES;
    this.#carried = 0;
    return true;
  }

  /** Takes from the chunk until the carry holds `size` bytes; false if the chunk has not enough. */
  #fill(size: number): boolean {
    const wanted = size - this.#carried;
    const there = this.#chunk.length - this.#position;
    this.#take(Math.min(wanted, there));
    return wanted <= there;
  }

  #take(count: number): void {
    const needed = this.#carried + count;
    if (needed > this.#carry.length) {
      const larger = new Uint8Array(Math.max(needed, this.#carry.length * 2, 64));
      larger.set(this.#carry.subarray(0, this.#carried));
      this.#carry = larger;
    }
    const from = this.#position;
    this.#carry.set(this.#chunk.subarray(from, from + count), this.#carried);
    this.#carried = needed;
    this.#position = from + count;
  }

  #show(bytes: Uint8Array, at: number, length: number): void {
    this.type = bytes[at] ?? 0;
    this.bytes = bytes;
    this.start = at + HEADER;
    this.end = at + 1 + length;
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const length =
    (bytes[at] ?? 0) * 0x1000000 +
    (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
  if (length < MIN_LENGTH || length > MAX_LENGTH) {
    throw new PostgresError('postgres/malformed-message', `A message claims ${length} bytes.`);
  }
  return length;
}
