import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import avro from 'avsc';

/** A zigzag variable-length integer. */
function long(value: number): Buffer {
  let rest = value < 0 ? -value * 2 - 1 : value * 2;
  const bytes: number[] = [];
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(rest % 128 | 0x80);
  return Buffer.from([...bytes, rest]);
}

function sized(bytes: Uint8Array): Buffer {
  return Buffer.concat([long(bytes.length), bytes]);
}

/** An Avro object container file of two blocks. */
export function avroFile(
  schema: object,
  records: readonly object[],
  {
    codec = 'deflate',
    metadata = {},
  }: {
    readonly codec?: 'null' | 'deflate' | 'snappy';
    readonly metadata?: Readonly<Record<string, string>>;
  } = {},
): Buffer {
  const type = avro.Type.forSchema(schema as avro.Schema, { wrapUnions: 'auto' });
  const sync = randomBytes(16);
  const header = Object.entries({
    'avro.schema': JSON.stringify(schema),
    'avro.codec': codec,
    ...metadata,
  });
  const entries = header.flatMap(([key, value]) => [
    sized(Buffer.from(key)),
    sized(Buffer.from(value)),
  ]);
  const half = Math.ceil(records.length / 2);
  const blocks = [records.slice(0, half), records.slice(half)].flatMap((part) => {
    if (part.length === 0) return [];
    const bytes = Buffer.concat(part.map((record) => type.toBuffer(record)));
    const block = codec === 'deflate' ? deflateRawSync(bytes) : bytes;
    return [long(part.length), sized(block), sync];
  });
  const count = long(header.length);
  return Buffer.concat([Buffer.from('Obj\x01'), count, ...entries, long(0), sync, ...blocks]);
}
