import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BOUND_BYTES, truncateMax, truncateMin } from './truncate-bound.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

/** Texts around the limit, with characters of every length and at the borders of the encoding. */
const longText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', '\u007f', 'é', '\u07ff', '\ud7ff', '\ue000', '\uffff', '\u{10ffff}'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  minLength: 10,
  maxLength: 100,
});

describe('bounds in statistics', () => {
  test('short values are kept as they are', () => {
    const value = utf8('x'.repeat(BOUND_BYTES));
    expect(truncateMin(value, true)).toEqual({ bytes: value, exact: true });
    expect(truncateMax(value, true)).toEqual({ bytes: value, exact: true });
  });

  test('a text lies between its bounds, which are texts themselves', () => {
    fc.assert(
      fc.property(longText, (value) => {
        const bytes = utf8(value);
        const min = truncateMin(bytes, true);
        const max = truncateMax(bytes, true);
        expect(Buffer.compare(min.bytes, bytes)).toBeLessThanOrEqual(0);
        expect(min.bytes.length).toBeLessThanOrEqual(BOUND_BYTES);
        expect(value.startsWith(text(min.bytes))).toBe(true);
        if (max === 'none') {
          expect(text(min.bytes)).toMatch(/^\u{10ffff}+$/u);
        } else {
          expect(Buffer.compare(max.bytes, bytes)).toBeGreaterThanOrEqual(max.exact ? 0 : 1);
          expect(max.bytes.length).toBeLessThanOrEqual(BOUND_BYTES + 3);
          expect(text(max.bytes)).not.toContain('\ufffd');
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('binary lies between its bounds', () => {
    const byte = fc.oneof(fc.constant(0xff), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(byte, { minLength: 60, maxLength: 80 }), (values) => {
        const bytes = Uint8Array.from(values);
        const max = truncateMax(bytes, false);
        expect(Buffer.compare(truncateMin(bytes, false).bytes, bytes)).toBeLessThanOrEqual(0);
        if (max === 'none')
          expect(values.slice(0, BOUND_BYTES).every((b) => b === 0xff)).toBe(true);
        else expect(Buffer.compare(max.bytes, bytes)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('the last character that can be increased is increased, what follows is dropped', () => {
    const max = (value: string): unknown => {
      const bound = truncateMax(utf8(value), true);
      return bound === 'none' ? bound : text(bound.bytes);
    };
    expect(max('a'.repeat(100))).toBe('a'.repeat(63) + 'b');
    expect(max('a'.repeat(60) + '\u{10ffff}'.repeat(2))).toBe('a'.repeat(59) + 'b');
    expect(max('a'.repeat(61) + '\ud7ff'.repeat(2))).toBe('a'.repeat(61) + '\ue000');
    expect(max('\u{10ffff}'.repeat(20))).toBe('none');
  });

  test('text that is no UTF-8 has no short upper bound', () => {
    const bytes = new Uint8Array(100).fill(0x61);
    bytes[5] = 0xff;
    expect(truncateMax(bytes, true)).toBe('none');
    expect(truncateMax(new Uint8Array(100).fill(0xff), false)).toBe('none');
  });
});
