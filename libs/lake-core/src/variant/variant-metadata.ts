import { VariantBytes } from './variant-bytes.ts';

const VERSION = 1;

/** The names of the fields of a variant's objects ("Metadata encoding" of the Variant encoding). */
export class VariantMetadata {
  readonly #bytes: VariantBytes;
  readonly #offsetSize: number;
  readonly #size: number;

  /** @throws RangeError when the bytes are no metadata of version 1 */
  constructor(bytes: Uint8Array) {
    this.#bytes = new VariantBytes(bytes);
    const header = this.#bytes.byte(0);
    if ((header & 0x0f) !== VERSION) throw new RangeError('A variant is not of version 1');
    this.#offsetSize = (header >> 6) + 1;
    this.#size = this.#bytes.unsigned(1, this.#offsetSize);
  }

  name(id: number): string {
    if (id >= this.#size) throw new RangeError('A variant has a field without a name');
    const start = 1 + this.#offsetSize * (this.#size + 2);
    return this.#bytes.text(start + this.#offset(id), start + this.#offset(id + 1));
  }

  #offset(index: number): number {
    return this.#bytes.unsigned(1 + this.#offsetSize * (index + 1), this.#offsetSize);
  }
}
