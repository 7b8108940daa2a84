import { inspect } from 'node:util';
import { arbitraryType } from '@cdc-demo/cdc-testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FieldValue } from '../columns/field-value.ts';
import type { Field, FieldType } from '../schema/field.ts';
import { describeType, sameFields, sameType } from '../schema/field.ts';
import { formatTableName } from '../schema/table-name.ts';
import { sameSchema } from '../schema/table-schema.ts';
import { canonicalJson, canonicalRow } from './canonical-json.ts';
import {
  bigIntToBytes,
  bytesToBigInt,
  decimalWidth,
  formatDecimal,
  parseDecimal,
} from './decimal.ts';
import { Secret } from './secret.ts';
import { formatDate, formatTime, formatTimestamp } from './temporal.ts';
import { formatUuid, parseUuid } from './uuid.ts';

const field = (name: string, type: FieldType): Field => ({ id: 0, name, type, nullable: true });

describe('decimals', () => {
  it('read back from their text', () => {
    const unscaled = fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n });
    fc.assert(
      fc.property(unscaled, fc.nat(38), (value, scale) => {
        expect(parseDecimal(formatDecimal(value, scale), scale)).toBe(value);
      }),
    );
  });

  it.each([
    ['12.5', 2, 1250n],
    ['-0.05', 2, -5n],
    ['+3', 0, 3n],
    ['.5', 1, 5n],
    ['1.500', 1, 15n],
    ['1.55', 1, undefined],
    ['', 2, undefined],
    ['.', 2, undefined],
    ['1e3', 2, undefined],
    ['NaN', 2, undefined],
  ])('parse %j at scale %i', (text, scale, value) => {
    expect(parseDecimal(text, scale)).toBe(value);
  });

  it('fit the width that Parquet gives them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 38 }), fc.boolean(), (precision, isNegative) => {
        const largest = (10n ** BigInt(precision) - 1n) * (isNegative ? -1n : 1n);
        const width = decimalWidth(precision);
        expect(bytesToBigInt(bigIntToBytes(largest, width))).toBe(largest);
      }),
    );
    expect([9, 18, 38].map(decimalWidth)).toEqual([4, 8, 16]);
    expect(() => bigIntToBytes(128n, 1)).toThrow(RangeError);
  });
});

describe('times', () => {
  it.each([
    [0, '1970-01-01'],
    [-1, '1969-12-31'],
    [2_932_896, '9999-12-31'],
    [-719_528, '0000-01-01'],
    [19_782, '2024-02-29'],
  ])('day %i is %s', (days, text) => {
    expect(formatDate(days)).toBe(text);
  });

  it('keep microseconds, before the epoch too', () => {
    expect(formatTimestamp(-1n, 'utc')).toBe('1969-12-31T23:59:59.999999Z');
    expect(formatTimestamp(86_400_000_001n, 'none')).toBe('1970-01-02T00:00:00.000001');
    expect(formatTime(86_400_000_000n)).toBe('24:00:00.000000');
  });
});

describe('UUIDs', () => {
  it('read back from their text, with dashes or without', () => {
    const text = '00112233-4455-6677-8899-aabbccddeeff';
    expect(formatUuid(parseUuid(text))).toBe(text);
    expect(formatUuid(parseUuid(text.replaceAll('-', '').toUpperCase()))).toBe(text);
    expect(() => parseUuid('nonsense')).toThrow(TypeError);
  });
});

describe('canonical JSON', () => {
  it.each<[FieldType, FieldValue, string]>([
    [{ kind: 'boolean' }, true, 'true'],
    [{ kind: 'int', bits: 32 }, -7, '-7'],
    [{ kind: 'int', bits: 64 }, 9_007_199_254_740_991n, '9007199254740991'],
    [{ kind: 'int', bits: 64 }, -9_007_199_254_740_992n, '"-9007199254740992"'],
    [{ kind: 'float', bits: 64 }, 0.1, '0.1'],
    [{ kind: 'float', bits: 64 }, -0, '"-0"'],
    [{ kind: 'float', bits: 64 }, Number.NaN, '"NaN"'],
    [{ kind: 'float', bits: 64 }, -Infinity, '"-Infinity"'],
    [{ kind: 'float', bits: 32 }, Math.fround(0.1), '0.1'],
    [{ kind: 'float', bits: 32 }, Math.fround(16_777_217.4), '16777218'],
    [{ kind: 'float', bits: 32 }, 20529.5625, '20529.562'],
    [{ kind: 'float', bits: 32 }, -20529.5625, '-20529.562'],
    [{ kind: 'float', bits: 32 }, 20529.6875, '20529.688'],
    [{ kind: 'decimal', precision: 12, scale: 2 }, -5n, '"-0.05"'],
    [{ kind: 'date' }, 0, '"1970-01-01"'],
    [{ kind: 'time' }, 1n, '"00:00:00.000001"'],
    [{ kind: 'timestamp', zone: 'utc' }, 0n, '"1970-01-01T00:00:00.000000Z"'],
    [{ kind: 'binary' }, Uint8Array.of(0, 255), '"00ff"'],
    [{ kind: 'string' }, 'a"b', '"a\\"b"'],
    [
      { kind: 'list', element: field('element', { kind: 'date' }) },
      [0, null],
      '["1970-01-01",null]',
    ],
    [
      {
        kind: 'map',
        key: field('key', { kind: 'string' }),
        value: field('value', { kind: 'int', bits: 32 }),
      },
      [
        ['b', 1],
        ['a', null],
      ],
      '[["a",null],["b",1]]',
    ],
    [
      { kind: 'struct', fields: [field('x', { kind: 'string' }), field('y', { kind: 'date' })] },
      { y: 0 },
      '{"x":null,"y":"1970-01-01"}',
    ],
    [{ kind: 'uuid' }, null, 'null'],
    [{ kind: 'variant' }, '{"a":1.50}', '{"a":1.50}'],
  ])('of %j %p', (type, value, text) => {
    expect(canonicalJson(type, value)).toBe(text);
  });

  it('sorts the entries of a map as the UTF-8 bytes of their keys are sorted', () => {
    const key = field('key', { kind: 'string' });
    const type: FieldType = { kind: 'map', key, value: key };
    const keys = ['\u{1f600}', '\ufb00', '\ud7ff', 'ab', 'a', '\u{10000}'];
    const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const entries = (order: readonly string[]) => order.map((name) => [name, null] as const);
    expect(canonicalJson(type, entries(keys))).toBe(JSON.stringify(entries(sorted)));
  });

  it('gives the fewest digits that read back the same 32-bit float', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        fc.pre(!Object.is(value, -0));
        const text = canonicalJson({ kind: 'float', bits: 32 }, value);
        expect(Math.fround(Number(text))).toBe(value);
      }),
    );
  });

  it('of a row leaves no key out', () => {
    const fields = [field('a', { kind: 'string' }), field('b', { kind: 'string' })];
    expect(canonicalRow(fields, ['x'])).toBe('{"a":"x","b":null}');
  });
});

describe('types', () => {
  it('are the same as themselves and described in words', () => {
    fc.assert(
      fc.property(arbitraryType, arbitraryType, (a, b) => {
        expect(sameType(a, structuredClone(a))).toBe(true);
        expect(describeType(a).length).toBeGreaterThan(3);
        if (describeType(a) !== describeType(b)) expect(sameType(a, b)).toBe(false);
      }),
    );
  });

  it('differ by name and nullability of nested fields', () => {
    const a = field('a', { kind: 'string' });
    expect(sameFields([a], [{ ...a, id: 9 }])).toBe(true);
    expect(sameFields([a], [{ ...a, nullable: false }])).toBe(false);
    expect(sameFields([a], [])).toBe(false);
  });

  it('make up schemas that are compared without their version', () => {
    const table = { namespace: 'public', name: 't' };
    const schema = { table, version: 1, fields: [field('a', { kind: 'date' })], key: [0] };
    expect(sameSchema(schema, { ...schema, version: 2 })).toBe(true);
    expect(sameSchema(schema, { ...schema, key: [] })).toBe(false);
    expect(sameSchema(schema, { ...schema, table: { ...table, name: 'u' } })).toBe(false);
    expect(formatTableName(table)).toBe('public.t');
  });
});

describe('Secret', () => {
  it('prints nowhere, and is given to who asks for it', () => {
    const secret = new Secret('canary');
    const printed = [String(secret), JSON.stringify({ secret }), inspect(secret)];
    expect(printed.join()).not.toContain('canary');
    expect(secret.reveal()).toBe('canary');
  });
});
