import { ByteBuffer } from './byte-buffer.ts';

const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

const ELEMENT_TYPES = { bool: TRUE, i32: I32, i64: I64, binary: BINARY, struct: STRUCT } as const;

const encoder = new TextEncoder();

/**
 * Writes structs in Thrift's compact protocol. Fields are written in the order of their ids.
 * Lists: `beginList`, then as many elements as announced; elements that are structs are put between
 * `beginElement` and `endStruct`.
 */
export class ThriftWriter {
  readonly #out: ByteBuffer;
  #lastId = 0;
  readonly #outerIds: number[] = [];

  constructor(out: ByteBuffer = new ByteBuffer()) {
    this.#out = out;
  }

  get out(): ByteBuffer {
    return this.#out;
  }

  bool(id: number, value: boolean): void {
    this.#header(id, value ? TRUE : FALSE);
  }

  byte(id: number, value: number): void {
    this.#header(id, BYTE);
    this.#out.appendByte(value);
  }

  i16(id: number, value: number): void {
    this.#header(id, I16);
    this.#zigzag(value);
  }

  i32(id: number, value: number): void {
    this.#header(id, I32);
    this.#zigzag(value);
  }

  /** `value` is a safe integer. */
  i64(id: number, value: number): void {
    this.#header(id, I64);
    this.#zigzag(value);
  }

  binary(id: number, value: Uint8Array): void {
    this.#header(id, BINARY);
    this.elementBinary(value);
  }

  string(id: number, value: string): void {
    this.binary(id, encoder.encode(value));
  }

  beginStruct(id: number): void {
    this.#header(id, STRUCT);
    this.beginElement();
  }

  /** A struct with no field set, as Thrift's unions use it for a case without content. */
  emptyStruct(id: number): void {
    this.beginStruct(id);
    this.endStruct();
  }

  /** Ends the struct that was begun last; at the outermost level, the message. */
  endStruct(): void {
    this.#out.appendByte(0);
    this.#lastId = this.#outerIds.pop() ?? 0;
  }

  beginList(id: number, type: keyof typeof ELEMENT_TYPES, size: number): void {
    this.#header(id, LIST);
    const code = ELEMENT_TYPES[type];
    if (size < 15) {
      this.#out.appendByte((size << 4) | code);
    } else {
      this.#out.appendByte(0xf0 | code);
      this.#out.appendVarint(size);
    }
  }

  beginElement(): void {
    this.#outerIds.push(this.#lastId);
    this.#lastId = 0;
  }

  elementBool(value: boolean): void {
    this.#out.appendByte(value ? TRUE : FALSE);
  }

  /** An i32 or i64 in a list. */
  elementInt(value: number): void {
    this.#zigzag(value);
  }

  elementBinary(value: Uint8Array): void {
    this.#out.appendVarint(value.length);
    this.#out.append(value);
  }

  elementString(value: string): void {
    this.elementBinary(encoder.encode(value));
  }

  #header(id: number, type: number): void {
    const step = id - this.#lastId;
    this.#lastId = id;
    if (step > 0 && step < 16) {
      this.#out.appendByte((step << 4) | type);
    } else {
      this.#out.appendByte(type);
      this.#zigzag(id);
    }
  }

  #zigzag(value: number): void {
    this.#out.appendVarint(value < 0 ? -2 * value - 1 : 2 * value);
  }
}
