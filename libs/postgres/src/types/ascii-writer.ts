import type { BytesColumn } from '@cdc-demo/cdc-core';

const ZERO = 48;

/** Builds short ASCII texts as bytes, so that no string is made for a value. */
export class AsciiWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** Starts a new text. */
  clear(): this {
    this.#length = 0;
    return this;
  }

  /** Appends one character by its code. */
  char(code: number): this {
    if (this.#length === this.#bytes.length) this.#grow(this.#length + 1);
    this.#bytes[this.#length++] = code;
    return this;
  }

  /** Appends a text of ASCII characters only. */
  text(text: string): this {
    for (let i = 0; i < text.length; i++) this.char(text.charCodeAt(i));
    return this;
  }

  /** Appends a non-negative integer below 2^53 with at least `width` digits. */
  digits(value: number, width: number): this {
    let size = 1;
    for (let rest = value; rest >= 10; size++) rest = Math.floor(rest / 10);
    size = Math.max(size, width);
    const end = this.#length + size;
    if (end > this.#bytes.length) this.#grow(end);
    let rest = value;
    for (let at = end - 1; at >= this.#length; at--) {
      const next = Math.floor(rest / 10);
      this.#bytes[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.#length = end;
    return this;
  }

  /** Appends `.` and six digits of microseconds without trailing zeros; nothing for 0. */
  fraction(micros: number): this {
    if (micros === 0) return this;
    let width = 6;
    let rest = micros;
    for (; rest % 10 === 0; width--) rest /= 10;
    return this.char(46).digits(rest, width);
  }

  /** Appends the text as one value. */
  appendTo(column: BytesColumn): void {
    column.append(this.#bytes, 0, this.#length);
  }

  #grow(length: number): void {
    const larger = new Uint8Array(Math.max(length, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
