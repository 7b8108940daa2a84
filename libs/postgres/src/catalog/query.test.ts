import { expect, test } from '@jest/globals';
import { textOf, textOrNull } from './query.ts';

test('columns are texts, or NULL where that is expected', () => {
  const row = { name: 'a', nothing: null, number: 1 };
  expect(textOf(row, 'name')).toBe('a');
  expect(textOrNull(row, 'nothing')).toBeNull();
  expect(() => textOf(row, 'nothing')).toThrow('nothing is not a text');
  expect(() => textOrNull(row, 'number')).toThrow('number is not a text');
  expect(() => textOrNull(row, 'missing')).toThrow('missing is not a text');
});
