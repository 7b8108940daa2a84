import { inflateRawSync } from 'node:zlib';
import type { Type } from 'avsc';
import { AvroRecord } from './avro-record.ts';
import { avroSchema } from './exact-long.ts';

const MAGIC = [0x4f, 0x62, 0x6a, 0x01];
const SYNC_BYTES = 16;
/** More bytes than any size or count has. */
const LONG_BYTES = 8;

export interface AvroFile {
  /** The header's key-value metadata as text. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly records: readonly AvroRecord[];
}

/**
 * Reads an Avro object container file of records (Avro specification, "Object Container Files"),
 * compressed by deflate or not at all.
 * @param bytes the whole file
 * @throws Error, TypeError or RangeError that says what is wrong
 */
export function readAvro(bytes: Uint8Array): AvroFile {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!MAGIC.every((byte, i) => buffer[i] === byte)) throw new Error('it is no Avro file');
  const { metadata, end } = readHeader(buffer);
  const sync = buffer.subarray(end, end + SYNC_BYTES);
  const { json: schema, type } = avroSchema(metadata.get('avro.schema') ?? '');
  const records: AvroRecord[] = [];
  let at = end + SYNC_BYTES;
  while (at < buffer.length) {
    const count = readLong(buffer, at);
    const size = readLong(buffer, count.end);
    const block = buffer.subarray(size.end, size.end + size.value);
    at = size.end + size.value + SYNC_BYTES;
    if (at > buffer.length || !buffer.subarray(at - SYNC_BYTES, at).equals(sync)) {
      throw new Error('a block ends elsewhere than it says');
    }
    const values = readBlock(inflate(block, metadata.get('avro.codec')), count.value, type);
    for (const value of values) records.push(AvroRecord.of(schema, value));
  }
  return { metadata, records };
}

function readHeader(buffer: Buffer): { metadata: Map<string, string>; end: number } {
  const metadata = new Map<string, string>();
  let at = MAGIC.length;
  for (;;) {
    const block = readLong(buffer, at);
    at = block.end;
    if (block.value === 0) return { metadata, end: at };
    // A negative count is followed by the size of the block.
    if (block.value < 0) at = readLong(buffer, at).end;
    for (let i = 0; i < Math.abs(block.value); i++) {
      const key = readText(buffer, at);
      const value = readText(buffer, key.end);
      metadata.set(key.text, value.text);
      at = value.end;
    }
  }
}

function inflate(block: Buffer, codec = 'null'): Buffer {
  if (codec === 'null') return block;
  if (codec === 'deflate') return inflateRawSync(block);
  throw new Error(`its compression is ${codec}`);
}

function* readBlock(block: Buffer, count: number, type: Type): Generator {
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { value, offset } = type.decode(block, at) as { value: unknown; offset: number };
    if (offset < 0) throw new Error('it ends in the middle of a record');
    yield value;
    at = offset;
  }
}

function readText(buffer: Buffer, at: number): { text: string; end: number } {
  const length = readLong(buffer, at);
  const end = length.end + length.value;
  if (length.value < 0 || end > buffer.length) throw new RangeError('its header is cut off');
  return { text: buffer.toString('utf8', length.end, end), end };
}

/** A zigzag variable-length integer; sizes and counts, which are small. */
function readLong(buffer: Buffer, start: number): { value: number; end: number } {
  let [value, scale, at] = [0, 1, start];
  for (;;) {
    const byte = buffer[at++];
    if (byte === undefined || at - start > LONG_BYTES) throw new RangeError('it is cut off');
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) break;
  }
  return { value: value % 2 === 0 ? value / 2 : -(value + 1) / 2, end: at };
}
