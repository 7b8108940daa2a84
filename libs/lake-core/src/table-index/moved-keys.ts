import type { ColumnBatch } from '@cdc-demo/cdc-core';
import { KeyBlock } from '../key-index/key-block.ts';
import type { KeyEncoder } from '../key-index/key-encoder.ts';

/** The keys of rows in the order in which they were rewritten, 4 to 16 bytes each. */
export class MovedKeys {
  readonly width: KeyEncoder['width'];
  readonly encoder: KeyEncoder;
  readonly #key: readonly string[];
  readonly #block: KeyBlock;
  #words = new Uint32Array(0);
  #length = 0;

  /** @param key names of the key's columns */
  constructor(encoder: KeyEncoder, key: readonly string[]) {
    this.width = encoder.width;
    this.encoder = encoder;
    this.#key = key;
    this.#block = new KeyBlock(encoder.width);
  }

  get length(): number {
    return this.#length;
  }

  /** `width` words a key. */
  get words(): Uint32Array {
    return this.#words.subarray(0, this.#length * this.width);
  }

  append(rows: ColumnBatch): void {
    const columns = this.#key.flatMap(
      (name) => rows.columns[rows.fields.findIndex((field) => field.name === name)] ?? [],
    );
    this.encoder.encode(columns, { start: 0, end: rows.length }, this.#block);
    const { words, length } = this.#block;
    this.#makeRoom((this.#length + length) * this.width);
    this.#words.set(words.subarray(0, length * this.width), this.#length * this.width);
    this.#length += length;
  }

  #makeRoom(words: number): void {
    if (words <= this.#words.length) return;
    const larger = new Uint32Array(Math.max(words, Math.ceil(this.#words.length * 1.5)));
    larger.set(this.#words);
    this.#words = larger;
  }
}
