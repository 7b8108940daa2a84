import { expect, test } from '@jest/globals';
import { keepsValues } from './typmod-change.ts';

test.each([
  ['varchar(5) to varchar(9)', 1043, 9, 13, true],
  ['varchar(5) to varchar', 1043, 9, -1, true],
  ['varchar to varchar(5)', 1043, -1, 9, false],
  ['varchar(9) to varchar(5)', 1043, 13, 9, false],
  ['varbit(5) to varbit(9)', 1562, 5, 9, true],
  ['timestamp(0) to timestamp(3)', 1114, 0, 3, true],
  ['timestamptz(3) to timestamptz', 1184, 3, -1, true],
  ['time(3) to time(0)', 1083, 3, 0, false],
  ['char(5) to char(9), which pads', 1042, 9, 13, false],
  ['numeric(6, 2) to numeric(8, 2), another field', 1700, 393222, 524294, false],
  ['no change at all', 1700, 393222, 393222, true],
])('%s', (_, oid, from, to, keeps) => {
  expect(keepsValues(oid, from, to)).toBe(keeps);
});
