import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { formatExactJson } from '@cdc-demo/lake-core';
import type { ExactJsonObject } from '@cdc-demo/lake-core';
import { avroSchema } from './exact-long.ts';

const MAGIC = Buffer.from('Obj\x01', 'latin1');
const SYNC_BYTES = 16;
/** Records that stand in one block. */
const BLOCK_RECORDS = 1000;

/**
 * Writes an Avro object container file of records (Avro specification, "Object Container Files"),
 * compressed by deflate.
 * @param schema of a record, kept in the file with all its attributes
 * @param records long as bigint, bytes as Buffer, NULL as null
 * @param metadata for the header's key-value metadata
 */
export function writeAvro(
  schema: ExactJsonObject,
  records: readonly object[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const schemaText = formatExactJson(schema);
  const { type } = avroSchema(schemaText);
  const sync = randomBytes(SYNC_BYTES);
  const entries = Object.entries({
    'avro.schema': schemaText,
    'avro.codec': 'deflate',
    ...metadata,
  });
  const parts: Uint8Array[] = [MAGIC, long(entries.length)];
  for (const [key, value] of entries)
    parts.push(...sized(Buffer.from(key)), ...sized(Buffer.from(value)));
  parts.push(long(0), sync);
  for (let at = 0; at < records.length; at += BLOCK_RECORDS) {
    const block = records.slice(at, at + BLOCK_RECORDS);
    const bytes = Buffer.concat(block.map((record) => type.toBuffer(record)));
    parts.push(long(block.length), ...sized(deflateRawSync(bytes)), sync);
  }
  return Buffer.concat(parts);
}

function sized(bytes: Uint8Array): Uint8Array[] {
  return [long(bytes.length), bytes];
}

/** A zigzag variable-length integer that is not negative. */
function long(value: number): Uint8Array {
  let rest = value * 2;
  const bytes: number[] = [];
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(rest % 128 | 0x80);
  return Uint8Array.of(...bytes, rest);
}
