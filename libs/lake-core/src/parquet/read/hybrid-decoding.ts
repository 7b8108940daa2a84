/** Bytes [at, end) that hold runs of the RLE / bit-packing hybrid. */
export interface HybridRuns {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
  /** Bits of one value, 0 to 32. */
  readonly width: number;
}

/** Thrown at runs that end before all values were read, and only here. */
export class HybridOverrun extends Error {
  constructor() {
    super('runs of levels or indexes end too early');
  }
}

/**
 * Fills `out` with values of the hybrid ("Run Length Encoding / Bit-Packing Hybrid" of the Parquet
 * format). What the runs hold beyond `out` is left out.
 * @throws HybridOverrun
 */
export function decodeHybrid(runs: HybridRuns, out: Uint8Array | Uint32Array): void {
  const { bytes, end, width } = runs;
  const valueBytes = (width + 7) >> 3;
  let at = runs.at;
  let filled = 0;
  while (filled < out.length) {
    let header = 0;
    let shift = 0;
    let byte = 0x80;
    while (byte >= 0x80) {
      if (at >= end || shift > 28) throw new HybridOverrun();
      byte = bytes[at++] ?? 0;
      header |= (byte & 0x7f) << shift;
      shift += 7;
    }
    if (header & 1) {
      const count = Math.min((header >>> 1) * 8, out.length - filled);
      const packed = (count * width + 7) >> 3;
      if (at + packed > end) throw new HybridOverrun();
      unpackBits({ bytes, at, width }, out.subarray(filled, filled + count));
      filled += count;
      at += (header >>> 1) * width;
    } else {
      if (at + valueBytes > end) throw new HybridOverrun();
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= (bytes[at++] ?? 0) << (i * 8);
      const stop = Math.min(filled + (header >>> 1), out.length);
      out.fill(value >>> 0, filled, stop);
      filled = stop;
    }
  }
}

/**
 * The value that the first run repeats at least `count` times, or undefined when the first run is
 * no such run.
 */
export function singleRun(runs: HybridRuns, count: number): number | undefined {
  const { bytes, end, width } = runs;
  let { at } = runs;
  let header = 0;
  for (let shift = 0; shift <= 28; shift += 7) {
    if (at >= end) return undefined;
    const byte = bytes[at++] ?? 0;
    header |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (header & 1 || header >>> 1 < count || at + ((width + 7) >> 3) > end) return undefined;
  let value = 0;
  for (let i = 0; i * 8 < width; i++) value |= (bytes[at++] ?? 0) << (i * 8);
  return value >>> 0;
}

interface PackedBits {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly width: number;
}

function unpackBits({ bytes, at, width }: PackedBits, out: Uint8Array | Uint32Array): void {
  if (width === 0) out.fill(0);
  else if (width === 8) out.set(bytes.subarray(at, at + out.length));
  else if (width <= 24) unpackNarrow({ bytes, at, width }, out);
  else unpackWide({ bytes, at, width }, out);
}

function unpackNarrow(packed: PackedBits, out: Uint8Array | Uint32Array): void {
  const { bytes, width } = packed;
  const mask = (1 << width) - 1;
  let { at } = packed;
  let held = 0;
  let bits = 0;
  for (let i = 0; i < out.length; i++) {
    while (bits < width) {
      held |= (bytes[at++] ?? 0) << bits;
      bits += 8;
    }
    out[i] = held & mask;
    held >>>= width;
    bits -= width;
  }
}

/** Up to 40 bits are held at a time, more than bitwise operators of numbers take. */
function unpackWide(packed: PackedBits, out: Uint8Array | Uint32Array): void {
  const { bytes, width } = packed;
  const modulus = 2 ** width;
  let { at } = packed;
  let held = 0;
  let bits = 0;
  for (let i = 0; i < out.length; i++) {
    while (bits < width) {
      held += (bytes[at++] ?? 0) * 2 ** bits;
      bits += 8;
    }
    out[i] = held % modulus;
    held = Math.floor(held / modulus);
    bits -= width;
  }
}
