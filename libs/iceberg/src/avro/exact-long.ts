import { isJsonObject } from '@cdc-demo/lake-core';
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

/** The type of a schema, with exact longs. @throws Error when it is no schema */
export function avroType(schema: ExactJson): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, { typeHook, wrapUnions: 'auto' });
}

function typeHook(schema: unknown): avro.Type | undefined {
  if (schema === 'long') return exactLong;
  const isLong =
    isJsonObject(schema as ExactJson) && (schema as { type?: unknown }).type === 'long';
  return isLong ? exactLong : undefined;
}
