import { grown } from '@cdc-demo/cdc-core';
import type { Page } from './page.ts';

/** The levels of the entries that were read since the last `clear`. */
export class LevelBuffer {
  definitions = new Uint8Array(1024);
  repetitions = new Uint8Array(1024);
  length = 0;
  readonly #maxDefinition: number;

  constructor(maxDefinition: number) {
    this.#maxDefinition = maxDefinition;
  }

  clear(): void {
    this.length = 0;
  }

  /** Appends the levels of entries [start, end) of a page. */
  append(page: Page, start: number, end: number): void {
    const at = this.length;
    const length = at + end - start;
    if (length > this.definitions.length) {
      const capacity = Math.max(length, this.definitions.length * 2);
      this.definitions = grown(this.definitions, capacity);
      this.repetitions = grown(this.repetitions, capacity);
    }
    if (page.definitions) this.definitions.set(page.definitions.subarray(start, end), at);
    else this.definitions.fill(this.#maxDefinition, at, length);
    if (page.repetitions) this.repetitions.set(page.repetitions.subarray(start, end), at);
    else this.repetitions.fill(0, at, length);
    this.length = length;
  }
}
