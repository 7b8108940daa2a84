import { expect, test } from '@jest/globals';
import { daysOf, FIRST_DAY, LAST_DAY } from './calendar.ts';

test('days are those of the Gregorian calendar, on every day of the years 1 to 9999', () => {
  expect(daysOf(1, 1, 1)).toBe(FIRST_DAY);
  expect(daysOf(9999, 12, 31)).toBe(LAST_DAY);
  for (let days = FIRST_DAY; days <= LAST_DAY; days += 17) {
    const date = new Date(days * 86_400_000);
    const found = daysOf(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate());
    if (found !== days) throw new Error(`${date.toISOString()}: ${found} instead of ${days}`);
  }
});
