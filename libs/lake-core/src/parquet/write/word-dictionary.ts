import { HashSlots } from './value-dictionary.ts';
import type { DictionaryIndexes, ValueDictionary } from './value-dictionary.ts';

/** Values of four or eight bytes, told apart by their bits (-0 from 0, one NaN from another). */
export class WordDictionary implements ValueDictionary {
  readonly #wordsEach: 1 | 2;
  readonly #table = new HashSlots();
  #words = new Int32Array(128);
  #size = 0;

  constructor(wordsEach: 1 | 2) {
    this.#wordsEach = wordsEach;
  }

  get size(): number {
    return this.#size;
  }

  get byteSize(): number {
    return this.#size * this.#wordsEach * 4;
  }

  encode(plain: Uint8Array, into: DictionaryIndexes): boolean {
    return this.#wordsEach === 1 ? this.#encodeWords(plain, into) : this.#encodePairs(plain, into);
  }

  plain(size: number): Uint8Array {
    return new Uint8Array(this.#words.buffer, 0, size * this.#wordsEach * 4);
  }

  #encodeWords(plain: Uint8Array, { indexes, count, limit }: DictionaryIndexes): boolean {
    const given = new Int32Array(plain.buffer, plain.byteOffset, count);
    for (let i = 0; i < count; i++) {
      const word = given[i] ?? 0;
      const known = this.#words;
      const { slots } = this.#table;
      const mask = slots.length - 1;
      let slot = hash(word, 0) & mask;
      let number = slots[slot] ?? 0;
      while (number !== 0 && known[number - 1] !== word) {
        slot = (slot + 1) & mask;
        number = slots[slot] ?? 0;
      }
      if (number === 0) {
        if (this.#size >= limit || !this.#add(word, 0)) return false;
        number = this.#size;
      }
      indexes[i] = number - 1;
    }
    return true;
  }

  #encodePairs(plain: Uint8Array, { indexes, count, limit }: DictionaryIndexes): boolean {
    const given = new Int32Array(plain.buffer, plain.byteOffset, count * 2);
    for (let i = 0; i < count; i++) {
      const low = given[i * 2] ?? 0;
      const high = given[i * 2 + 1] ?? 0;
      const known = this.#words;
      const { slots } = this.#table;
      const mask = slots.length - 1;
      let slot = hash(low, high) & mask;
      let number = slots[slot] ?? 0;
      while (number !== 0 && (known[number * 2 - 2] !== low || known[number * 2 - 1] !== high)) {
        slot = (slot + 1) & mask;
        number = slots[slot] ?? 0;
      }
      if (number === 0) {
        if (this.#size >= limit || !this.#add(low, high)) return false;
        number = this.#size;
      }
      indexes[i] = number - 1;
    }
    return true;
  }

  #add(low: number, high: number): boolean {
    if (this.#table.isFull(this.#size) && !this.#growTable()) return false;
    if (!this.#table.place(this.#size, hash(low, high))) return false;
    const at = this.#size * this.#wordsEach;
    if (at + this.#wordsEach > this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[at] = low;
    if (this.#wordsEach === 2) this.#words[at + 1] = high;
    this.#size++;
    return true;
  }

  #growTable(): boolean {
    this.#table.grow();
    for (let number = 0; number < this.#size; number++) {
      const at = number * this.#wordsEach;
      const high = this.#wordsEach === 2 ? (this.#words[at + 1] ?? 0) : 0;
      if (!this.#table.place(number, hash(this.#words[at] ?? 0, high))) return false;
    }
    return true;
  }
}

function hash(low: number, high: number): number {
  let mixed = low ^ Math.imul(high, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
