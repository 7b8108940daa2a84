const TWO_32 = 4294967296;

/** An unsigned integer of up to 128 bits under construction, in four 32-bit words. */
export class WideInteger {
  /** Least significant word first. */
  readonly #words = new Uint32Array(4);
  #overflowed = false;

  /** Did the value outgrow 128 bits since `clear`? The words are wrong then. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Bits 0 to 31 as a signed 32-bit integer. */
  get low(): number {
    return (this.#words[0] ?? 0) | 0;
  }

  /** Bits 32 to 63 as a signed 32-bit integer. */
  get high(): number {
    return (this.#words[1] ?? 0) | 0;
  }

  clear(): this {
    this.#words.fill(0);
    this.#overflowed = false;
    return this;
  }

  /** value = value · factor + addend; both non-negative and below 2^20. */
  multiplyAdd(factor: number, addend: number): void {
    const words = this.#words;
    let carry = addend;
    for (let i = 0; i < 4; i++) {
      const product = (words[i] ?? 0) * factor + carry;
      words[i] = product;
      carry = Math.floor(product / TWO_32);
    }
    if (carry !== 0) this.#overflowed = true;
  }

  /** The value becomes its two's complement. */
  negate(): void {
    const words = this.#words;
    let carry = 1;
    for (let i = 0; i < 4; i++) {
      const word = (~(words[i] ?? 0) >>> 0) + carry;
      words[i] = word;
      carry = word === TWO_32 ? 1 : 0;
    }
  }

  /** Is the value, unsigned, below `other`? */
  isBelow(other: WideInteger): boolean {
    for (let i = 3; i >= 0; i--) {
      const word = this.#words[i] ?? 0;
      const otherWord = other.#words[i] ?? 0;
      if (word !== otherWord) return word < otherWord;
    }
    return false;
  }

  /** Fills `target` with the value's lowest bytes, most significant first. At most 16 bytes. */
  writeTo(target: Uint8Array): void {
    const last = target.length - 1;
    for (let i = 0; i <= last; i++) {
      target[last - i] = (this.#words[i >> 2] ?? 0) >>> ((i & 3) * 8);
    }
  }
}

/** 10^exponent; exponent 0 to 38. */
export function powerOfTen(exponent: number): WideInteger {
  const power = new WideInteger();
  power.multiplyAdd(1, 1);
  for (let i = 0; i < exponent; i++) power.multiplyAdd(10, 0);
  return power;
}
