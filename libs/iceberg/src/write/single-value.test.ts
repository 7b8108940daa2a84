import { describe, expect, test } from '@jest/globals';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { boundBytes } from './single-value.ts';

const STRING: FieldType = { kind: 'string' };
const BINARY: FieldType = { kind: 'binary' };

describe('I15: bounds as Appendix D writes values', () => {
  test.each<[FieldType, FieldValue, string]>([
    [{ kind: 'boolean' }, true, '01'],
    [{ kind: 'boolean' }, false, '00'],
    [{ kind: 'int', bits: 32 }, -2, 'feffffff'],
    [{ kind: 'int', bits: 64 }, 9007199254740993n, '0100000000002000'],
    [{ kind: 'date' }, 1, '01000000'],
    [{ kind: 'time' }, 1n, '0100000000000000'],
    [{ kind: 'timestamp', zone: 'utc' }, -1n, 'ffffffffffffffff'],
    [{ kind: 'float', bits: 32 }, -0, '00000080'],
    [{ kind: 'float', bits: 64 }, 1.5, '000000000000f83f'],
    [{ kind: 'decimal', precision: 38, scale: 2 }, 127n, '7f'],
    [{ kind: 'decimal', precision: 38, scale: 2 }, 128n, '0080'],
    [{ kind: 'decimal', precision: 38, scale: 2 }, -129n, 'ff7f'],
    [{ kind: 'uuid' }, '00112233-4455-6677-8899-aabbccddeeff', '00112233445566778899aabbccddeeff'],
    [STRING, 'é', 'c3a9'],
    [BINARY, Uint8Array.of(1, 255), '01ff'],
  ])('%j %s', (type, value, hex) => {
    expect(boundBytes(type, value, 'lower')?.toString('hex')).toBe(hex);
    expect(boundBytes(type, value, 'upper')?.toString('hex')).toBe(hex);
  });

  test.each([
    ['a long text ends above all', 'a'.repeat(20), `${'a'.repeat(15)}b`],
    ['characters are no UTF-16 units', '😀'.repeat(17), `${'😀'.repeat(15)}😁`],
    ['the greatest character has none above', 'a\u{10ffff}'.padEnd(40, '\u{10ffff}'), 'b'],
    ['surrogates are left out', 'x'.repeat(15) + '\ud7ff!', `${'x'.repeat(15)}\ue000`],
  ])('%s', (_, text, upper) => {
    expect(boundBytes(STRING, text, 'upper')?.toString()).toBe(upper);
    const lower = boundBytes(STRING, text, 'lower')?.toString() ?? '';
    expect(Array.from(lower)).toEqual(Array.from(text).slice(0, 16));
  });

  test('there is no bound where none is above', () => {
    expect(boundBytes(STRING, '\u{10ffff}'.repeat(17), 'upper')).toBeUndefined();
    expect(boundBytes(BINARY, new Uint8Array(17).fill(255), 'upper')).toBeUndefined();
    expect(boundBytes({ kind: 'variant' }, {}, 'lower')).toBeUndefined();
  });

  test('long bytes are cut', () => {
    const bytes = Uint8Array.of(...new Uint8Array(15).fill(1), 255, 7);
    expect(boundBytes(BINARY, bytes, 'lower')).toEqual(Buffer.from(bytes.subarray(0, 16)));
    expect(boundBytes(BINARY, bytes, 'upper')).toEqual(Buffer.of(...new Uint8Array(14).fill(1), 2));
  });
});
