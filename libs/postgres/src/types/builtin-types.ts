import { bitStringCodec } from './bit-string.ts';
import { booleanCodec } from './boolean.ts';
import { byteaCodec } from './bytea.ts';
import type { ColumnCodec } from './column-codec.ts';
import { dateCodec } from './date.ts';
import { float4Codec, float8Codec } from './float.ts';
import { cidCodec, pgLsnCodec, tidCodec, xid8Codec } from './identifiers.ts';
import { int2Codec, int4Codec, int8Codec, unsigned4Codec } from './integer.ts';
import { intervalCodec } from './interval.ts';
import { moneyCodec } from './money.ts';
import { cidrCodec, inetCodec, macaddr8Codec, macaddrCodec } from './network.ts';
import { numericCodec } from './numeric.ts';
import { charCodec, jsonbCodec, jsonCodec, textCodec } from './text.ts';
import { timeCodec, timetzCodec } from './time.ts';
import { timestampCodec, timestamptzCodec } from './timestamp.ts';
import { uuidCodec } from './uuid.ts';

/** What a codec depends on besides the type and its typmod. */
export interface ServerFacts {
  /** `server_version_num`, e.g. 180004. */
  readonly version: number;
}

interface BuiltinType {
  readonly oid: number;
  readonly name: string;
  readonly codec: ColumnCodec | ((typmod: number, server: ServerFacts) => ColumnCodec);
}

/** The built-in base types that have codecs of their own. OIDs are fixed (`pg_type.dat`). */
export const builtinTypes: readonly BuiltinType[] = [
  { oid: 16, name: 'bool', codec: booleanCodec },
  { oid: 17, name: 'bytea', codec: byteaCodec },
  { oid: 18, name: 'char', codec: charCodec },
  { oid: 19, name: 'name', codec: textCodec },
  { oid: 20, name: 'int8', codec: int8Codec },
  { oid: 21, name: 'int2', codec: int2Codec },
  { oid: 23, name: 'int4', codec: int4Codec },
  { oid: 25, name: 'text', codec: textCodec },
  { oid: 26, name: 'oid', codec: unsigned4Codec },
  { oid: 27, name: 'tid', codec: tidCodec },
  { oid: 28, name: 'xid', codec: unsigned4Codec },
  { oid: 29, name: 'cid', codec: cidCodec },
  { oid: 114, name: 'json', codec: jsonCodec },
  { oid: 142, name: 'xml', codec: textCodec },
  { oid: 650, name: 'cidr', codec: cidrCodec },
  { oid: 700, name: 'float4', codec: float4Codec },
  { oid: 701, name: 'float8', codec: float8Codec },
  { oid: 774, name: 'macaddr8', codec: macaddr8Codec },
  { oid: 790, name: 'money', codec: moneyCodec },
  { oid: 829, name: 'macaddr', codec: macaddrCodec },
  { oid: 869, name: 'inet', codec: inetCodec },
  { oid: 1042, name: 'bpchar', codec: textCodec },
  { oid: 1043, name: 'varchar', codec: textCodec },
  { oid: 1082, name: 'date', codec: dateCodec },
  { oid: 1083, name: 'time', codec: timeCodec },
  { oid: 1114, name: 'timestamp', codec: timestampCodec },
  { oid: 1184, name: 'timestamptz', codec: timestamptzCodec },
  { oid: 1186, name: 'interval', codec: (_, server) => intervalCodec(server.version) },
  { oid: 1266, name: 'timetz', codec: timetzCodec },
  { oid: 1560, name: 'bit', codec: bitStringCodec },
  { oid: 1562, name: 'varbit', codec: bitStringCodec },
  { oid: 1700, name: 'numeric', codec: numericCodec },
  { oid: 2950, name: 'uuid', codec: uuidCodec },
  { oid: 3220, name: 'pg_lsn', codec: pgLsnCodec },
  { oid: 3802, name: 'jsonb', codec: jsonbCodec },
  { oid: 5069, name: 'xid8', codec: xid8Codec },
];
