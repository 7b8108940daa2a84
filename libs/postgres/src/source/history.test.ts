import { expect, test } from '@jest/globals';
import { switchPoint } from './history.ts';

const FILE = '1\t0/3000000\tno recovery target specified\n\n2\t1/A0000028\tbefore "x"\n';

test('a timeline history says where each former timeline was left', () => {
  expect(switchPoint(FILE, 1)).toBe(0x3000000n);
  expect(switchPoint(FILE, 2)).toBe(0x1a0000028n);
  expect(switchPoint(FILE, 3)).toBeUndefined();
  expect(switchPoint('', 1)).toBeUndefined();
});
