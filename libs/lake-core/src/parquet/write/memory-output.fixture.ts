import type { ObjectWriter } from '@cdc-demo/cdc-core';

/** A file in memory. */
export class MemoryOutput implements ObjectWriter {
  readonly #pieces: Uint8Array[] = [];
  size = 0;
  writes = 0;

  async write(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(Uint8Array.from(bytes));
    this.size += bytes.length;
    this.writes++;
  }

  async close(): Promise<void> {
    throw new Error('The writer must not close its output');
  }

  async abort(): Promise<void> {
    throw new Error('The writer must not abort its output');
  }

  bytes(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.#pieces));
  }
}
