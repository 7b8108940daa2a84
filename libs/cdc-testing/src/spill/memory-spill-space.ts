import type { SpillFile, SpillSpace } from '@cdc-demo/cdc-core';

/** A spill space in memory that knows how many of its files were not released. */
export class MemorySpillSpace implements SpillSpace {
  openFiles = 0;
  /** Files that were ever made. */
  files = 0;

  create(): Promise<MemorySpillFile> {
    this.openFiles++;
    this.files++;
    return Promise.resolve(new MemorySpillFile(() => this.openFiles--));
  }
}

export class MemorySpillFile implements SpillFile {
  readonly #onRelease: () => void;
  #bytes = new Uint8Array(0);
  #size = 0;
  #isReleased = false;

  constructor(onRelease: () => void) {
    this.#onRelease = onRelease;
  }

  get size(): number {
    return this.#size;
  }

  append(pieces: readonly Uint8Array[]): Promise<void> {
    const size = pieces.reduce((sum, piece) => sum + piece.length, this.#size);
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = larger;
    }
    for (const piece of pieces) {
      this.#bytes.set(piece, this.#size);
      this.#size += piece.length;
    }
    return Promise.resolve();
  }

  read(start: number, length: number): Promise<Uint8Array> {
    if (this.#isReleased) return Promise.reject(new Error('read of a released file'));
    return Promise.resolve(this.#bytes.slice(start, Math.min(this.#size, start + length)));
  }

  truncate(size: number): Promise<void> {
    this.#size = Math.min(this.#size, size);
    return Promise.resolve();
  }

  release(): Promise<void> {
    if (!this.#isReleased) this.#onRelease();
    this.#isReleased = true;
    return Promise.resolve();
  }
}
