import type { KeyWidth } from './key-block.ts';

const { imul } = Math;

/** Words of a slot before the key's: file + 1 (0 when the slot is empty), and row. */
export const LOCATION_WORDS = 2;
/** Slots of the largest segment; homes are computed from 16 bits. */
export const MAX_SLOTS = 0x10000;
const MIN_SLOTS = 16;

interface Sizing {
  /** Part of the slots that may be taken. */
  readonly fullest: number;
  /** How much larger the next table is. */
  readonly growth: number;
}

/**
 * Bytes a key lie between `slot bytes / fullest` and, after growth or a split,
 * `slot bytes × growth / fullest`. Wide slots are filled tighter, for longer probes.
 */
const SIZING: Readonly<Record<KeyWidth, Sizing>> = {
  1: { fullest: 0.75, growth: 4 / 3 },
  2: { fullest: 0.75, growth: 4 / 3 },
  4: { fullest: 0.85, growth: 1.19 },
};

/**
 * One part of a key index: an open-addressed table with linear probing. A slot is a location and
 * a key's words, side by side, so that a probe reads one line of memory.
 */
export class Segment {
  readonly width: KeyWidth;
  readonly slots: Uint32Array;
  readonly capacity: number;
  /** How many leading bits of the hash all keys here have in common. */
  readonly depth: number;
  /** Keys that it may hold. */
  readonly limit: number;
  count = 0;

  constructor(width: KeyWidth, depth: number, capacity = MIN_SLOTS) {
    this.width = width;
    this.depth = depth;
    this.capacity = Math.min(MAX_SLOTS, Math.max(MIN_SLOTS, capacity));
    this.slots = new Uint32Array(this.capacity * (LOCATION_WORDS + width));
    this.limit = Math.floor(this.capacity * SIZING[width].fullest);
  }

  get isLargest(): boolean {
    return this.capacity === MAX_SLOTS;
  }

  /** Slots of the next larger table. */
  get nextCapacity(): number {
    // The last step but one may leave a step too small to be worth the move.
    const next = Math.ceil(this.capacity * SIZING[this.width].growth) + 8;
    return next > MAX_SLOTS * 0.95 ? MAX_SLOTS : next;
  }

  /** Slots that take `keys` keys without growth. */
  static tightestFor(keys: number, width: KeyWidth): number {
    return Math.ceil(keys / SIZING[width].fullest);
  }

  /** Slots for `keys` keys, with the room that a table has after it has grown. */
  static roomyFor(keys: number, width: KeyWidth): number {
    return Math.ceil((keys * SIZING[width].growth) / SIZING[width].fullest);
  }
}

/** The slot where the search for a hash begins. All bits of the hash decide, not the first ones. */
export function homeOf(hash: number, capacity: number): number {
  return imul(imul(hash, 0x9e3779b1) >>> 16, capacity) >>> 16;
}
