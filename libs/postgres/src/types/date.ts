import type { Int32Column } from '@cdc-demo/cdc-core';
import { isText, takeEnd } from './ascii-reader.ts';
import { FIRST_DAY, LAST_DAY, POSTGRES_EPOCH_DAYS, takeDate } from './calendar.ts';
import { columnCodec } from './column-codec.ts';
import type { WireValue } from './wire-value.ts';

const INFINITY = 0x7fffffff;
const MINUS_INFINITY = -0x80000000;
const SUFFIX_LENGTH = ' BC'.length;

export const NOT_FINITE = 'it is infinity or -infinity';
export const NOT_IN_CALENDAR = 'its year is before 1 or after 9999';

/** `date`: days; the years 1 to 9999. */
export const dateCodec = columnCodec<Int32Column>(
  { kind: 'date' },
  {
    binary: (value, column) => {
      value.expect(4);
      const days = value.view.getInt32(value.start);
      if (days === INFINITY || days === MINUS_INFINITY) value.reject(column, NOT_FINITE);
      else appendDays(value, column, days + POSTGRES_EPOCH_DAYS);
    },
    text: (value, column) => {
      if (isInfinite(value)) {
        value.reject(column, NOT_FINITE);
        return;
      }
      const isBc = takeBcSuffix(value);
      const days = takeDate(value);
      takeEnd(value);
      if (isBc || days === undefined) value.reject(column, NOT_IN_CALENDAR);
      else appendDays(value, column, days);
    },
  },
);

/** Is the text that of an infinite date, timestamp or interval? */
export function isInfinite(value: WireValue): boolean {
  return isText(value, 'infinity') || isText(value, '-infinity');
}

/** Takes ` BC` off the end of a date or timestamp; says whether it was there. */
export function takeBcSuffix(value: WireValue): boolean {
  const { end } = value;
  const at = end - SUFFIX_LENGTH;
  if (at < value.start || value.bytes[end - 1] !== 67 || value.bytes[end - 2] !== 66) return false;
  value.end = at;
  return true;
}

function appendDays(value: WireValue, column: Int32Column, days: number): void {
  if (days < FIRST_DAY || days > LAST_DAY) value.reject(column, NOT_IN_CALENDAR);
  else column.append(days);
}
