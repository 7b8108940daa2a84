import { jsonText } from './json-text.ts';
import { VariantBytes } from './variant-bytes.ts';
import type { VariantMetadata } from './variant-metadata.ts';

const OBJECT = 2;

/**
 * A value of the Variant encoding as JSON text, members of objects in their stored order, that of
 * their names.
 * @throws RangeError when the bytes are no variant, or of a type that is not known
 */
export function variantJson(metadata: VariantMetadata, bytes: Uint8Array): string {
  return jsonAt(new VariantBytes(bytes), 0, metadata);
}

/**
 * The members of a value that is an object, as name and JSON text.
 * @throws as `variantJson`, and RangeError for another value
 */
export function variantMembers(metadata: VariantMetadata, bytes: Uint8Array): [string, string][] {
  const value = new VariantBytes(bytes);
  if ((value.byte(0) & 3) !== OBJECT)
    throw new RangeError('A variant is no object as it should be');
  return membersAt(value, 0, metadata);
}

function jsonAt(value: VariantBytes, at: number, metadata: VariantMetadata): string {
  const header = value.byte(at) >> 2;
  switch (value.byte(at) & 3) {
    case 0:
      return primitiveAt(value, at + 1, header);
    case 1:
      return jsonText.string(value.text(at + 1, at + 1 + header));
    case OBJECT:
      return jsonText.object(membersAt(value, at, metadata));
    default:
      return jsonText.array(itemsAt(value, at, metadata));
  }
}

function membersAt(value: VariantBytes, at: number, metadata: VariantMetadata): [string, string][] {
  const header = value.byte(at) >> 2;
  const sizes = {
    offset: (header & 3) + 1,
    id: ((header >> 2) & 3) + 1,
    count: (header & 16) === 0 ? 1 : 4,
  };
  const count = value.unsigned(at + 1, sizes.count);
  const ids = at + 1 + sizes.count;
  const offsets = ids + count * sizes.id;
  const values = offsets + (count + 1) * sizes.offset;
  assertFits(value, values);
  return Array.from({ length: count }, (_, i) => {
    const name = metadata.name(value.unsigned(ids + i * sizes.id, sizes.id));
    const offset = value.unsigned(offsets + i * sizes.offset, sizes.offset);
    return [name, jsonAt(value, values + offset, metadata)];
  });
}

function itemsAt(value: VariantBytes, at: number, metadata: VariantMetadata): string[] {
  const header = value.byte(at) >> 2;
  const sizes = { offset: (header & 3) + 1, count: (header & 4) === 0 ? 1 : 4 };
  const count = value.unsigned(at + 1, sizes.count);
  const offsets = at + 1 + sizes.count;
  const values = offsets + (count + 1) * sizes.offset;
  assertFits(value, values);
  return Array.from({ length: count }, (_, i) => {
    const offset = value.unsigned(offsets + i * sizes.offset, sizes.offset);
    return jsonAt(value, values + offset, metadata);
  });
}

/** A count that is wrong must not ask for more memory than the value has bytes. */
function assertFits(value: VariantBytes, end: number): void {
  if (end > value.bytes.length) throw new RangeError('A variant ends too early');
}

/** @param type "Variant primitive types" of the encoding */
function primitiveAt(value: VariantBytes, at: number, type: number): string {
  switch (type) {
    case 0:
      return 'null';
    case 1:
      return 'true';
    case 2:
      return 'false';
    case 3:
      return jsonText.integer(value.int8(at));
    case 4:
      return jsonText.integer(value.int16(at));
    case 5:
      return jsonText.integer(value.int32(at));
    case 6:
      return jsonText.integer(value.int64(at));
    case 7:
      return jsonText.float(value.float64(at), 64);
    case 8:
      return jsonText.decimal(BigInt(value.int32(at + 1)), value.byte(at));
    case 9:
      return jsonText.decimal(value.int64(at + 1), value.byte(at));
    case 10:
      return jsonText.decimal(value.int128(at + 1), value.byte(at));
    case 14:
      return jsonText.float(value.float32(at), 32);
    case 15:
      return jsonText.binary(value.slice(at + 4, at + 4 + value.unsigned(at, 4)));
    case 16:
      return jsonText.string(value.text(at + 4, at + 4 + value.unsigned(at, 4)));
    case 20:
      return jsonText.uuid(value.slice(at, at + 16));
    default:
      return temporalAt(value, at, type);
  }
}

function temporalAt(value: VariantBytes, at: number, type: number): string {
  switch (type) {
    case 11:
      return jsonText.date(value.int32(at));
    case 12:
      return jsonText.timestamp(value.int64(at), 'utc');
    case 13:
      return jsonText.timestamp(value.int64(at), 'none');
    case 17:
      return jsonText.time(value.int64(at));
    case 18:
      return jsonText.timestampNanos(value.int64(at), 'utc');
    case 19:
      return jsonText.timestampNanos(value.int64(at), 'none');
    default:
      throw new RangeError(`A variant has the type ${String(type)}, which is not known`);
  }
}
