import { malformed } from './malformed.ts';

const decoder = new TextDecoder('utf-8');

/** 2000-01-01 in microseconds since 1970-01-01. */
const POSTGRES_EPOCH_US = 946_684_800_000_000n;

/** Reads the fields of one message from front to end; every length is checked. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #kind: string;
  readonly #start: number;
  readonly #end: number;
  #at: number;

  /**
   * @param kind what the message is called in errors
   * @param buffer where it stands, its type byte at `span.start`
   */
  constructor(
    kind: string,
    buffer: { readonly bytes: Uint8Array; readonly view: DataView },
    span: { readonly start: number; readonly end: number },
  ) {
    this.#kind = kind;
    this.#view = buffer.view;
    this.#bytes = buffer.bytes;
    this.#start = span.start;
    this.#end = span.end;
    this.#at = span.start + 1;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  /** Text up to a zero byte. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0 || end >= this.#end) this.fail('text without its end');
    const text = decoder.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  /** The next `length` bytes; a view. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** @throws PostgresError unless everything was read. */
  finish(): void {
    if (this.#at !== this.#end) this.fail('bytes are left over');
  }

  fail(reason: string): never {
    throw malformed({ message: this.#kind, offset: this.#at - this.#start }, reason);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length < 0 || length > this.#end - at) this.fail('the message is too short');
    this.#at = at + length;
    return at;
  }
}

/** A time as messages have it, as microseconds since 1970-01-01. */
export function postgresTime(sinceEpochUs: bigint): bigint {
  return sinceEpochUs + POSTGRES_EPOCH_US;
}
