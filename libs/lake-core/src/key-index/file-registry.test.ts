import { describe, expect, test } from '@jest/globals';
import { FileRegistry } from './file-registry.ts';

describe('FileRegistry', () => {
  test('gives each path one number and never the same number to two', () => {
    const files = new FileRegistry();
    const [a, b] = [files.add('a'), files.add('b')];
    expect(files.add('a')).toBe(a);
    expect([files.path(a), files.path(b), files.id('b'), files.size]).toEqual(['a', 'b', b, 2]);
    expect(files.delete('a')).toBe(true);
    expect(files.delete('a')).toBe(false);
    expect(files.id('a')).toBeUndefined();
    expect(() => files.path(a)).toThrow(RangeError);
    expect(new Set([a, b, files.add('c'), files.add('a')]).size).toBe(4);
  });
});
