import type { ByteBuffer } from '../format/byte-buffer.ts';

/** Bits that hold every integer from 0 to `max`. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}

/** Appends `count` times the same value as one run ("RLE" of the Parquet format). */
export function appendRun(
  out: ByteBuffer,
  run: { readonly value: number; readonly count: number },
  width: number,
): void {
  out.appendVarint(run.count * 2);
  for (let shift = 0; shift < width; shift += 8) out.appendByte(run.value >>> shift);
}

/** Integers of at most 24 bits, `count` of them. */
export interface SmallIntegers {
  readonly values: Uint8Array | Int32Array;
  readonly count: number;
  /** Bits of each. */
  readonly width: number;
}

/**
 * Appends integers in the hybrid of run lengths and bit packing ("RLE/Bit-Packing Hybrid" of the
 * Parquet format), without a length before it.
 */
export function appendHybrid(out: ByteBuffer, integers: SmallIntegers): void {
  const { values, count, width } = integers;
  // A shorter run takes less space among its packed neighbours.
  const minRun = width === 1 ? 32 : width === 2 ? 16 : 8;
  let packedFrom = 0;
  let at = 0;
  // Packed values come in groups of eight: a run is looked for where a group begins.
  while (at + 8 <= count) {
    const value = values[at] ?? 0;
    let end = at + 1;
    while (end < count && values[end] === value) end++;
    if (end - at < minRun) {
      at += Math.max(8, (end - at) & ~7);
      continue;
    }
    if (at > packedFrom) appendPacked(out, integers, { from: packedFrom, to: at });
    appendRun(out, { value, count: end - at }, width);
    packedFrom = end;
    at = end;
  }
  if (packedFrom < count) appendPacked(out, integers, { from: packedFrom, to: count });
}

function appendPacked(
  out: ByteBuffer,
  { values, width }: SmallIntegers,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  const groups = (to - from + 7) >> 3;
  out.appendVarint(groups * 2 + 1);
  const bytes = out.reserve(groups * width);
  let at = out.length;
  out.length = at + groups * width;
  let bits = 0;
  let pending = 0;
  for (let i = from; i < to; i++) {
    pending |= (values[i] ?? 0) << bits;
    bits += width;
    while (bits >= 8) {
      bytes[at++] = pending;
      pending >>>= 8;
      bits -= 8;
    }
  }
  if (bits > 0) bytes[at++] = pending;
  bytes.fill(0, at, out.length);
}
