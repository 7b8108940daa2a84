/** The distinct values of a column chunk, numbered in the order in which they came. */
export interface ValueDictionary {
  /** Distinct values. */
  readonly size: number;
  /** Bytes of the distinct values in PLAIN encoding. */
  readonly byteSize: number;
  /**
   * Puts the number of each value of `plain` into `into.indexes`; values that are new are added.
   * False when the dictionary would grow past `into.limit` values, or when too many values fall on
   * one place of its hash table: then `indexes` holds nothing of use and nothing more is encoded.
   */
  encode(plain: Uint8Array, into: DictionaryIndexes): boolean;
  /** The first `size` values in PLAIN encoding; a view, valid until the next `encode`. */
  plain(size: number): Uint8Array;
}

export interface DictionaryIndexes {
  readonly indexes: Int32Array;
  /** Values that `plain` holds. */
  readonly count: number;
  readonly limit: number;
}

/** Places that are tried for one value: values may have been chosen to fall on the same. */
const MAX_PROBES = 64;

/** Open addressing by linear probing: numbers of values under their hashes. */
export class HashSlots {
  /** The number of a value plus one; 0 is a free slot. The length is a power of two. */
  slots: Int32Array = new Int32Array(256);

  /** Is it time to grow before one more value is placed beside `size` others? */
  isFull(size: number): boolean {
    return size * 2 >= this.slots.length;
  }

  /** Makes the table larger and empty: every value has to be placed again. */
  grow(): void {
    this.slots = new Int32Array(this.slots.length * 4);
  }

  /** False when every place that may be tried is taken. */
  place(number: number, hash: number): boolean {
    const { slots } = this;
    const mask = slots.length - 1;
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (hash + probe) & mask;
      if (slots[slot] !== 0) continue;
      slots[slot] = number + 1;
      return true;
    }
    return false;
  }
}
