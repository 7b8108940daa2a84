import { randomBytes } from 'node:crypto';
import { canonicalRow } from '@cdc-demo/cdc-core';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { SipHash128 } from '../key-index/sip-hash.ts';

/**
 * Digests of rows, 128 bits of their canonical text: equal rows have equal digests, and others
 * differ, whoever chose their values. Digests of two instances cannot be compared.
 */
export class RowDigester {
  readonly #hash = new SipHash128(randomBytes(16));
  readonly #encoder = new TextEncoder();
  readonly #digest = new Uint32Array(4);
  #bytes = new Uint8Array(1024);

  /** The digest of a row as four words, valid until the next call. */
  digest(fields: readonly Field[], values: readonly FieldValue[]): Uint32Array {
    const text = canonicalRow(fields, values);
    const most = text.length * 3;
    if (most > this.#bytes.length) this.#bytes = new Uint8Array(most * 2);
    const { written } = this.#encoder.encodeInto(text, this.#bytes);
    this.#hash.hash({ bytes: this.#bytes, start: 0, end: written }, this.#digest, 0);
    return this.#digest;
  }
}

/** A digest as a key of a Map. */
export function digestKey([a = 0, b = 0, c = 0, d = 0]: Uint32Array): string {
  return String.fromCharCode(
    a & 0xffff,
    a >>> 16,
    b & 0xffff,
    b >>> 16,
    c & 0xffff,
    c >>> 16,
    d & 0xffff,
    d >>> 16,
  );
}

/**
 * The digest of a multiset of rows in any order, of constant size: the sum of the rows' digests.
 * A row may be removed before it is added.
 */
export class RowSetDigest {
  readonly #sum: Uint32Array;

  constructor(sum: ArrayLike<number> = [0, 0, 0, 0]) {
    this.#sum = Uint32Array.from(sum);
  }

  add(digest: Uint32Array): void {
    let carry = 0;
    for (let i = 0; i < 4; i++) {
      const sum = (this.#sum[i] ?? 0) + (digest[i] ?? 0) + carry;
      this.#sum[i] = sum;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  remove(digest: Uint32Array): void {
    let borrow = 0;
    for (let i = 0; i < 4; i++) {
      const difference = (this.#sum[i] ?? 0) - (digest[i] ?? 0) - borrow;
      this.#sum[i] = difference;
      borrow = difference < 0 ? 1 : 0;
    }
  }

  equals(other: RowSetDigest): boolean {
    return this.#sum.every((word, i) => word === other.#sum[i]);
  }

  copy(): RowSetDigest {
    return new RowSetDigest(this.#sum);
  }
}
