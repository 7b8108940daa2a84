/** Reads the parts of the Variant encoding, little-endian, and never past their end. */
export class VariantBytes {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @throws RangeError when the bytes end before */
  byte(at: number): number {
    return this.#view.getUint8(at);
  }

  /** An unsigned integer of 1 to 4 bytes. */
  unsigned(at: number, width: number): number {
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + this.byte(at + i);
    return value;
  }

  int8(at: number): number {
    return this.#view.getInt8(at);
  }

  int16(at: number): number {
    return this.#view.getInt16(at, true);
  }

  int32(at: number): number {
    return this.#view.getInt32(at, true);
  }

  int64(at: number): bigint {
    return this.#view.getBigInt64(at, true);
  }

  int128(at: number): bigint {
    return (this.int64(at + 8) << 64n) | this.#view.getBigUint64(at, true);
  }

  float32(at: number): number {
    return this.#view.getFloat32(at, true);
  }

  float64(at: number): number {
    return this.#view.getFloat64(at, true);
  }

  /** A view of [start, end). */
  slice(start: number, end: number): Uint8Array {
    if (start > end || end > this.bytes.length) throw new RangeError('A variant ends too early');
    return this.bytes.subarray(start, end);
  }

  text(start: number, end: number): string {
    const { buffer, byteOffset, length } = this.slice(start, end);
    return Buffer.from(buffer, byteOffset, length).toString('utf8');
  }
}
