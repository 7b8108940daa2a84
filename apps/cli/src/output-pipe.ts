import type { Writable } from 'node:stream';

/** Bytes that are gathered before they are written. */
const CHUNK = 64 * 1024;

/**
 * Writes many lines to a stream at its pace, and stops quietly when the reader has gone (`|
 * head`).
 */
export class OutputPipe {
  readonly #stream: Writable;
  #gathered = '';
  #isClosed = false;
  #wake: () => void = () => undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('drain', () => {
      this.#wake();
    });
    stream.once('error', (error: NodeJS.ErrnoException) => {
      this.#isClosed = true;
      this.#wake();
      if (error.code !== 'EPIPE') throw error;
    });
  }

  /** The reader has gone: nothing more will arrive. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  async write(text: string): Promise<void> {
    this.#gathered += text;
    if (this.#gathered.length >= CHUNK) await this.#flush();
  }

  async end(): Promise<void> {
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const text = this.#gathered;
    this.#gathered = '';
    if (this.#isClosed || text === '') return;
    const drained = new Promise<void>((resolve) => (this.#wake = resolve));
    if (!this.#stream.write(text)) await drained;
  }
}
