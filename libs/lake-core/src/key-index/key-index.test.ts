import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KeyWidth } from './key-block.ts';
import { KeyIndex } from './key-index.ts';

const widths: readonly KeyWidth[] = [1, 2, 4];

/** Words of a key that differs from key to key in every word, few enough keys to meet again. */
function wordsOf(key: number, width: KeyWidth): Uint32Array {
  const words = new Uint32Array(width).fill(key % 3);
  words[width - 1] = key;
  return words;
}

function contents(index: KeyIndex): Map<string, string> {
  const found = new Map<string, string>();
  index.forEach((key, file, row) => found.set(key.join(), `${String(file)}:${String(row)}`));
  return found;
}

describe('KeyIndex', () => {
  test.each(widths)('agrees with a map after any operations, keys of %i words', (width) => {
    const operation = fc.record({
      kind: fc.constantFrom('put', 'put', 'remove', 'remove and put'),
      key: fc.nat(60),
      row: fc.nat(0xffff_ffff),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), fc.integer(), (operations, seed) => {
        const index = new KeyIndex({ width, seed });
        const map = new Map<string, string>();
        for (const { kind, key, row } of operations) {
          const words = Uint32Array.of(7, ...wordsOf(key, width));
          const id = words.subarray(1).join();
          const known = map.get(id);
          expect(index.seek(words, 1)).toBe(known !== undefined);
          if (known !== undefined) expect(`${String(index.file)}:${String(index.row)}`).toBe(known);
          if (kind !== 'put') expect(index.remove()).toBe(map.delete(id));
          if (kind !== 'remove') {
            index.put(key, row);
            map.set(id, `${String(key)}:${String(row)}`);
          }
          expect(index.size).toBe(map.size);
        }
        expect(contents(index)).toEqual(map);
      }),
      { numRuns: 100 },
    );
  });

  test.each(widths)('grows and splits without losing a key of %i words', (width) => {
    const count = 120_000;
    const index = new KeyIndex({ width, seed: 99 });
    for (let key = 0; key < count; key++) {
      index.seek(wordsOf(key, width), 0);
      index.put(key % 17, key);
    }
    for (let key = 0; key < count; key += 2) {
      index.seek(wordsOf(key, width), 0);
      index.remove();
    }
    expect(index.size).toBe(count / 2);
    let wrong = 0;
    for (let key = 0; key < count; key++) {
      const isFound = index.seek(wordsOf(key, width), 0);
      if (isFound !== (key % 2 === 1)) wrong++;
      if (isFound && (index.row !== key || index.file !== key % 17)) wrong++;
    }
    expect(wrong).toBe(0);
    let visited = 0;
    index.forEach((key, file, row) => {
      if (key[width - 1] === row && file === row % 17) visited++;
    });
    expect(visited).toBe(count / 2);
  });

  test('takes 21 to 34 bytes a key however far it has grown', () => {
    for (const [width, least, most] of [
      [1, 15, 25],
      [2, 21, 33],
      [4, 28, 35],
    ] as const) {
      const index = new KeyIndex({ width, seed: 5 });
      for (let key = 0; key < 120_000; key++) {
        index.seek(wordsOf(key, width), 0);
        index.put(0, key);
        if (key >= 20_000 && key % 5_000 === 0) {
          const bytes = index.byteSize / index.size;
          expect(bytes).toBeGreaterThan(least);
          expect(bytes).toBeLessThan(most);
        }
      }
    }
  });

  test('expected keys go in without growth', () => {
    for (const width of widths) {
      const index = new KeyIndex({ width, seed: 3, expectedKeys: 60_000 });
      const before = index.byteSize;
      for (let key = 0; key < 60_000; key++) {
        index.seek(wordsOf(key, width), 0);
        index.put(0, key);
      }
      expect(index.byteSize).toBe(before);
    }
  });

  test('prefetch changes nothing', () => {
    const index = new KeyIndex({ width: 2, seed: 3 });
    const keys = Uint32Array.of(1, 2, 3, 4, 5, 6);
    index.seek(keys, 2);
    index.put(8, 9);
    index.prefetch(keys, 0, 3);
    expect([index.size, index.seek(keys, 0), index.seek(keys, 2), index.row]).toEqual([
      1,
      false,
      true,
      9,
    ]);
  });

  test('clear forgets every key', () => {
    const index = new KeyIndex({ width: 1, seed: 3, expectedKeys: 100_000 });
    const words = Uint32Array.of(4);
    index.seek(words, 0);
    index.put(1, 2);
    index.clear();
    expect([index.size, index.seek(words, 0), contents(index).size]).toEqual([0, false, 0]);
    expect(index.byteSize).toBeLessThan(1_000);
    index.put(3, 4);
    expect(contents(index)).toEqual(new Map([['4', '3:4']]));
  });

  test('locations are numbers of 32 bits', () => {
    const index = new KeyIndex({ width: 1, seed: 0 });
    index.seek(Uint32Array.of(0), 0);
    index.put(0xffff_fffe, 0xffff_ffff);
    expect([index.seek(Uint32Array.of(0), 0), index.file, index.row]).toEqual([
      true,
      0xffff_fffe,
      0xffff_ffff,
    ]);
    expect(() => index.put(0xffff_ffff, 0)).toThrow(RangeError);
    expect(() => index.put(0, 2 ** 32)).toThrow(RangeError);
    expect(() => index.put(-1, 0)).toThrow(RangeError);
    expect(() => index.put(0, -1)).toThrow(RangeError);
  });
});
