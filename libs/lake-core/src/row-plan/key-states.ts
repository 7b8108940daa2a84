import { grown } from '@cdc-demo/cdc-core';
import type { KeyWidth } from '../key-index/key-block.ts';
import type { KeyIndex } from '../key-index/key-index.ts';

/** Version of a row: number of the image that holds it, or one of these. */
export const AS_STORED = -1;
export const GONE = -2;

/** No image stands for the stored row. */
export const NO_PRE_IMAGE = -1;

/** What is known of each key that the batches of a plan touch, numbered in order of appearance. */
export class KeyStates {
  readonly width: KeyWidth;
  length = 0;
  /** `width` words a key. */
  words: Uint32Array;
  /** 1 where the table has a row of this key; `file` and `row` say where. */
  isStored = new Uint8Array(0);
  file = new Uint32Array(0);
  row = new Uint32Array(0);
  /** The newest version of the key's row. */
  current = new Int32Array(0);
  /** Image that equals the stored row, or NO_PRE_IMAGE. */
  preImage = new Int32Array(0);
  /** Truncations that came before the newest version. */
  epoch = new Uint32Array(0);
  readonly #index: KeyIndex;
  #numbers: KeyIndex;

  constructor(index: KeyIndex) {
    this.width = index.width;
    this.words = new Uint32Array(0);
    this.#index = index;
    this.#numbers = index.emptyLike();
  }

  /** Makes room for the first `keys` keys, so that they come without growth. */
  expect(keys: number): void {
    if (this.length > 0) return;
    this.#numbers = this.#index.emptyLike(keys);
    this.#grow(keys);
  }

  /** The number of the key in words[at, at + width). */
  numberOf(words: Uint32Array, at: number): number {
    const numbers = this.#numbers;
    if (numbers.seek(words, at)) return numbers.row;
    const key = this.length++;
    if (key === this.current.length) this.#grow(Math.max(256, key * 2));
    numbers.put(0, key);
    for (let i = 0; i < this.width; i++) this.words[key * this.width + i] = words[at + i] ?? 0;
    if (this.#index.seek(words, at)) {
      this.isStored[key] = 1;
      this.file[key] = this.#index.file;
      this.row[key] = this.#index.row;
    }
    this.current[key] = AS_STORED;
    this.preImage[key] = NO_PRE_IMAGE;
    return key;
  }

  /** Brings what `numberOf` will read for `count` keys into the processor's cache. */
  prefetch(words: Uint32Array, at: number, count: number): void {
    this.#index.prefetch(words, at, count);
    this.#numbers.prefetch(words, at, count);
  }

  /** Is there a row of this key, `truncations` having come so far? */
  isAlive(key: number, truncations: number): boolean {
    if (this.epoch[key] !== truncations) return false;
    const current = this.current[key] ?? GONE;
    return current >= 0 || (current === AS_STORED && this.isStored[key] === 1);
  }

  #grow(capacity: number): void {
    this.words = grown(this.words, capacity * this.width);
    this.isStored = grown(this.isStored, capacity);
    this.file = grown(this.file, capacity);
    this.row = grown(this.row, capacity);
    this.current = grown(this.current, capacity);
    this.preImage = grown(this.preImage, capacity);
    this.epoch = grown(this.epoch, capacity);
  }
}
