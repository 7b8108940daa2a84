import { isJsonObject, parseExactJson } from '@cdc-demo/lake-core';
import type { ExactJson } from '@cdc-demo/lake-core';
import avro from 'avsc';

const LONG_BYTES = 8;

/** Longs are bigint: ids of snapshots have 63 bits. */
const exactLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer): bigint => bytes.readBigInt64LE(),
  toBuffer: (value: bigint): Buffer => {
    const bytes = Buffer.alloc(LONG_BYTES);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: (value: unknown): bigint => BigInt(value as number),
  toJSON: Number,
  isValid: (value: unknown): boolean => typeof value === 'bigint',
  compare: (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b)),
});

/** Schemas whose types are kept: to make a type takes longer than to read a small file. */
const KEPT_TYPES = 64;
const known = new Map<string, AvroSchema>();

export interface AvroSchema {
  readonly json: ExactJson;
  readonly type: avro.Type;
}

/** A schema with exact longs, from its JSON. @throws Error when it is none */
export function avroSchema(text: string): AvroSchema {
  const found = known.get(text) ?? parseSchema(text);
  known.delete(text);
  known.set(text, found);
  const [oldest] = known.keys();
  if (known.size > KEPT_TYPES && oldest !== undefined) known.delete(oldest);
  return found;
}

function parseSchema(text: string): AvroSchema {
  const json = parseExactJson(text);
  const type = avro.Type.forSchema(json as avro.Schema, { typeHook, wrapUnions: 'auto' });
  return { json, type };
}

function typeHook(schema: unknown): avro.Type | undefined {
  if (schema === 'long') return exactLong;
  const isLong =
    isJsonObject(schema as ExactJson) && (schema as { type?: unknown }).type === 'long';
  return isLong ? exactLong : undefined;
}
