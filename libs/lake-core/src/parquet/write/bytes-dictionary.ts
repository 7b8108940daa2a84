import { ByteBuffer } from '../format/byte-buffer.ts';
import { HashSlots } from './value-dictionary.ts';
import type { DictionaryIndexes, ValueDictionary } from './value-dictionary.ts';

/** Byte arrays with their length (`width` 0), or values of `width` bytes. */
export class BytesDictionary implements ValueDictionary {
  readonly #width: number;
  readonly #data = new ByteBuffer(1024);
  readonly #table = new HashSlots();
  /** Where each value begins in the data; one element more than values. */
  #starts = new Int32Array(129);
  #hashes = new Int32Array(128);
  #size = 0;

  constructor(width: number) {
    this.#width = width;
  }

  get size(): number {
    return this.#size;
  }

  get byteSize(): number {
    return this.#data.length;
  }

  encode(plain: Uint8Array, { indexes, count, limit }: DictionaryIndexes): boolean {
    const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
    let start = 0;
    for (let i = 0; i < count; i++) {
      const length = this.#width === 0 ? view.getUint32(start, true) + 4 : this.#width;
      const hashed = hash(view, start, start + length);
      const { slots } = this.#table;
      const mask = slots.length - 1;
      let slot = hashed & mask;
      let number = slots[slot] ?? 0;
      while (number !== 0) {
        if (this.#hashes[number - 1] === hashed) {
          const from = this.#starts[number - 1] ?? 0;
          if ((this.#starts[number] ?? 0) - from === length) {
            const data = this.#data.bytes;
            let same = 0;
            while (same < length && data[from + same] === plain[start + same]) same++;
            if (same === length) break;
          }
        }
        slot = (slot + 1) & mask;
        number = slots[slot] ?? 0;
      }
      if (number === 0) {
        const added =
          this.#size < limit && this.#add(plain.subarray(start, start + length), hashed);
        if (!added) return false;
        number = this.#size;
      }
      indexes[i] = number - 1;
      start += length;
    }
    return true;
  }

  plain(size: number): Uint8Array {
    return this.#data.bytes.subarray(0, this.#starts[size] ?? 0);
  }

  #add(value: Uint8Array, hashed: number): boolean {
    if (this.#table.isFull(this.#size) && !this.#growTable()) return false;
    if (!this.#table.place(this.#size, hashed)) return false;
    if (this.#size === this.#hashes.length) this.#growEntries();
    this.#data.append(value);
    this.#hashes[this.#size] = hashed;
    this.#size++;
    this.#starts[this.#size] = this.#data.length;
    return true;
  }

  #growTable(): boolean {
    this.#table.grow();
    for (let number = 0; number < this.#size; number++) {
      if (!this.#table.place(number, this.#hashes[number] ?? 0)) return false;
    }
    return true;
  }

  #growEntries(): void {
    const hashes = new Int32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const starts = new Int32Array(hashes.length + 1);
    starts.set(this.#starts);
    this.#starts = starts;
  }
}

/** MurmurHash3 (32 bits) of the bytes [start, end). */
function hash(view: DataView, start: number, end: number): number {
  let mixed = 0;
  let at = start;
  for (const stop = end - 3; at < stop; at += 4) {
    mixed ^= scramble(view.getInt32(at, true));
    mixed = (mixed << 13) | (mixed >>> 19);
    mixed = (Math.imul(mixed, 5) + 0xe6546b64) | 0;
  }
  if (at < end) {
    let rest = 0;
    for (let i = end - 1; i >= at; i--) rest = (rest << 8) | view.getUint8(i);
    mixed ^= scramble(rest);
  }
  return finish(mixed ^ (end - start));
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function finish(mixed: number): number {
  const first = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}
