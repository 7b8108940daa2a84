import {
  BytesColumn,
  ColumnBatch,
  ListColumn,
  MapColumn,
  PRESENT,
  StructColumn,
} from '@cdc-demo/cdc-core';
import type { Column, Field, FieldType } from '@cdc-demo/cdc-core';
import { VariantMetadata } from '../../variant/variant-metadata.ts';
import { memberOf, variantReader } from '../../variant/variant-reader.ts';
import type { Place } from './place.ts';

/** What a file has for a variant of which it has nothing. */
const NOTHING: FieldType = { kind: 'struct', fields: [] };

export function hasVariant(type: FieldType): boolean {
  switch (type.kind) {
    case 'variant':
      return true;
    case 'list':
      return hasVariant(type.element.type);
    case 'map':
      return hasVariant(type.value.type) || hasVariant(type.key.type);
    case 'struct':
      return type.fields.some((field) => hasVariant(field.type));
    default:
      return false;
  }
}

/**
 * The fields to read of a file for `wanted`: in place of each variant the group that the file has
 * for it, which may be shredded.
 * @param found the file's own fields
 * @throws LakeError `lake/parquet-type` where the file has no variant in its place
 */
export function storedFields(
  wanted: readonly Field[],
  found: readonly Field[],
  how: { readonly match: 'name' | 'id'; readonly place: Place },
): Field[] {
  return wanted.map((field) => {
    if (!hasVariant(field.type)) return field;
    const byId = how.match === 'id' && field.id !== 0;
    const own = found.find((one) => (byId ? one.id === field.id : one.name === field.name));
    const place = how.place.at([field.name]);
    return { ...field, type: storedType(field.type, own?.type ?? NOTHING, { ...how, place }) };
  });
}

function storedType(
  wanted: FieldType,
  found: FieldType,
  how: { readonly match: 'name' | 'id'; readonly place: Place },
): FieldType {
  if (wanted.kind === 'variant') {
    if (found === NOTHING) return NOTHING;
    const names = found.kind === 'struct' ? found.fields.map(({ name }) => name) : [];
    if (names.includes('metadata') && found.kind === 'struct') return withoutIds(found);
    throw how.place.mismatch('the table has a variant, the file something else');
  }
  const nested = (field: Field, own: Field): Field => ({
    ...field,
    type: storedType(field.type, own.type, how),
  });
  if (wanted.kind === 'struct' && found.kind === 'struct') {
    return { ...wanted, fields: storedFields(wanted.fields, found.fields, how) };
  }
  if (wanted.kind === 'list' && found.kind === 'list') {
    return { ...wanted, element: nested(wanted.element, found.element) };
  }
  if (wanted.kind === 'map' && found.kind === 'map') {
    return { ...wanted, key: wanted.key, value: nested(wanted.value, found.value) };
  }
  return wanted;
}

/** The parts of a variant are found by their names. */
function withoutIds<T extends FieldType>(type: T): T {
  const plain = (field: Field): Field => ({ ...field, id: 0, type: withoutIds(field.type) });
  if (type.kind === 'struct') return { ...type, fields: type.fields.map(plain) };
  return type.kind === 'list' ? { ...type, element: plain(type.element) } : type;
}

/**
 * The batch in `fields`, its variants made of the groups that were read for them.
 * @throws LakeError `lake/parquet-corrupt` for a variant that is none
 */
export function assembleVariants(
  batch: ColumnBatch,
  fields: readonly Field[],
  place: Place,
): ColumnBatch {
  const columns = batch.columns.map((column, i) => {
    const field = fields[i];
    if (!field || !hasVariant(field.type)) return column;
    try {
      return assembled(column, field.type);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw place.at([field.name]).corrupt(`a variant cannot be decoded: ${cause.message}`, cause);
    }
  });
  return ColumnBatch.of(fields, columns, batch.length);
}

function assembled(column: Column, type: FieldType): Column {
  if (type.kind === 'variant') return variantColumn(column, type);
  if (column instanceof StructColumn && type.kind === 'struct') {
    const fields = column.fields.map((field, i) => assembled(field, type.fields[i]?.type ?? type));
    return sameRows(new StructColumn(type, fields, 0), column);
  }
  if (column instanceof ListColumn && type.kind === 'list') {
    const list = new ListColumn(type, assembled(column.element, type.element.type), 0);
    list.offsets = column.offsets;
    return sameRows(list, column);
  }
  if (column instanceof MapColumn && type.kind === 'map') {
    const value = assembled(column.val, type.value.type);
    const map = new MapColumn(type, { key: column.key, value }, 0);
    map.offsets = column.offsets;
    return sameRows(map, column);
  }
  return column;
}

function sameRows(column: Column, source: Column): Column {
  column.presence = source.presence;
  column.length = source.length;
  return column;
}

function variantColumn(group: Column, type: FieldType): BytesColumn {
  const column = new BytesColumn(type, group.length);
  if (!(group instanceof StructColumn)) return column;
  const metadata = memberOf(group, 'metadata');
  const read = variantReader(group);
  for (let row = 0; row < group.length; row++) {
    if (group.presence[row] !== PRESENT) column.appendNull();
    else if (!(metadata instanceof BytesColumn) || metadata.presence[row] !== PRESENT) {
      throw new RangeError('it has no metadata');
    } else {
      // What is missing where a value has to be is the variant NULL.
      column.appendString(read(row, new VariantMetadata(metadata.bytes(row))) ?? 'null');
    }
  }
  return column;
}
