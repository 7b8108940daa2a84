import type { FieldType } from '@cdc-demo/cdc-core';
import type { Comparable } from '@cdc-demo/lake-core';
import { minimalBytes } from '../write/single-value.ts';

/**
 * The hash by which values are put into buckets: 32-bit murmur3, x86 variant, seed 0, over the
 * bytes of the value (table specification, "Appendix B: 32-bit Hash Requirements").
 * @param value as `toComparable` gives it; an integer where numbers are hashed
 * @returns the hash as a signed integer
 */
export function bucketHash(type: FieldType, value: Comparable): number {
  return murmur3(hashedBytes(type, value));
}

/** Integers of either width have the hash of a long, so that a column may be widened. */
function hashedBytes({ kind }: FieldType, value: Comparable): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (kind === 'decimal') return minimalBytes(BigInt(value));
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

function murmur3(bytes: Uint8Array): number {
  const { length } = bytes;
  const whole = length - (length % 4);
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    hash = rotate(hash ^ mixed(littleEndian(bytes, at, 4)), 13);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (whole < length) hash ^= mixed(littleEndian(bytes, whole, length - whole));
  return finished(hash ^ length);
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let word = 0;
  for (let i = 0; i < count; i++) word |= (bytes[at + i] ?? 0) << (8 * i);
  return word;
}

function mixed(word: number): number {
  return Math.imul(rotate(Math.imul(word, C1), 15), C2);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function finished(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
