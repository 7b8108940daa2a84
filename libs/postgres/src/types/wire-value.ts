import type { Column } from '@cdc-demo/cdc-core';

const NO_BYTES = new Uint8Array(0);

/** The bytes are not what the type's send or output function writes. Decoders add where. */
export class MalformedValue extends Error {}

/** The value is real, but the field cannot hold it. Decoders add the table and the column. */
export class ValueOutOfRange extends Error {}

/** The type itself is no longer the one that was read from the catalog. */
export class TypeChanged extends Error {}

/** What becomes of a value that its field cannot hold. */
export type OutOfRange = 'stop' | 'null';

/**
 * The value at hand: `bytes[start, end)`. One object serves every value of a decoder, so that a
 * value costs no allocation. A decoding function may move `start` and `end` as it likes.
 */
export class WireValue {
  /** Never a Buffer, whose views cost several times as much. */
  bytes: Uint8Array = NO_BYTES;
  /** Over the whole buffer of `bytes`, offsets as in `bytes`. */
  view: DataView = new DataView(NO_BYTES.buffer);
  start = 0;
  end = 0;
  outOfRange: OutOfRange = 'stop';
  /** How many values became NULL because their field cannot hold them. */
  nulled = 0;
  #given: Uint8Array = NO_BYTES;

  /** Moves to another buffer; `start` and `end` are the caller's to set. */
  use(bytes: Uint8Array): void {
    if (bytes === this.#given) return;
    const { buffer, byteOffset, byteLength } = bytes;
    this.#given = bytes;
    this.bytes = new Uint8Array(buffer, byteOffset, byteLength);
    this.view = new DataView(buffer, byteOffset, byteLength);
  }

  /**
   * A value over other bytes, read for a part of this one; `leave` it afterwards.
   * Needed only where the part is escaped and so stands nowhere as it is.
   */
  enter(bytes: Uint8Array): WireValue {
    const part = new WireValue();
    part.use(bytes);
    part.end = bytes.length;
    part.outOfRange = this.outOfRange;
    return part;
  }

  leave(part: WireValue): void {
    this.nulled += part.nulled;
  }

  /** @throws MalformedValue unless the value has exactly `length` bytes. */
  expect(length: number): void {
    if (this.end - this.start !== length) {
      throw new MalformedValue(`expected ${length} bytes, found ${this.end - this.start}`);
    }
  }

  /**
   * Follows the policy for a value that the field cannot hold.
   * @param reason what kind of value it is, never the value
   * @throws ValueOutOfRange under `stop`.
   */
  reject(column: Column, reason: string): void {
    if (this.outOfRange === 'stop') throw new ValueOutOfRange(reason);
    this.nulled++;
    column.appendNull();
  }
}
