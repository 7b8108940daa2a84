import {
  BooleanColumn,
  BytesColumn,
  Int32Column,
  Int64Column,
  ListColumn,
  MapColumn,
  StructColumn,
} from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import type { ExactJson } from '@cdc-demo/lake-core';
import { statsText } from './stats-text.ts';

/** Reads a present value of a row as JSON. */
export type JsonReader = (row: number) => ExactJson;

const TWO_32 = 0x1_0000_0000;

/**
 * Reads values of a checkpoint's column as a commit would have them, of the types that occur in
 * actions: maps have strings as keys and become objects, NULL is left out of structs. Typed
 * statistics (`stats_parsed`) become their text.
 */
export function jsonReader(column: Column): JsonReader {
  if (column instanceof StructColumn) return structReader(column);
  if (column instanceof MapColumn) return mapReader(column);
  if (column instanceof ListColumn) return listReader(column);
  if (column instanceof BooleanColumn) return (row) => column.values[row] === 1;
  if (column instanceof Int32Column) return (row) => column.values[row] ?? 0;
  if (column instanceof Int64Column) {
    return (row) => longJson(column.words[row * 2] ?? 0, column.words[row * 2 + 1] ?? 0);
  }
  if (column instanceof BytesColumn) return (row) => text(column.bytes(row));
  // A field that the protocol does not know.
  return () => null;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function longJson(low: number, high: number): number | bigint {
  const value = high * TWO_32 + (low >>> 0);
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low >>> 0);
}

function structReader(column: StructColumn): JsonReader {
  const types = column.type.kind === 'struct' ? column.type.fields : [];
  const members = column.fields.map((field, i) => {
    const name = types[i]?.name ?? '';
    return name === 'stats_parsed'
      ? {
          name: 'stats',
          field,
          read: (row: number) => statsText(field.type, field.value(row)) ?? null,
        }
      : { name, field, read: jsonReader(field) };
  });
  return (row) => {
    const object: Record<string, ExactJson> = {};
    for (const { name, field, read } of members) {
      if (field.presence[row] === 1) object[name] = read(row);
    }
    return object;
  };
}

function mapReader({ key, val, offsets }: MapColumn): JsonReader {
  const readKey = jsonReader(key);
  const readValue = jsonReader(val);
  return (row) => {
    const entries: [string, ExactJson][] = [];
    for (let i = offsets[row] ?? 0; i < (offsets[row + 1] ?? 0); i++) {
      entries.push([readKey(i) as string, val.presence[i] === 1 ? readValue(i) : null]);
    }
    return Object.fromEntries(entries);
  };
}

function listReader({ element, offsets }: ListColumn): JsonReader {
  const read = jsonReader(element);
  return (row) => {
    const items: ExactJson[] = [];
    for (let i = offsets[row] ?? 0; i < (offsets[row + 1] ?? 0); i++) {
      items.push(element.presence[i] === 1 ? read(i) : null);
    }
    return items;
  };
}
