/**
 * SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, "SipHash: a fast short-input PRF",
 * and its reference implementation): a keyed hash, so that whoever chooses the input but does not
 * know the key cannot make two inputs collide.
 */
export class SipHash128 {
  readonly #k0l: number;
  readonly #k0h: number;
  readonly #k1l: number;
  readonly #k1h: number;

  /** @throws RangeError when `key` is not 16 bytes. */
  constructor(key: Uint8Array) {
    if (key.length !== 16) throw new RangeError('A SipHash key has 16 bytes');
    this.#k0l = word(key, 0);
    this.#k0h = word(key, 4);
    this.#k1l = word(key, 8);
    this.#k1h = word(key, 12);
  }

  /** Writes the hash of input[start, end) as four little-endian words to out[at, at + 4). */
  hash(input: Span, out: Uint32Array, at: number): void {
    const { bytes, start, end } = input;
    let [v0l, v0h] = [this.#k0l ^ 0x70736575, this.#k0h ^ 0x736f6d65];
    let [v1l, v1h] = [this.#k1l ^ 0x6e646f6d ^ 0xee, this.#k1h ^ 0x646f7261];
    let [v2l, v2h] = [this.#k0l ^ 0x6e657261, this.#k0h ^ 0x6c796765];
    let [v3l, v3h] = [this.#k1l ^ 0x79746573, this.#k1h ^ 0x74656462];
    // Blocks 0 to `last` are the input, then two steps give one half of the output each.
    const last = (end - start) >>> 3;
    for (let step = 0; step <= last + 2; step++) {
      let ml = 0;
      let mh = 0;
      let rounds = 4;
      if (step <= last) {
        const from = start + step * 8;
        ml = step < last ? word(bytes, from) : tail(bytes, from, end);
        mh = step < last ? word(bytes, from + 4) : tail(bytes, from + 4, end);
        if (step === last) mh |= (end - start) << 24;
        v3l ^= ml;
        v3h ^= mh;
        rounds = 2;
      } else if (step === last + 1) {
        v2l ^= 0xee;
      } else {
        v1l ^= 0xdd;
      }
      for (let round = 0; round < rounds; round++) {
        let sum = (v0l + v1l) | 0;
        v0h = (v0h + v1h + (sum >>> 0 < v0l >>> 0 ? 1 : 0)) | 0;
        v0l = sum;
        let low = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
        v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h;
        v1l = low;
        sum = (v2l + v3l) | 0;
        v2h = (v2h + v3h + (sum >>> 0 < v2l >>> 0 ? 1 : 0)) | 0;
        v2l = sum;
        low = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
        v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
        v3l = low;
        // v0 is turned by half its width: its halves change places.
        sum = (v0h + v3l) | 0;
        v0h = (v0l + v3h + (sum >>> 0 < v0h >>> 0 ? 1 : 0)) | 0;
        v0l = sum;
        low = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
        v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
        v3l = low;
        sum = (v2l + v1l) | 0;
        const high = (v2h + v1h + (sum >>> 0 < v2l >>> 0 ? 1 : 0)) | 0;
        low = ((v1l << 17) | (v1h >>> 15)) ^ sum;
        v1h = ((v1h << 17) | (v1l >>> 15)) ^ high;
        v1l = low;
        v2l = high;
        v2h = sum;
      }
      v0l ^= ml;
      v0h ^= mh;
      if (step > last) {
        const to = at + (step - last - 1) * 2;
        out[to] = v0l ^ v1l ^ v2l ^ v3l;
        out[to + 1] = v0h ^ v1h ^ v2h ^ v3h;
      }
    }
  }
}

/** bytes[start, end); kept by callers and moved on, so that no object is made for each value. */
export interface Span {
  bytes: Uint8Array;
  start: number;
  end: number;
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

/** A word of which only the bytes before `end` count. */
function tail(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = Math.min(4, end - at) - 1; i >= 0; i--) value = (value << 8) | (bytes[at + i] ?? 0);
  return value;
}
