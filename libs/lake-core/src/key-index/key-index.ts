import type { KeyWidth } from './key-block.ts';
import { LOCATION_WORDS, MAX_SLOTS, Segment, homeOf } from './segment.ts';

const { imul } = Math;

/** A directory of more bits than this would mean that the hash does not spread. */
const MAX_DEPTH = 24;
const LARGEST_WORD = 0xffff_ffff;

export interface KeyIndexOptions {
  readonly width: KeyWidth;
  /** A random 32-bit number; not to be known to those who choose keys. */
  readonly seed: number;
  /** So many keys go in without growth. */
  readonly expectedKeys?: number;
}

/**
 * Primary key → (file, row), both 32-bit numbers. Memory grows a segment at a time, each at most
 * 65 536 slots, so that growth never doubles the whole.
 *
 * Every access begins with `seek`, which points the index at a key; `file`, `row`, `put` and
 * `remove` speak of that key until the next `seek` or `clear`.
 */
export class KeyIndex {
  readonly width: KeyWidth;
  /** After a `seek` that gave true: where the key's row is. */
  file = 0;
  row = 0;
  readonly #seed: number;
  readonly #stride: number;
  /** Segments by the leading bits of the hash; a segment of fewer bits stands several times. */
  #directory: Segment[];
  #depth: number;
  #size = 0;
  #touched = 0;

  // The key that the index points at.
  #keys: Uint32Array = new Uint32Array(4);
  #at = 0;
  #hash = 0;
  #segment: Segment;
  #slot = 0;
  #isFound = false;

  constructor(options: KeyIndexOptions) {
    this.width = options.width;
    const { width, expectedKeys = 0 } = options;
    this.#seed = options.seed | 0;
    this.#stride = width + LOCATION_WORDS;
    // A hash does not spread evenly: each segment gets 5 % more than its share.
    let depth = 1;
    let capacity = Segment.tightestFor(expectedKeys * 0.525, width);
    while (capacity > MAX_SLOTS) {
      depth++;
      capacity = Math.ceil(capacity / 2);
    }
    this.#depth = depth;
    const segments = Array.from({ length: 2 ** depth }, () => new Segment(width, depth, capacity));
    this.#directory = segments;
    this.#segment = this.#segmentOf(0);
  }

  /** An empty index for keys of the same kind. */
  emptyLike(expectedKeys = 0): KeyIndex {
    return new KeyIndex({ width: this.width, seed: this.#seed, expectedKeys });
  }

  /** A number of 32 bits of the key that the last `seek` was for, evenly spread and secret. */
  get hash(): number {
    return this.#hash;
  }

  get size(): number {
    return this.#size;
  }

  /** Memory that the index takes. */
  get byteSize(): number {
    let bytes = this.#directory.length * 8;
    for (const segment of this.#segments()) bytes += segment.slots.byteLength;
    return bytes;
  }

  /**
   * Points the index at the key in keys[at, at + width); true when it has the key. The words must
   * stay as they are until the last call that speaks of this key.
   */
  seek(keys: Uint32Array, at: number): boolean {
    this.#keys = keys;
    this.#at = at;
    const hash = this.#hashOf(keys, at);
    this.#hash = hash;
    this.#segment = this.#segmentOf(hash);
    return this.#probe();
  }

  /**
   * Reads the slots where the search for the `count` keys from keys[at] on will begin, so that
   * they are in the processor's cache when each is sought: a loop of nothing but loads waits for
   * many of them at a time. A few hundred keys at once are best. Changes nothing.
   */
  prefetch(keys: Uint32Array, at: number, count: number): void {
    const { width } = this;
    let touched = this.#touched;
    for (let i = at; i < at + count * width; i += width) {
      const hash = this.#hashOf(keys, i);
      const { slots, capacity } = this.#segmentOf(hash);
      touched ^= slots[homeOf(hash, capacity) * this.#stride] ?? 0;
    }
    // Kept, so that the loop has an effect.
    this.#touched = touched;
  }

  /** Sets the location of the key: adds it when the index does not have it. */
  put(file: number, row: number): void {
    if (file < 0 || file >= LARGEST_WORD || row < 0 || row > LARGEST_WORD) {
      throw new RangeError('Files and rows are numbers of 32 bits');
    }
    if (!this.#isFound) this.#claim();
    const { slots } = this.#segment;
    const base = this.#slot * this.#stride;
    slots[base] = file + 1;
    slots[base + 1] = row;
    this.file = file;
    this.row = row;
  }

  /** Removes the key; false when the index does not have it. */
  remove(): boolean {
    if (!this.#isFound) return false;
    this.#size--;
    this.#segment.count--;
    this.#closeGap();
    this.#probe();
    return true;
  }

  /** Removes every key and gives the memory back. */
  clear(): void {
    this.#depth = 1;
    this.#directory = [new Segment(this.width, 1), new Segment(this.width, 1)];
    this.#size = 0;
    this.#isFound = false;
    this.#segment = this.#segmentOf(0);
  }

  /**
   * Calls `visit` for every key in no order. `key` is the same array each time. The index must
   * not change meanwhile.
   */
  forEach(visit: (key: Uint32Array, file: number, row: number) => void): void {
    const stride = this.#stride;
    const key = new Uint32Array(this.width);
    for (const { slots } of this.#segments()) {
      for (let base = 0; base < slots.length; base += stride) {
        const file = slots[base] ?? 0;
        if (file === 0) continue;
        for (let i = 0; i < key.length; i++) key[i] = slots[base + LOCATION_WORDS + i] ?? 0;
        visit(key, file - 1, slots[base + 1] ?? 0);
      }
    }
  }

  /** Removes the keys at whose location `isGone` holds; returns how many those were. */
  removeWhere(isGone: (file: number, row: number) => boolean): number {
    const stride = this.#stride;
    let removed = 0;
    for (const { slots } of this.#segments()) {
      const gone: number[] = [];
      for (let base = 0; base < slots.length; base += stride) {
        const file = slots[base] ?? 0;
        if (file === 0 || !isGone(file - 1, slots[base + 1] ?? 0)) continue;
        for (let i = 0; i < this.width; i++) gone.push(slots[base + LOCATION_WORDS + i] ?? 0);
      }
      // Removing moves keys about within their segment: it has to wait until all were looked at.
      const words = Uint32Array.from(gone);
      for (let at = 0; at < words.length; at += this.width) {
        this.seek(words, at);
        if (this.remove()) removed++;
      }
    }
    return removed;
  }

  /** A hash of a key's words that depends on the seed, an unsigned 32-bit number. */
  #hashOf(keys: Uint32Array, at: number): number {
    let hash = imul(this.#seed ^ (keys[at] ?? 0), 0x85ebca6b);
    if (this.width > 1) {
      hash = imul(hash ^ (hash >>> 15) ^ (keys[at + 1] ?? 0), 0x85ebca6b);
      if (this.width > 2) {
        hash = imul(hash ^ (hash >>> 15) ^ (keys[at + 2] ?? 0), 0x85ebca6b);
        hash = imul(hash ^ (hash >>> 15) ^ (keys[at + 3] ?? 0), 0x85ebca6b);
      }
    }
    hash = imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    hash = imul(hash ^ (hash >>> 13), 0x27d4eb2f);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #segmentOf(hash: number): Segment {
    return this.#directory[hash >>> (32 - this.#depth)] as Segment;
  }

  *#segments(): Generator<Segment> {
    let last: Segment | undefined;
    for (const segment of this.#directory) {
      if (segment !== last) yield segment;
      last = segment;
    }
  }

  /** Finds the key's slot in the present segment, or the empty one where it belongs. */
  #probe(): boolean {
    const { slots, capacity } = this.#segment;
    const keys = this.#keys;
    const at = this.#at;
    const width = this.width;
    const stride = this.#stride;
    const first = keys[at];
    let slot = homeOf(this.#hash, capacity);
    for (;;) {
      const base = slot * stride;
      const file = slots[base] ?? 0;
      if (file === 0) break;
      if (
        slots[base + 2] === first &&
        (width === 1 ||
          (slots[base + 3] === keys[at + 1] &&
            (width === 2 ||
              (slots[base + 4] === keys[at + 2] && slots[base + 5] === keys[at + 3]))))
      ) {
        this.#slot = slot;
        this.#isFound = true;
        this.file = file - 1;
        this.row = slots[base + 1] ?? 0;
        return true;
      }
      slot = slot + 1 === capacity ? 0 : slot + 1;
    }
    this.#slot = slot;
    this.#isFound = false;
    return false;
  }

  /** Writes the key into the empty slot that `#probe` found, after growth where it is due. */
  #claim(): void {
    if (this.#segment.count >= this.#segment.limit) {
      while (this.#segment.count >= this.#segment.limit) this.#grow();
      this.#probe();
    }
    const { slots } = this.#segment;
    const base = this.#slot * this.#stride + LOCATION_WORDS;
    for (let i = 0; i < this.width; i++) slots[base + i] = this.#keys[this.#at + i] ?? 0;
    this.#isFound = true;
    this.#size++;
    this.#segment.count++;
  }

  #grow(): void {
    const old = this.#segment;
    if (old.isLargest) this.#split(old);
    else this.#replace(old, [new Segment(this.width, old.depth, old.nextCapacity)]);
    this.#segment = this.#segmentOf(this.#hash);
  }

  #split(old: Segment): void {
    const depth = old.depth + 1;
    if (depth > MAX_DEPTH) throw new RangeError('The hash of the keys does not spread');
    if (depth > this.#depth) {
      this.#directory = this.#directory.flatMap((segment) => [segment, segment]);
      this.#depth = depth;
    }
    const capacity = Segment.roomyFor(old.count / 2, this.width);
    const halves = [0, 1].map(() => new Segment(this.width, depth, capacity));
    this.#replace(old, halves);
  }

  /** Puts one or two segments in the place of `old`, and its keys into them. */
  #replace(old: Segment, parts: readonly Segment[]): void {
    const places = 2 ** (this.#depth - old.depth);
    const from = Math.floor((this.#hash >>> (32 - this.#depth)) / places) * places;
    for (let i = 0; i < places; i++) {
      const part = parts[Math.floor((i * parts.length) / places)];
      if (part) this.#directory[from + i] = part;
    }
    const { slots } = old;
    const { width } = this;
    const stride = this.#stride;
    let target = this.#segmentOf(this.#hash);
    for (let base = 0; base < slots.length; base += stride) {
      if (slots[base] === 0) continue;
      const hash = this.#hashOf(slots, base + LOCATION_WORDS);
      if (parts.length > 1) target = this.#segmentOf(hash);
      const { slots: into, capacity } = target;
      let to = homeOf(hash, capacity) * stride;
      while (into[to] !== 0) to = to + stride === into.length ? 0 : to + stride;
      into[to] = slots[base] ?? 0;
      into[to + 1] = slots[base + 1] ?? 0;
      into[to + 2] = slots[base + 2] ?? 0;
      if (width > 1) into[to + 3] = slots[base + 3] ?? 0;
      if (width > 2) {
        into[to + 4] = slots[base + 4] ?? 0;
        into[to + 5] = slots[base + 5] ?? 0;
      }
      target.count++;
    }
  }

  /** Moves the keys behind the removed one forward, as far as their homes allow. */
  #closeGap(): void {
    const { slots, capacity } = this.#segment;
    const stride = this.#stride;
    let gap = this.#slot;
    let slot = gap;
    for (;;) {
      slot = slot + 1 === capacity ? 0 : slot + 1;
      const base = slot * stride;
      if (slots[base] === 0) break;
      const home = homeOf(this.#hashOf(slots, base + LOCATION_WORDS), capacity);
      // The key may move when its home is not in (gap, slot], around the end.
      const fromHome = slot >= home ? slot - home : slot + capacity - home;
      const fromGap = slot >= gap ? slot - gap : slot + capacity - gap;
      if (fromHome < fromGap) continue;
      slots.copyWithin(gap * stride, base, base + stride);
      gap = slot;
    }
    slots[gap * stride] = 0;
  }
}
