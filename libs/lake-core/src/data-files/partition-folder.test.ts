import { expect, test } from '@jest/globals';
import { partitionFolder } from './partition-folder.ts';

test('partitions have folders of characters that a path need not encode', () => {
  expect(partitionFolder('day', '2024-03-01')).toBe('day=2024-03-01/');
  expect(partitionFolder('a b', 'x:y/%\u0001é😀')).toBe('a_b=x_y_____/');
  expect(partitionFolder('é', null)).toBe('partition=__HIVE_DEFAULT_PARTITION__/');
  expect(partitionFolder('_cdc_day', '..')).toBe('cdc_day=../');
});

test('values that are too long for a folder are cut there', () => {
  expect(partitionFolder('p', 'x'.repeat(500))).toBe(`p=${'x'.repeat(64)}/`);
});
