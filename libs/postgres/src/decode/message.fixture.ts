import { resolveCodec } from '../catalog/column-type.ts';
import type { PublishedTable } from '../catalog/published-table.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

export const unchanged = Symbol('unchanged');

/** A value of a tuple: binary bytes, a text, NULL or unchanged. */
export type TupleValue = Uint8Array | string | null | typeof unchanged;

export interface ColumnSpec {
  readonly name: string;
  readonly typeOid: number;
  readonly typmod?: number;
  readonly isKey?: boolean;
}

export const RELATION_OID = 4711;

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Big-endian integers of `size` bytes. */
export function int(size: 1 | 2 | 4 | 8, ...values: readonly (number | bigint)[]): Bytes {
  const bytes = new Uint8Array(size * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    const big = BigInt.asUintN(size * 8, BigInt(value));
    for (let at = 0; at < size; at++) {
      view.setUint8(i * size + at, Number((big >> BigInt((size - 1 - at) * 8)) & 0xffn));
    }
  });
  return bytes;
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A table of built-in types as the catalog would describe it. */
export function tableOf(columns: readonly ColumnSpec[]): PublishedTable {
  const server = { version: 180000 };
  const sources = columns.map(({ name, typeOid, typmod = -1, isKey = false }, i) => ({
    name,
    attnum: i + 1,
    typeOid,
    typmod,
    notNull: isKey,
    hasDefault: false,
    codec: resolveCodec(new Map(), { oid: typeOid, typmod }, server),
  }));
  return {
    schema: {
      table: { namespace: 'public', name: 't' },
      version: 1,
      fields: sources.map(({ name, attnum, codec, notNull }) => ({
        id: attnum,
        name,
        type: codec.field,
        nullable: !notNull,
      })),
      key: columns.flatMap(({ isKey = false }, i) => (isKey ? [i] : [])),
    },
    columns: sources,
    replicaIdentity: 'default',
    hasPrimaryKey: columns.some(({ isKey = false }) => isKey),
    relationOid: RELATION_OID,
    isPartitioned: false,
    estimatedRows: 0,
    binary: sources.every(({ codec }) => codec.binary !== 'text-only'),
    rowFilter: undefined,
    missingDefaults: new Map(),
  };
}

export function relation(columns: readonly ColumnSpec[], identity = 'd'): Bytes {
  const described = columns.map(({ name, typeOid, typmod = -1, isKey = false }) =>
    concat([isKey || identity === 'f' ? 1 : 0], utf8(`${name}\0`), int(4, typeOid, typmod)),
  );
  const head = concat(utf8('R'), int(4, RELATION_OID), utf8(`public\0t\0${identity}`));
  return concat(head, int(2, columns.length), ...described);
}

export function begin(lsn: bigint, xid = 7): Bytes {
  return concat(utf8('B'), int(8, lsn, 0), int(4, xid));
}

export function commit(lsn: bigint, end: bigint): Bytes {
  return concat(utf8('C'), [0], int(8, lsn, end, 0));
}

/** A row message: `I` with `N`, `U` with `K` or `O` and `N`, `D` with `K` or `O`. */
export function row(
  type: 'I' | 'U' | 'D',
  ...tuples: readonly (readonly [tag: 'N' | 'K' | 'O', values: readonly TupleValue[]])[]
): Bytes {
  const images = tuples.map(([tag, values]) => concat(utf8(tag), tuple(values)));
  return concat(utf8(type), int(4, RELATION_OID), ...images);
}

function tuple(values: readonly TupleValue[]): Bytes {
  const encoded = values.map((value) => {
    if (value === null) return utf8('n');
    if (value === unchanged) return utf8('u');
    const bytes = typeof value === 'string' ? utf8(value) : value;
    return concat(utf8(typeof value === 'string' ? 't' : 'b'), int(4, bytes.length), bytes);
  });
  return concat(int(2, values.length), ...encoded);
}

/** A binary COPY of rows of binary values. */
export function copyStream(rows: readonly (readonly (Uint8Array | null)[])[]): Bytes {
  const encoded = rows.map((values) =>
    concat(
      int(2, values.length),
      ...values.map((value) => (value ? concat(int(4, value.length), value) : int(4, -1))),
    ),
  );
  return concat(copyHeader(), ...encoded, int(2, -1));
}

export function copyHeader(): Bytes {
  return concat(utf8('PGCOPY\n'), [255], utf8('\r\n\0'), int(4, 0, 0));
}
