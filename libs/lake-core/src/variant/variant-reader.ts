import {
  BooleanColumn,
  BytesColumn,
  FixedBytesColumn,
  FloatColumn,
  Int32Column,
  Int64Column,
  ListColumn,
  PRESENT,
  StructColumn,
} from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import { jsonText } from './json-text.ts';
import { variantJson, variantMembers } from './variant-json.ts';
import type { VariantMetadata } from './variant-metadata.ts';

/** A value of a row as JSON text; undefined where it is missing, as fields of objects may be. */
export type VariantReader = (row: number, metadata: VariantMetadata) => string | undefined;

/**
 * Reads a group of `value` and `typed_value` as the one value that they are together
 * ("Value Shredding" of the Variant shredding). The reader throws RangeError for a row whose parts
 * contradict one another.
 */
export function variantReader(group: StructColumn): VariantReader {
  const value = memberOf(group, 'value');
  const typed = memberOf(group, 'typed_value');
  const stored = value instanceof BytesColumn ? storedReader(value) : () => undefined;
  if (!typed) return stored;
  if (typed instanceof StructColumn) return objectReader(typed, value);
  const read = typed instanceof ListColumn ? arrayReader(typed) : primitiveReader(typed);
  return (row, metadata) => {
    if (typed.presence[row] !== PRESENT) return stored(row, metadata);
    if (value?.presence[row] === PRESENT) throw new RangeError('A variant has two values');
    return read(row, metadata);
  };
}

/** The column of a field of a struct by its name. */
export function memberOf({ type, fields }: StructColumn, name: string): Column | undefined {
  return type.kind === 'struct' ? fields[type.fields.findIndex((f) => f.name === name)] : undefined;
}

function storedReader(value: BytesColumn): VariantReader {
  return (row, metadata) =>
    value.presence[row] === PRESENT ? variantJson(metadata, value.bytes(row)) : undefined;
}

/** Fields of the object may be shredded, and the others in `value`. */
function objectReader(object: StructColumn, value: Column | undefined): VariantReader {
  const names = object.type.kind === 'struct' ? object.type.fields.map(({ name }) => name) : [];
  const fields = object.fields.flatMap((group, i) =>
    group instanceof StructColumn ? [{ name: names[i] ?? '', read: variantReader(group) }] : [],
  );
  return (row, metadata) => {
    const rest =
      value instanceof BytesColumn && value.presence[row] === PRESENT ? value : undefined;
    if (object.presence[row] !== PRESENT) return rest && variantJson(metadata, rest.bytes(row));
    const members = new Map(rest ? variantMembers(metadata, rest.bytes(row)) : []);
    for (const { name, read } of fields) {
      const text = read(row, metadata);
      if (text !== undefined) members.set(name, text);
    }
    return jsonText.object([...members].sort(byName));
  };
}

/** Names in the order of their bytes, as objects of the encoding have them. */
function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function arrayReader({ element, offsets }: ListColumn): VariantReader {
  if (!(element instanceof StructColumn)) throw new RangeError('A variant has elements of no kind');
  const read = variantReader(element);
  return (row, metadata) => {
    const items: string[] = [];
    for (let i = offsets[row] ?? 0; i < (offsets[row + 1] ?? 0); i++) {
      items.push(read(i, metadata) ?? 'null');
    }
    return jsonText.array(items);
  };
}

/** "Shredded Value Types"; whether the row is present was looked at before. */
function primitiveReader(column: Column): (row: number) => string {
  const { type } = column;
  if (column instanceof BooleanColumn) return (row) => String(column.values[row] === 1);
  if (type.kind === 'decimal') {
    return (row) => jsonText.decimal(column.value(row) as bigint, type.scale);
  }
  if (column instanceof Int32Column) {
    const format = type.kind === 'date' ? jsonText.date : jsonText.integer;
    return (row) => format(column.values[row] ?? 0);
  }
  if (column instanceof Int64Column) return longReader(column);
  if (column instanceof FloatColumn) {
    const bits = type.kind === 'float' ? type.bits : 64;
    return (row) => jsonText.float(column.values[row] ?? 0, bits);
  }
  if (column instanceof FixedBytesColumn) return (row) => jsonText.uuid(column.bytes(row));
  if (column instanceof BytesColumn) {
    return type.kind === 'binary'
      ? (row) => jsonText.binary(column.bytes(row))
      : (row) => jsonText.string(column.value(row) as string);
  }
  throw new RangeError('A variant is shredded into a type that it cannot have');
}

function longReader(column: Int64Column): (row: number) => string {
  const { type } = column;
  return (row) => {
    const value = column.value(row) as bigint;
    if (type.kind === 'timestamp') return jsonText.timestamp(value, type.zone);
    return type.kind === 'time' ? jsonText.time(value) : jsonText.integer(value);
  };
}
