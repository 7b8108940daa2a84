import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BytesDictionary } from './bytes-dictionary.ts';
import { HashSlots } from './value-dictionary.ts';
import type { ValueDictionary } from './value-dictionary.ts';
import { WordDictionary } from './word-dictionary.ts';

/** Encodes pages and gives every value back through its number. */
function throughDictionary(
  dictionary: ValueDictionary,
  pages: readonly (readonly Uint8Array[])[],
): Uint8Array[][] {
  const numbers = pages.map((page) => {
    const indexes = new Int32Array(page.length);
    const plain = Uint8Array.from(page.flatMap((value) => [...value]));
    const into = { indexes, count: page.length, limit: Infinity };
    expect(dictionary.encode(plain, into)).toBe(true);
    return [...indexes];
  });
  const distinct: Uint8Array[] = [];
  const known = new Set<string>();
  for (const value of pages.flat()) {
    const key = Buffer.from(value).toString('hex');
    if (!known.has(key)) distinct.push(value);
    known.add(key);
  }
  expect(dictionary.size).toBe(distinct.length);
  expect(Buffer.from(dictionary.plain(dictionary.size))).toEqual(Buffer.concat(distinct));
  expect(dictionary.byteSize).toBe(Buffer.concat(distinct).length);
  return numbers.map((page) => page.map((number) => distinct[number]!));
}

const fixed = (width: number): fc.Arbitrary<Uint8Array> =>
  fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.boolean()).map(([value, inFront]) => {
    const bytes = new Uint8Array(width);
    new DataView(bytes.buffer).setUint16(inFront ? 0 : width - 2, value);
    return bytes;
  });

const withLength = fc.string({ maxLength: 9 }).map((value) => {
  const bytes = Buffer.from(value);
  return Uint8Array.of(bytes.length, 0, 0, 0, ...bytes);
});

const pagesOf = (value: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array[][]> =>
  fc.array(fc.array(value, { minLength: 1, maxLength: 600, size: 'max' }), { maxLength: 3 });

describe('dictionary', () => {
  test.each<[string, () => ValueDictionary, fc.Arbitrary<Uint8Array>]>([
    ['of 4 bytes', () => new WordDictionary(1), fixed(4)],
    ['of 8 bytes', () => new WordDictionary(2), fixed(8)],
    ['of 16 bytes', () => new BytesDictionary(16), fixed(16)],
    ['of any length', () => new BytesDictionary(0), withLength],
  ])('values %s come back by their numbers, each distinct one stored once', (_, open, value) => {
    fc.assert(
      fc.property(pagesOf(value), (pages) => {
        expect(throughDictionary(open(), pages)).toEqual(pages);
      }),
      { numRuns: 10 },
    );
  });

  test('more distinct values than the limit end it', () => {
    const plain = new Uint8Array(Int32Array.of(1, 2, 1, 3).buffer);
    const into = { indexes: new Int32Array(4), count: 4 };
    expect(new WordDictionary(1).encode(plain, { ...into, limit: 3 })).toBe(true);
    expect(new WordDictionary(1).encode(plain, { ...into, limit: 2 })).toBe(false);
    const pairs = { ...into, count: 2, limit: 1 };
    expect(new WordDictionary(2).encode(plain, pairs)).toBe(false);
    expect(new BytesDictionary(4).encode(plain, { ...into, limit: 2 })).toBe(false);
  });

  test('too many values of one hash find no place', () => {
    const table = new HashSlots();
    let placed = 0;
    while (placed < 1000 && table.place(placed, 42)) placed++;
    expect(placed).toBe(64);
  });
});
