import { describe, expect, it } from '@jest/globals';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { partitionValue } from '../read/partition-value.ts';
import { isPartitionType, partitionText } from './partition-text.ts';

const of = (type: FieldType) => ({ id: 0, name: 'p', type, nullable: true });
const DAY_MICROS = 86_400_000_000n;

describe('partition values (D19)', () => {
  it.each<[FieldType, FieldValue, string | null]>([
    [{ kind: 'string' }, 'a/b=é', 'a/b=é'],
    [{ kind: 'string' }, null, null],
    [{ kind: 'boolean' }, true, 'true'],
    [{ kind: 'int', bits: 8 }, -128, '-128'],
    [{ kind: 'int', bits: 64 }, 9007199254740993n, '9007199254740993'],
    [{ kind: 'decimal', precision: 10, scale: 2 }, -5n, '-0.05'],
    [{ kind: 'decimal', precision: 38, scale: 0 }, 10n ** 37n, `1${'0'.repeat(37)}`],
    [{ kind: 'date' }, 19783, '2024-03-01'],
    [{ kind: 'date' }, -719162, '0001-01-01'],
    [{ kind: 'timestamp', zone: 'utc' }, 19783n * DAY_MICROS + 1n, '2024-03-01T00:00:00.000001Z'],
    [{ kind: 'timestamp', zone: 'none' }, -1n, '1969-12-31 23:59:59.999999'],
  ])('of %j: %p stand in the log as %p, and are read as they were', (type, value, text) => {
    expect(isPartitionType(type)).toBe(true);
    expect(partitionText(of(type), value)).toBe(text);
    const values = { p: text };
    expect(partitionValue(values, of(type), 'America/New_York')).toEqual(value);
  });

  it.each<[FieldType, FieldValue]>([
    [{ kind: 'string' }, ''],
    [{ kind: 'date' }, 2932897],
    [{ kind: 'date' }, -719163],
    [{ kind: 'timestamp', zone: 'utc' }, 2932897n * DAY_MICROS],
    [{ kind: 'timestamp', zone: 'none' }, -719162n * DAY_MICROS - 1n],
  ])('that a reader would take for others are refused: %j %p', (type, value) => {
    expect(() => partitionText(of(type), value)).toThrow(
      expect.objectContaining({ code: 'delta/partition-value' }),
    );
  });

  it('of floats, binary and nested columns are none', () => {
    const kinds: FieldType[] = [
      { kind: 'float', bits: 64 },
      { kind: 'binary' },
      { kind: 'struct', fields: [] },
    ];
    expect(kinds.map(isPartitionType)).toEqual([false, false, false]);
  });
});
