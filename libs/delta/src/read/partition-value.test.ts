import { describe, expect, it } from '@jest/globals';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { partitionValue } from './partition-value.ts';

const value = (type: FieldType, text: string | null, timeZone = 'UTC'): FieldValue =>
  partitionValue({ p: text }, { id: 0, name: 'p', type, nullable: true }, timeZone);

const utc: FieldType = { kind: 'timestamp', zone: 'utc' };
const none: FieldType = { kind: 'timestamp', zone: 'none' };
const micros = (iso: string, rest = 0n): bigint => BigInt(Date.parse(iso)) * 1000n + rest;

describe('a partition value', () => {
  it.each<[FieldType, string, FieldValue]>([
    [{ kind: 'string' }, ' a=/%20é', ' a=/%20é'],
    [{ kind: 'int', bits: 8 }, '-128', -128],
    [{ kind: 'int', bits: 32 }, '2147483647', 2147483647],
    [{ kind: 'int', bits: 64 }, '-9223372036854775808', -9223372036854775808n],
    [{ kind: 'float', bits: 64 }, '1.0E10', 1e10],
    [{ kind: 'float', bits: 64 }, 'NaN', Number.NaN],
    [{ kind: 'float', bits: 64 }, '-Infinity', -Infinity],
    [{ kind: 'float', bits: 32 }, '0.1', Math.fround(0.1)],
    [{ kind: 'boolean' }, 'true', true],
    [{ kind: 'boolean' }, 'False', false],
    [{ kind: 'decimal', precision: 38, scale: 2 }, '-12.50', -1250n],
    [{ kind: 'decimal', precision: 10, scale: 4 }, '1.5', 15000n],
    [{ kind: 'decimal', precision: 38, scale: 20 }, '0E-20', 0n],
    [{ kind: 'decimal', precision: 38, scale: 10 }, '-1.5E-7', -1500n],
    [{ kind: 'decimal', precision: 10, scale: 0 }, '1E+3', 1000n],
    [{ kind: 'date' }, '1970-01-02', 1],
    [{ kind: 'date' }, '0001-01-01', -719162],
    [{ kind: 'binary' }, '\u0001\u0002é', Uint8Array.of(1, 2, 0xc3, 0xa9)],
    [utc, '2024-02-29 12:34:56', micros('2024-02-29T12:34:56Z')],
    [utc, '2024-02-29T12:34:56.123456Z', micros('2024-02-29T12:34:56.123Z', 456n)],
    [utc, '2024-02-29 12:34:56.1-05:30', micros('2024-02-29T18:04:56.1Z')],
    [utc, '1969-12-31 23:59:59.999999', -1n],
    [none, '1970-01-01 00:00:00.000001', 1n],
    [none, '1970-01-01', 0n],
  ])('of %j in %j is %p', (type, text, expected) => {
    expect(value(type, text)).toEqual(expected);
  });

  it('is NULL when it is absent, null or empty, whatever the type', () => {
    const p = { id: 0, name: 'p', type: { kind: 'string' }, nullable: true } as const;
    expect(value({ kind: 'string' }, '')).toBeNull();
    expect(value({ kind: 'int', bits: 32 }, null)).toBeNull();
    expect(partitionValue({}, { ...p, name: 'constructor' }, 'UTC')).toBeNull();
    expect(partitionValue(undefined, p, 'UTC')).toBeNull();
  });

  it('of a timestamp without zone is in the zone where the table was written', () => {
    const newYork = (text: string): FieldValue => value(utc, text, 'America/New_York');
    expect(newYork('2024-01-15 12:00:00')).toBe(micros('2024-01-15T17:00:00Z'));
    expect(newYork('2024-07-15 12:00:00.5')).toBe(micros('2024-07-15T16:00:00.5Z'));
    expect(newYork('2024-07-15T12:00:00Z')).toBe(micros('2024-07-15T12:00:00Z'));
    // Clocks are set forward in March, back in autumn.
    expect(newYork('2024-03-10 03:00:00')).toBe(micros('2024-03-10T07:00:00Z'));
    expect(newYork('2024-11-03 02:00:00')).toBe(micros('2024-11-03T07:00:00Z'));
    expect(newYork('2024-03-10 02:30:00')).toBe(micros('2024-03-10T07:30:00Z'));
    expect(newYork('2024-11-03 01:30:00')).toBe(micros('2024-11-03T05:30:00Z'));
    const berlin = (text: string): FieldValue => value(utc, text, 'Europe/Berlin');
    expect(berlin('2024-03-31 02:30:00')).toBe(micros('2024-03-31T01:30:00Z'));
    expect(berlin('2024-10-27 02:30:00')).toBe(micros('2024-10-27T00:30:00Z'));
    expect(value(utc, '2024-01-15 12:00:00', 'Asia/Kolkata')).toBe(micros('2024-01-15T06:30:00Z'));
    expect(berlin('0001-01-01 00:00:00')).toBe(micros('0001-01-01T00:00:00Z') - 3_208_000_000n);
    expect(value(none, '2024-01-15 12:00:00', 'America/New_York')).toBe(
      micros('2024-01-15T12:00:00Z'),
    );
  });

  it.each<[FieldType, string]>([
    [{ kind: 'int', bits: 8 }, '128'],
    [{ kind: 'int', bits: 32 }, '1.0'],
    [{ kind: 'int', bits: 64 }, '9223372036854775808'],
    [{ kind: 'float', bits: 64 }, 'one'],
    [{ kind: 'boolean' }, '1'],
    [{ kind: 'decimal', precision: 3, scale: 1 }, '100'],
    [{ kind: 'decimal', precision: 3, scale: 1 }, '1.25'],
    [{ kind: 'decimal', precision: 3, scale: 1 }, '.'],
    [{ kind: 'decimal', precision: 3, scale: 1 }, 'x'],
    [{ kind: 'date' }, '2023-02-29'],
    [{ kind: 'date' }, 'today'],
    [utc, '2023-02-29 00:00:00'],
    [utc, '2023-01-01 24:00:00'],
    [utc, 'now'],
    [{ kind: 'list', element: { id: 0, name: 'element', type: none, nullable: true } }, 'x'],
  ])('of %j in %j is refused without being told', (type, text) => {
    expect(() => value(type, text)).toThrow(
      expect.objectContaining({
        code: 'delta/partition-value',
        message: expect.not.stringContaining(
          text === '1' || text === '.' || text === 'x' ? '!' : text,
        ),
      }),
    );
  });
});
