import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteBuffer } from '../format/byte-buffer.ts';
import { appendHybrid, appendRun, bitWidth } from './hybrid-encoding.ts';

/** The plainest decoder of the hybrid, straight from its grammar. */
function decode(bytes: Uint8Array, width: number): number[] {
  const values: number[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const header = varint();
    const count = Math.floor(header / 2);
    if (header % 2 === 0) {
      let value = 0;
      for (let shift = 0; shift < width; shift += 8) value += bytes[at++]! * 2 ** shift;
      values.push(...Array<number>(count).fill(value));
    } else {
      for (let i = 0; i < count * 8; i++) {
        let value = 0;
        for (let bit = 0; bit < width; bit++) {
          const position = i * width + bit;
          value += ((bytes[at + (position >> 3)]! >> (position & 7)) & 1) * 2 ** bit;
        }
        values.push(value);
      }
      at += count * width;
    }
  }
  return values;
}

/** Integers of up to `width` bits, in stretches that are equal and stretches that are not. */
const stretches = (width: number): fc.Arbitrary<number[]> => {
  const value = fc.integer({ min: 0, max: 2 ** width - 1 });
  const run = fc.tuple(value, fc.integer({ min: 1, max: 90 }));
  const equal = run.map(([v, count]) => Array<number>(count).fill(v));
  return fc
    .array(fc.oneof(equal, fc.array(value, { maxLength: 30 })), { maxLength: 12 })
    .map((parts) => parts.flat());
};

describe('RLE and bit packing', () => {
  test('what is encoded is what a decoder by the grammar reads', () => {
    const cases = fc
      .integer({ min: 0, max: 20 })
      .chain((width) => fc.record({ width: fc.constant(width), values: stretches(width) }));
    fc.assert(
      fc.property(cases, ({ width, values }) => {
        const out = new ByteBuffer(1);
        // Memory that was used before: the padding of the last group has to be cleared.
        out.reserve(4096).fill(0xff);
        appendHybrid(out, { values: Int32Array.from(values), count: values.length, width });
        const read = decode(out.view(), width);
        expect(read.slice(0, values.length)).toEqual(values);
        expect(read.length - values.length).toBeLessThan(8);
        expect(read.slice(values.length).every((value) => value === 0)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('one value many times takes a few bytes', () => {
    const out = new ByteBuffer();
    appendHybrid(out, { values: new Uint8Array(2000).fill(1), count: 2000, width: 1 });
    expect([...out.view()]).toEqual([0xa0, 0x1f, 1]);
    out.clear();
    appendRun(out, { value: 0x0102, count: 3 }, 9);
    expect([...out.view()]).toEqual([6, 2, 1]);
  });

  test('the width of a greatest value', () => {
    expect([0, 1, 2, 3, 4, 255, 256].map(bitWidth)).toEqual([0, 1, 2, 2, 3, 8, 9]);
  });
});
