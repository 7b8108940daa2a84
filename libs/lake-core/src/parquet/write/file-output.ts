import type { ObjectWriter } from '@cdc-demo/cdc-core';

const PIECE_BYTES = 4 << 20;

/** Gathers pieces into few large writes. What was appended must stay as it is until written. */
export class FileOutput {
  readonly #output: ObjectWriter;
  #pieces: Uint8Array[] = [];
  #pending = 0;
  #written = 0;

  constructor(output: ObjectWriter) {
    this.#output = output;
  }

  /** Bytes of the file so far, whether written or waiting. */
  get position(): number {
    return this.#written + this.#pending;
  }

  append(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#pending += bytes.length;
  }

  /** Writes what waits when it is worth a write of its own. */
  async drain(): Promise<void> {
    if (this.#pending >= PIECE_BYTES) await this.flush();
  }

  /** Writes everything that waits. */
  async flush(): Promise<void> {
    if (this.#pending === 0) return;
    const bytes = Buffer.concat(this.#pieces, this.#pending);
    this.#pieces = [];
    this.#pending = 0;
    this.#written += bytes.length;
    await this.#output.write(bytes);
  }
}
