import { describe, expect, it } from '@jest/globals';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { statisticsJson, withWideBounds } from './statistics.ts';

interface Stats {
  readonly numRecords: number;
  readonly minValues: Record<string, unknown>;
  readonly maxValues: Record<string, unknown>;
  readonly nullCount: Record<string, unknown>;
  readonly tightBounds: boolean;
}

const micros = (iso: string): bigint => BigInt(Date.parse(iso)) * 1000n;

function statsText(type: FieldType, min: FieldValue, max: FieldValue): string {
  return statisticsJson(2, [{ path: ['c'], type, nullCount: 0, min, max }]);
}

function bounds(type: FieldType, min: FieldValue, max: FieldValue): unknown[] {
  const stats = JSON.parse(statsText(type, min, max)) as Stats;
  return [stats.minValues['c'], stats.maxValues['c']];
}

describe('statistics (D20)', () => {
  it('are JSON with counts, bounds and tightBounds', () => {
    const text = statisticsJson(7, [
      { path: ['id'], type: { kind: 'int', bits: 32 }, nullCount: 0, min: 1, max: 9 },
      { path: ['s', 'a'], type: { kind: 'string' }, nullCount: 7, min: undefined, max: undefined },
      { path: ['s', 'b'], type: { kind: 'string' }, nullCount: 1, min: 'x', max: 'y' },
    ]);
    expect(JSON.parse(text)).toEqual({
      numRecords: 7,
      minValues: { id: 1, s: { b: 'x' } },
      maxValues: { id: 9, s: { b: 'y' } },
      nullCount: { id: 0, s: { a: 7, b: 1 } },
      tightBounds: true,
    });
  });

  it('keep all digits of 64-bit integers and decimals', () => {
    const long = statsText({ kind: 'int', bits: 64 }, -9007199254740993n, 9223372036854775807n);
    expect(long).toContain('"c":-9007199254740993');
    expect(long).toContain('"c":9223372036854775807');
    const decimal = statsText({ kind: 'decimal', precision: 38, scale: 2 }, -5n, 10n ** 37n + 1n);
    expect(decimal).toContain('"c":-0.05');
    expect(decimal).toContain('"c":100000000000000000000000000000000000.01');
  });

  it('cut long strings: the minimum short, the maximum above every string', () => {
    const long = 'a'.repeat(40);
    expect(bounds({ kind: 'string' }, long, long)).toEqual([
      'a'.repeat(32),
      `${'a'.repeat(32)}\u007f`,
    ]);
    const ascii = `${'a'.repeat(32)}\u007fz`;
    expect(bounds({ kind: 'string' }, 'a', ascii)[1]).toBe(`${'a'.repeat(32)}\u{10ffff}`);
    const emoji = `${'a'.repeat(31)}😀😀`;
    expect(bounds({ kind: 'string' }, emoji, emoji)).toEqual([
      'a'.repeat(31),
      `${'a'.repeat(31)}\u{10ffff}`,
    ]);
  });

  it('look further for a character that can be exceeded, and give up at twice the length', () => {
    const top = '\u{10ffff}';
    expect(bounds({ kind: 'string' }, 'a', `${'a'.repeat(32)}${top.repeat(3)}bb`)[1]).toBe(
      `${'a'.repeat(32)}${top.repeat(3)}\u007f`,
    );
    expect(bounds({ kind: 'string' }, 'a', top.repeat(40))[1]).toBeUndefined();
    expect(bounds({ kind: 'string' }, 'a', top.repeat(17))[1]).toBe(top.repeat(17));
  });

  it('take timestamps to milliseconds outwards', () => {
    const at = micros('2024-03-01T10:00:00.123Z');
    const utc: FieldType = { kind: 'timestamp', zone: 'utc' };
    expect(bounds(utc, at + 1n, at + 1n)).toEqual([
      '2024-03-01T10:00:00.123Z',
      '2024-03-01T10:00:00.124Z',
    ]);
    expect(bounds(utc, at, at)[1]).toBe('2024-03-01T10:00:00.123Z');
    expect(bounds(utc, -1n, -1n)).toEqual(['1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z']);
    expect(bounds({ kind: 'timestamp', zone: 'none' }, at, at)[0]).toBe('2024-03-01T10:00:00.123');
    expect(bounds(utc, -(10n ** 17n), 10n ** 18n)).toEqual([undefined, undefined]);
  });

  it('have dates of four-digit years only', () => {
    expect(bounds({ kind: 'date' }, 0, 19000)).toEqual(['1970-01-01', '2022-01-08']);
    expect(bounds({ kind: 'date' }, -800000, 3000000)).toEqual([undefined, undefined]);
  });

  it('keep both zeros inside and leave NaN and infinity out', () => {
    const double: FieldType = { kind: 'float', bits: 64 };
    expect(statsText(double, 0, 0)).toContain('"minValues":{"c":-0.0},"maxValues":{"c":0.0}');
    expect(bounds(double, -Infinity, NaN)).toEqual([undefined, undefined]);
    expect(bounds(double, -1.5, 2e300)).toEqual([-1.5, 2e300]);
  });

  it('have no bounds for booleans and bytes', () => {
    expect(bounds({ kind: 'boolean' }, false, true)).toEqual([undefined, undefined]);
    expect(bounds({ kind: 'binary' }, Uint8Array.of(1), Uint8Array.of(2))).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('cover the first 32 columns', () => {
    const columns = Array.from({ length: 40 }, (_, i) => ({
      path: [`c${i}`],
      type: { kind: 'int', bits: 32 } as const,
      nullCount: 0,
      min: 1,
      max: 2,
    }));
    const stats = JSON.parse(statisticsJson(1, columns)) as Stats;
    expect(Object.keys(stats.nullCount)).toHaveLength(32);
  });

  it('D21: become wide when a deletion vector hides rows', () => {
    const tight = statsText({ kind: 'int', bits: 32 }, 1, 2);
    expect((JSON.parse(withWideBounds(tight)) as Stats).tightBounds).toBe(false);
    expect(JSON.parse(withWideBounds('{"numRecords":3}'))).toEqual({
      numRecords: 3,
      tightBounds: false,
    });
  });
});
