import type { SpillFile, SpillSpace } from '@cdc-demo/cdc-core';

/** A message's length, its type byte counted, stands before it. */
const LENGTH_BYTES = 4;

/** Where a message stands in a chunk. */
export type VisitMessage = (
  bytes: Uint8Array,
  start: number,
  end: number,
) => Promise<unknown> | undefined;

interface Chunk {
  readonly start: number;
  readonly bytes: number;
}

/**
 * The messages that came of one transaction before its end, on disk. Each belongs to the
 * transaction or to a subtransaction of it, which may be rolled back alone.
 */
export class StreamedChanges {
  readonly #file: SpillFile;
  readonly #chunks: Chunk[] = [];
  /** Where the messages of a subtransaction begin, in bytes of the whole; in that order. */
  readonly #begins = new Map<number, number>();
  readonly #subtransactions: number[] = [];
  readonly #buffer: Uint8Array;
  #buffered = 0;

  private constructor(file: SpillFile, buffer: Uint8Array) {
    this.#file = file;
    this.#buffer = buffer;
  }

  /** @param buffer other transactions may have it after `flush` */
  static async create(space: SpillSpace, buffer: Uint8Array): Promise<StreamedChanges> {
    return new StreamedChanges(await space.create(), buffer);
  }

  /**
   * Appends the message whose parts these are.
   * @param subtransaction undefined when the message does not say
   * @returns what has to be waited for before the parts may change
   */
  append(
    subtransaction: number | undefined,
    type: number,
    content: Uint8Array,
  ): Promise<void> | undefined {
    const bytes = LENGTH_BYTES + 1 + content.length;
    if (this.#buffered + bytes <= this.#buffer.length) {
      this.#put(subtransaction, type, content);
      return undefined;
    }
    return this.#appendAfterFlush(subtransaction, type, content);
  }

  /** What was appended goes to disk. */
  async flush(): Promise<void> {
    if (this.#buffered === 0) return;
    await this.#write([this.#buffer.subarray(0, this.#buffered)]);
    this.#buffered = 0;
  }

  /**
   * Forgets a subtransaction that was rolled back, and with it everything after its first message:
   * that is its own, or of subtransactions within it. After `flush`.
   */
  async rollBack(subtransaction: number): Promise<void> {
    const begin = this.#begins.get(subtransaction);
    if (begin === undefined) return;
    await this.#file.truncate(begin);
    for (let last = this.#chunks.at(-1); last; last = this.#chunks.at(-1)) {
      if (last.start + last.bytes <= begin) break;
      this.#chunks.pop();
      if (last.start < begin) this.#chunks.push({ ...last, bytes: begin - last.start });
    }
    for (let last = this.#subtransactions.at(-1); last; last = this.#subtransactions.at(-1)) {
      if ((this.#begins.get(last) ?? begin) < begin) break;
      this.#begins.delete(last);
      this.#subtransactions.pop();
    }
  }

  /** Shows every message in order. After `flush`. @param chunkEnded called now and then */
  async replay(visit: VisitMessage, chunkEnded: () => void): Promise<void> {
    for (const { start, bytes } of this.#chunks) {
      const chunk = await this.#file.read(start, bytes);
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
      for (let at = 0; at < chunk.length; ) {
        const end = at + LENGTH_BYTES + view.getUint32(at);
        const pending = visit(chunk, at + LENGTH_BYTES, end);
        if (pending) await pending;
        at = end;
      }
      chunkEnded();
    }
  }

  /** Gives the room on disk back. Safe twice. */
  release(): Promise<void> {
    return this.#file.release();
  }

  async #appendAfterFlush(
    subtransaction: number | undefined,
    type: number,
    content: Uint8Array,
  ): Promise<void> {
    await this.flush();
    if (LENGTH_BYTES + 1 + content.length <= this.#buffer.length) {
      this.#put(subtransaction, type, content);
      return;
    }
    this.#begin(subtransaction);
    const head = new Uint8Array(LENGTH_BYTES + 1);
    putHead(head, 0, { type, length: content.length });
    await this.#write([head, content]);
  }

  #put(subtransaction: number | undefined, type: number, content: Uint8Array): void {
    this.#begin(subtransaction);
    putHead(this.#buffer, this.#buffered, { type, length: content.length });
    this.#buffer.set(content, this.#buffered + LENGTH_BYTES + 1);
    this.#buffered += LENGTH_BYTES + 1 + content.length;
  }

  #begin(subtransaction: number | undefined): void {
    if (subtransaction === undefined || this.#begins.has(subtransaction)) return;
    this.#begins.set(subtransaction, this.#file.size + this.#buffered);
    this.#subtransactions.push(subtransaction);
  }

  async #write(pieces: readonly Uint8Array[]): Promise<void> {
    const start = this.#file.size;
    await this.#file.append(pieces);
    this.#chunks.push({ start, bytes: this.#file.size - start });
  }
}

function putHead(
  bytes: Uint8Array,
  at: number,
  { type, length }: { readonly type: number; readonly length: number },
): void {
  bytes[at] = (length + 1) >>> 24;
  bytes[at + 1] = (length + 1) >>> 16;
  bytes[at + 2] = (length + 1) >>> 8;
  bytes[at + 3] = length + 1;
  bytes[at + 4] = type;
}
