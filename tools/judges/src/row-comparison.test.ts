import { describe, expect, test } from '@jest/globals';
import { assertSameRows, compareRows, describeComparison } from './row-comparison.ts';

const named = (name: string, ...rows: string[]) => ({ name, rows });

describe('compareRows', () => {
  test('order does not matter', () => {
    const comparison = compareRows(named('ours', 'a', 'b', 'a'), named('spark', 'a', 'a', 'b'));
    expect(comparison.equal).toBe(true);
    expect(describeComparison(comparison)).toBe('ours and spark have the same 3 rows');
  });

  test('a row that is there once more is a difference', () => {
    const comparison = compareRows(named('ours', 'a', 'a', 'a', 'b'), named('spark', 'a', 'b'));
    expect(comparison).toEqual({
      equal: false,
      left: { name: 'ours', rowCount: 4, onlyHereCount: 2, onlyHere: ['a', 'a'] },
      right: { name: 'spark', rowCount: 2, onlyHereCount: 0, onlyHere: [] },
    });
  });

  test('no rows on both sides are equal', () => {
    expect(compareRows(named('ours'), named('spark')).equal).toBe(true);
  });

  test('the description shows the first rows of each side in the order of their text', () => {
    const ours = Array.from({ length: 9 }, (_, i) => `{"id":${9 - i},"v":1}`);
    const theirs = Array.from({ length: 2 }, (_, i) => `{"id":${i + 1},"v":2}`);
    expect(describeComparison(compareRows(named('ours', ...ours), named('spark', ...theirs))))
      .toBe(`ours (9 rows) and spark (2 rows) differ
only in ours: 9
  {"id":1,"v":1}
  {"id":2,"v":1}
  {"id":3,"v":1}
  {"id":4,"v":1}
  {"id":5,"v":1}
  and 4 more
only in spark: 2
  {"id":1,"v":2}
  {"id":2,"v":2}`);
  });

  test('more repetitions than fit are counted and not shown', () => {
    const rows = Array.from({ length: 7 }, () => 'x');
    const { left } = compareRows(named('ours', ...rows), named('spark'));
    expect(left.onlyHereCount).toBe(7);
    expect(left.onlyHere).toHaveLength(5);
  });

  test('a long row is cut in the description', () => {
    const text = describeComparison(compareRows(named('a', 'x'.repeat(5000)), named('b')));
    expect(text.length).toBeLessThan(800);
    expect(text).toContain('…');
    expect(text).toContain('only in b: nothing');
  });
});

test('assertSameRows throws the description of the difference and nothing when there is none', () => {
  expect(() => assertSameRows(named('a', '1'), named('b', '1'))).not.toThrow();
  expect(() => assertSameRows(named('a', '1'), named('b'))).toThrow(
    /^a \(1 rows\) and b .* differ/,
  );
});
