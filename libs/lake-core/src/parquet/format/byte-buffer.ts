/** Bytes that grow at the end. */
export class ByteBuffer {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  clear(): void {
    this.length = 0;
  }

  /** Makes room for `count` bytes more; returns the array, into which they may be written. */
  reserve(count: number): Uint8Array {
    const needed = this.length + count;
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    return this.bytes;
  }

  appendByte(value: number): void {
    this.reserve(1)[this.length++] = value;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A 32-bit integer, little-endian. */
  appendUint32(value: number): void {
    const bytes = this.reserve(4);
    this.#putUint32(bytes, this.length, value);
    this.length += 4;
  }

  /** Overwrites the four bytes at `at`. */
  setUint32(at: number, value: number): void {
    this.#putUint32(this.bytes, at, value);
  }

  /** Unsigned LEB128 of an integer from 0 to 2^54. */
  appendVarint(value: number): void {
    const bytes = this.reserve(8);
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[this.length++] = rest % 128 | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      bytes[this.length++] = (rest & 127) | 0x80;
      rest >>>= 7;
    }
    bytes[this.length++] = rest;
  }

  /** What was appended; a view, valid until the next append. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** A copy of what was appended. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  #putUint32(bytes: Uint8Array, at: number, value: number): void {
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }
}
