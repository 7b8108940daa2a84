import { LakeError } from '../errors.ts';

/** Reads little-endian numbers from untrusted bytes; every overrun is a LakeError. */
export class ByteCursor {
  readonly bytes: Uint8Array;
  at = 0;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  u16(): number {
    return this.#view.getUint16(this.#claim(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#claim(4), true);
  }

  /** `count` 16-bit values in an array of their own. */
  u16s(count: number): Uint16Array {
    return new Uint16Array(this.#copy(count * 2));
  }

  /** `count` 32-bit values in an array of their own. */
  u32s(count: number): Uint32Array {
    return new Uint32Array(this.#copy(count * 4));
  }

  take(count: number): Uint8Array {
    const start = this.#claim(count);
    return this.bytes.subarray(start, start + count);
  }

  /** The error for what stands at the present offset. */
  corrupt(what: string): LakeError {
    return new LakeError('lake/deletion-vector-corrupt', `A deletion vector is damaged: ${what}`, {
      context: { offset: this.at, length: this.bytes.length },
    });
  }

  /** The next bytes in memory of their own, aligned for any element type. */
  #copy(count: number): ArrayBuffer {
    const start = this.#claim(count);
    const copy = new Uint8Array(count);
    copy.set(this.bytes.subarray(start, start + count));
    return copy.buffer;
  }

  #claim(count: number): number {
    const start = this.at;
    if (count > this.left) throw this.corrupt('it ends too early');
    this.at = start + count;
    return start;
  }
}
