import { formatUuid } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import fc from 'fast-check';

const leaves: readonly FieldType[] = [
  { kind: 'boolean' },
  { kind: 'int', bits: 8 },
  { kind: 'int', bits: 16 },
  { kind: 'int', bits: 32 },
  { kind: 'int', bits: 64 },
  { kind: 'float', bits: 32 },
  { kind: 'float', bits: 64 },
  { kind: 'decimal', precision: 9, scale: 4 },
  { kind: 'decimal', precision: 18, scale: 0 },
  { kind: 'decimal', precision: 38, scale: 10 },
  { kind: 'string' },
  { kind: 'json' },
  { kind: 'uuid' },
  { kind: 'binary' },
  { kind: 'date' },
  { kind: 'time' },
  { kind: 'timestamp', zone: 'utc' },
  { kind: 'timestamp', zone: 'none' },
];

const field = (name: string, type: FieldType, nullable = true): Field => ({
  id: 0,
  name,
  type,
  nullable,
});

/** Every kind of type, nested ones up to two levels deep. */
export const arbitraryType: fc.Arbitrary<FieldType> = fc.letrec<{ type: FieldType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom(...leaves),
    tie('type').map((type): FieldType => ({ kind: 'list', element: field('element', type) })),
    fc.tuple(fc.constantFrom(...leaves.filter(({ kind }) => kind !== 'float')), tie('type')).map(
      ([key, value]): FieldType => ({
        kind: 'map',
        key: field('key', key, false),
        value: field('value', value),
      }),
    ),
    fc.array(tie('type'), { minLength: 1, maxLength: 3 }).map(
      (types): FieldType => ({
        kind: 'struct',
        fields: types.map((type, i) => field(`f${String(i)}`, type)),
      }),
    ),
  ),
})).type;

/** Values of a type, edge values and null included. */
export function arbitraryValue(type: FieldType): fc.Arbitrary<FieldValue> {
  return fc.option(presentValue(type), { freq: 5 });
}

function presentValue(type: FieldType): fc.Arbitrary<FieldValue> {
  switch (type.kind) {
    case 'boolean':
      return fc.boolean();
    case 'int':
      if (type.bits === 64) return signed(64);
      return fc.integer({ min: -(2 ** (type.bits - 1)), max: 2 ** (type.bits - 1) - 1 });
    case 'float':
      return type.bits === 32 ? fc.float() : fc.double();
    case 'decimal': {
      const largest = 10n ** BigInt(type.precision) - 1n;
      return fc.bigInt({ min: -largest, max: largest });
    }
    case 'uuid':
      return fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => formatUuid(bytes));
    case 'binary':
      return fc.uint8Array({ maxLength: 80 });
    case 'date':
      return fc.integer({ min: -719_162, max: 2_932_896 });
    case 'time':
      return fc.bigInt({ min: 0n, max: 86_399_999_999n });
    case 'timestamp':
      return fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });
    case 'list':
      return fc.array(arbitraryValue(type.element.type), { maxLength: 4 });
    case 'map':
      return fc.array(fc.tuple(presentValue(type.key.type), arbitraryValue(type.value.type)), {
        maxLength: 3,
      });
    case 'struct':
      return fc.record(
        Object.fromEntries(type.fields.map(({ name, type: t }) => [name, arbitraryValue(t)])),
        { noNullPrototype: true },
      );
    default:
      return fc.string({ unit: 'grapheme', maxLength: 60 });
  }
}

function signed(bits: number): fc.Arbitrary<bigint> {
  const half = 2n ** BigInt(bits - 1);
  return fc.bigInt({ min: -half, max: half - 1n });
}
