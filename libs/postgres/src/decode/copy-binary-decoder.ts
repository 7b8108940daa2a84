import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import type { PublishedTable } from '../catalog/published-table.ts';
import type { ValueDecoder } from '../types/column-codec.ts';
import { TypeChanged, WireValue } from '../types/wire-value.ts';
import type { OutOfRange } from '../types/wire-value.ts';
import { malformed } from './malformed.ts';
import { valueFailure } from './value-failure.ts';

/** `PGCOPY\n\377\r\n\0`, then flags and the length of an extension, 32 bits each. */
const SIGNATURE = [80, 71, 67, 79, 80, 89, 10, 255, 13, 10, 0];
const HEADER = SIGNATURE.length + 8;
const NO_BYTES = new Uint8Array(0);
/** A larger buffer is let go of once it is empty. */
const KEPT_BYTES = 1 << 20;
/** What one value can have at most (`MaxAllocSize`). */
const MAX_VALUE = 0x3fffffff;

export interface CopyBinaryOptions {
  /** What becomes of values that a nullable field cannot hold; in a key they always stop. */
  readonly outOfRange?: OutOfRange;
  /** Rows for which a batch has room before it grows. */
  readonly capacity?: number;
}

/**
 * Decodes what `COPY … TO STDOUT (FORMAT binary)` sends of a table's columns in their order, those
 * with `copyCast: 'text'` cast to text.
 *
 * `push` the CopyData contents in any pieces, `take` the rows whenever there are enough, `finish`
 * at the end. After an error the decoder is done.
 */
export class CopyBinaryDecoder {
  readonly #table: PublishedTable;
  readonly #decoders: readonly ValueDecoder[];
  readonly #nullable: Uint8Array;
  readonly #capacity: number;
  readonly #nullsOutOfRange: boolean;
  readonly #value = new WireValue();
  #batch: ColumnBatch;
  /** Bytes that were pushed and not decoded: `#rest[0, #restLength)`. */
  #rest = NO_BYTES;
  #restLength = 0;
  /** How many bytes there have to be before it is worth looking at them again. */
  #needed = HEADER;
  /** Bytes of the stream before those at hand. */
  #offset = 0;
  /** Where the bytes at hand begin in their buffer, the row that is read, its column. */
  #origin = 0;
  #at = 0;
  #column = 0;
  #state: 'header' | 'rows' | 'ended' = 'header';

  constructor(table: PublishedTable, options: CopyBinaryOptions = {}) {
    this.#table = table;
    this.#decoders = table.columns.map(({ codec: { binary, text } }) =>
      binary === 'text-only' ? text : binary,
    );
    this.#nullable = Uint8Array.from(table.schema.fields, (field) => (field.nullable ? 1 : 0));
    this.#capacity = options.capacity ?? 1024;
    this.#nullsOutOfRange = options.outOfRange === 'null';
    this.#batch = new ColumnBatch(table.schema.fields, this.#capacity);
  }

  /** Rows decoded since the last `take`. */
  get rows(): number {
    return this.#batch.length;
  }

  /** How many values became NULL because their field cannot hold them. */
  get nulled(): number {
    return this.#value.nulled;
  }

  /** The rows decoded since the last call. */
  take(): ColumnBatch {
    const batch = this.#batch;
    this.#batch = new ColumnBatch(this.#table.schema.fields, this.#capacity);
    return batch;
  }

  /**
   * Decodes `bytes[start, end)`, which follow those of the last call. What is no whole row yet is
   * copied; the caller may use the buffer again.
   * @throws PostgresError `postgres/malformed-message`, `postgres/value-out-of-range`,
   *   `postgres/schema-change-unsupported`
   */
  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (this.#restLength === 0) {
      const at = this.#decode(bytes, start, end);
      if (at < end) this.#keep(bytes, at, end);
      return;
    }
    this.#keep(bytes, start, end);
    if (this.#restLength < this.#needed) return;
    const at = this.#decode(this.#rest, 0, this.#restLength);
    this.#rest.copyWithin(0, at, this.#restLength);
    this.#restLength -= at;
    if (this.#restLength === 0 && this.#rest.length > KEPT_BYTES) this.#rest = NO_BYTES;
  }

  /** The stream ended. @throws PostgresError unless its trailer was the last of it. */
  finish(): void {
    this.#at = this.#origin;
    if (this.#state !== 'ended') this.#fail('the stream ends without its trailer');
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#restLength + end - start;
    if (length > this.#rest.length) {
      const larger = new Uint8Array(Math.max(length, this.#rest.length * 2));
      larger.set(this.#rest.subarray(0, this.#restLength));
      this.#rest = larger;
    }
    this.#rest.set(bytes.subarray(start, end), this.#restLength);
    this.#restLength = length;
  }

  /** Decodes all that is whole; returns where the rest begins, and sets `#needed` for it. */
  #decode(bytes: Uint8Array, start: number, end: number): number {
    this.#value.use(bytes);
    this.#origin = start;
    this.#at = start;
    let next = this.#state === 'header' ? this.#header(end) : start;
    while (next >= 0 && next < end) {
      this.#at = next;
      if (this.#state === 'ended') this.#fail('bytes behind the trailer');
      next = this.#rowOrFailure(next, end);
    }
    if (next < 0) this.#needed = -next;
    else this.#at = next;
    const at = this.#at;
    this.#offset += at - start;
    this.#origin = at;
    return at;
  }

  /** Reads the header; returns where it ends, or minus the bytes that it has. */
  #header(end: number): number {
    const { bytes, view } = this.#value;
    const start = this.#at;
    const known = Math.min(SIGNATURE.length, end - start);
    for (let i = 0; i < known; i++) {
      if (bytes[start + i] !== SIGNATURE[i]) this.#fail('not the signature of a binary COPY');
    }
    if (end - start < HEADER) return -HEADER;
    if (view.getInt32(start + SIGNATURE.length) !== 0) this.#fail('flags that are not known');
    const extension = view.getInt32(start + SIGNATURE.length + 4);
    if (extension < 0 || extension > MAX_VALUE) this.#fail('a header of impossible length');
    if (end - start < HEADER + extension) return -(HEADER + extension);
    this.#state = 'rows';
    return start + HEADER + extension;
  }

  #rowOrFailure(start: number, end: number): number {
    try {
      return this.#row(start, end);
    } catch (error) {
      throw valueFailure(error, {
        message: 'COPY',
        offset: this.#offset + this.#value.start - this.#origin,
        schema: this.#table.schema,
        column: this.#column,
      });
    }
  }

  /** Decodes one row; returns where it ends, or minus the bytes that it has at least. */
  #row(start: number, end: number): number {
    const value = this.#value;
    const { view } = value;
    if (end - start < 2) return -2;
    const count = view.getInt16(start);
    if (count === -1) {
      this.#state = 'ended';
      return start + 2;
    }
    const decoders = this.#decoders;
    if (count !== decoders.length) this.#fail('a row of other columns');
    const { columns } = this.#batch;
    const { nulled } = value;
    let at = start + 2;
    for (let i = 0; i < count; i++) {
      const from = at + 4;
      const length = from > end ? 0 : view.getInt32(at);
      if (from > end || length > end - from) {
        if (length > MAX_VALUE) this.#fail('a value of impossible length');
        this.#batch.truncate(this.#batch.length);
        value.nulled = nulled;
        return -(from - start + length);
      }
      this.#column = i;
      at = from;
      if (length >= 0) {
        at += length;
        value.start = from;
        value.end = at;
        if (this.#nullsOutOfRange) value.outOfRange = this.#nullable[i] === 1 ? 'null' : 'stop';
        (decoders[i] as ValueDecoder)(value, columns[i] as Column);
      } else {
        this.#absent(columns[i] as Column, length);
      }
    }
    this.#batch.endRow();
    return at;
  }

  #absent(column: Column, length: number): void {
    if (length !== -1) this.#fail('a value of negative length');
    if (this.#nullable[this.#column] === 0) throw new TypeChanged('its key holds NULL');
    column.appendNull();
  }

  /** @throws PostgresError at the row, or the header, that is read */
  #fail(reason: string): never {
    const offset = this.#offset + this.#at - this.#origin;
    throw malformed({ message: 'COPY', offset }, reason);
  }
}
