import { NULL, PRESENT } from '@cdc-demo/cdc-core';

/** Words of 32 bits that hold a key. */
export type KeyWidth = 1 | 2 | 4;

/** Encoded keys of many rows; made once and filled again and again. */
export class KeyBlock {
  readonly width: KeyWidth;
  length = 0;
  /** `width` words a key. Undefined content where `presence` is not PRESENT. */
  words = new Uint32Array(0);
  /** PRESENT for a whole key; NULL or UNCHANGED where a part of it is that. */
  presence = new Uint8Array(0);

  constructor(width: KeyWidth) {
    this.width = width;
  }

  /** Makes room for exactly `length` keys, all PRESENT; their words are undefined. */
  reset(length: number): void {
    if (this.presence.length < length) {
      this.words = new Uint32Array(length * this.width);
      this.presence = new Uint8Array(length);
    }
    this.presence.fill(PRESENT, 0, length);
    this.length = length;
  }

  /** Marks the rows whose part of the key, in rows [start, …) of `presence`, is missing. */
  markMissing(presence: Uint8Array, start: number): number {
    let missing = 0;
    for (let i = 0; i < this.length; i++) {
      const part = presence[start + i] ?? NULL;
      if (part === PRESENT) continue;
      if (this.presence[i] === PRESENT) missing++;
      // A NULL part makes it no key for good; an UNCHANGED one may be found elsewhere.
      if (this.presence[i] !== NULL) this.presence[i] = part;
    }
    return missing;
  }
}
