/** Values up to which a container is stored as a sorted array, beyond as a bitmap. */
export const ARRAY_LIMIT = 4096;
/** Bytes of a bitmap of 2^16 bits. */
export const BITMAP_BYTES = 8192;
const BITMAP_WORDS = BITMAP_BYTES / 4;

/** A set of 16-bit values, never empty once it is part of a bitmap. */
export interface Container {
  readonly cardinality: number;
  has(low: number): boolean;
  /** Adds a value; returns the container that holds the set from now on. */
  add(low: number): Container;
  /** Number of maximal runs of consecutive values. */
  runs(): number;
  /** The values in ascending order; a view or copy that must not be changed. */
  lows(): Uint16Array;
  clone(): Container;
}

/** Up to 4 096 values, sorted. */
export class ArrayContainer implements Container {
  #values: Uint16Array;
  #length: number;

  /** Takes over `values`, which are strictly ascending. */
  constructor(values: Uint16Array = new Uint16Array(4), length = 0) {
    this.#values = values;
    this.#length = length;
  }

  get cardinality(): number {
    return this.#length;
  }

  has(low: number): boolean {
    const at = this.#search(low);
    return at < this.#length && this.#values[at] === low;
  }

  add(low: number): Container {
    const length = this.#length;
    const at = this.#search(low);
    if (at < length && this.#values[at] === low) return this;
    if (length === ARRAY_LIMIT) return BitmapContainer.of(this.lows()).add(low);
    if (length === this.#values.length) {
      const larger = new Uint16Array(Math.min(ARRAY_LIMIT, Math.max(8, length * 2)));
      larger.set(this.#values);
      this.#values = larger;
    }
    if (at < length) this.#values.copyWithin(at + 1, at, length);
    this.#values[at] = low;
    this.#length = length + 1;
    return this;
  }

  runs(): number {
    return countRuns(this.lows());
  }

  lows(): Uint16Array {
    return this.#values.subarray(0, this.#length);
  }

  clone(): Container {
    return new ArrayContainer(this.lows().slice(), this.#length);
  }

  /** Index of the first value that is not below `low`. */
  #search(low: number): number {
    const values = this.#values;
    let to = this.#length;
    if (to === 0 || (values[to - 1] ?? 0) < low) return to;
    let from = 0;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((values[middle] ?? 0) < low) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** One bit for each of the 65 536 values. */
export class BitmapContainer implements Container {
  /** Bit `v & 31` of word `v >> 5` is value `v`. */
  readonly words: Uint32Array;
  #cardinality: number;

  /** Takes over `words`, of which `cardinality` bits are set. */
  constructor(words: Uint32Array, cardinality: number) {
    this.words = words;
    this.#cardinality = cardinality;
  }

  static of(lows: Uint16Array): BitmapContainer {
    const words = new Uint32Array(BITMAP_WORDS);
    for (const low of lows) words[low >> 5] = (words[low >> 5] ?? 0) | (1 << (low & 31));
    return new BitmapContainer(words, lows.length);
  }

  get cardinality(): number {
    return this.#cardinality;
  }

  has(low: number): boolean {
    return (((this.words[low >> 5] ?? 0) >>> (low & 31)) & 1) === 1;
  }

  add(low: number): Container {
    if (!this.has(low)) {
      this.words[low >> 5] = (this.words[low >> 5] ?? 0) | (1 << (low & 31));
      this.#cardinality++;
    }
    return this;
  }

  runs(): number {
    let runs = 0;
    let carry = 0;
    for (const word of this.words) {
      runs += bitCount(word & ~((word << 1) | carry));
      carry = word >>> 31;
    }
    return runs;
  }

  lows(): Uint16Array {
    const lows = new Uint16Array(this.#cardinality);
    let at = 0;
    for (let i = 0; i < BITMAP_WORDS; i++) {
      let word = this.words[i] ?? 0;
      while (word !== 0) {
        const lowest = word & -word;
        lows[at++] = i * 32 + (31 - Math.clz32(lowest));
        word ^= lowest;
      }
    }
    return lows;
  }

  clone(): Container {
    return new BitmapContainer(this.words.slice(), this.#cardinality);
  }
}

/** Runs as they were read: pairs of first value and length - 1, ascending, not overlapping. */
export class RunContainer implements Container {
  readonly cardinality: number;
  readonly #pairs: Uint16Array;

  constructor(pairs: Uint16Array, cardinality: number) {
    this.#pairs = pairs;
    this.cardinality = cardinality;
  }

  has(low: number): boolean {
    const pairs = this.#pairs;
    let from = 0;
    let to = pairs.length >>> 1;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((pairs[middle * 2] ?? 0) <= low) from = middle + 1;
      else to = middle;
    }
    if (from === 0) return false;
    return low - (pairs[from * 2 - 2] ?? 0) <= (pairs[from * 2 - 1] ?? 0);
  }

  add(low: number): Container {
    if (this.has(low)) return this;
    const lows = this.lows();
    if (lows.length < ARRAY_LIMIT) return new ArrayContainer(lows, lows.length).add(low);
    return BitmapContainer.of(lows).add(low);
  }

  runs(): number {
    return countRuns(this.lows());
  }

  lows(): Uint16Array {
    const lows = new Uint16Array(this.cardinality);
    let at = 0;
    for (let i = 0; i < this.#pairs.length; i += 2) {
      const first = this.#pairs[i] ?? 0;
      const last = first + (this.#pairs[i + 1] ?? 0);
      for (let low = first; low <= last; low++) lows[at++] = low;
    }
    return lows;
  }

  clone(): Container {
    return this;
  }
}

export function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function countRuns(lows: Uint16Array): number {
  let runs = 0;
  let last = -2;
  for (const low of lows) {
    if (low !== last + 1) runs++;
    last = low;
  }
  return runs;
}
