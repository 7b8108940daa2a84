import { parseUuid } from '@cdc-demo/cdc-core';
import { quoteIdentifier, quoteLiteral } from '../connection/quote.ts';

/** How the values of a key column are ordered; outside the server as inside. */
export type KeyOrder = 'int' | 'uuid' | 'bytea' | 'text';

/** A key's first column, by whose values a table is read in ranges. */
export interface RangeKey {
  readonly column: string;
  readonly order: KeyOrder;
}

/**
 * The rows whose key lies in [from, to); an end that is missing is open. Bounds are texts as the
 * server writes them.
 */
export interface KeyRange {
  readonly from?: string;
  readonly to?: string;
}

/** A value in a form that compares as the server orders it. */
export type OrderedKey = bigint | Uint8Array;

/** @throws SyntaxError when `text` is no value of the order */
export function orderedKey(order: KeyOrder, text: string): OrderedKey {
  switch (order) {
    case 'int':
      return BigInt(text);
    case 'uuid':
      return parseUuid(text);
    case 'bytea':
      if (!text.startsWith('\\x')) throw new SyntaxError('Not a bytea in hex');
      return Buffer.from(text.slice(2), 'hex');
    case 'text':
      return Buffer.from(text);
  }
}

/** Negative, 0 or positive; both of one order. */
export function compareKeys(a: OrderedKey, b: OrderedKey): number {
  if (typeof a === 'bigint') return a < (b as bigint) ? -1 : a > (b as bigint) ? 1 : 0;
  return Buffer.compare(a, b as Uint8Array);
}

/** A condition for WHERE, undefined for the whole table. */
export function rangeCondition({ column }: RangeKey, range: KeyRange): string | undefined {
  const name = quoteIdentifier(column);
  const parts: string[] = [];
  if (range.from !== undefined) parts.push(`${name} >= ${quoteLiteral(range.from)}`);
  if (range.to !== undefined) parts.push(`${name} < ${quoteLiteral(range.to)}`);
  return parts.length === 0 ? undefined : parts.join(' AND ');
}

/** What no range of `done` covers, ascending. The ranges of `done` may touch, in any order. */
export function rangesLeft(order: KeyOrder, done: readonly KeyRange[]): KeyRange[] {
  if (done.length === 0) return [{}];
  const sorted = inOrder(order, done);
  const left: KeyRange[] = [];
  let covered: KeyRange = {};
  for (const [i, range] of sorted.entries()) {
    const { from } = range;
    const isGap = from !== undefined && (i === 0 || isBefore(order, covered.to, from));
    if (isGap) left.push({ ...(covered.to === undefined ? {} : { from: covered.to }), to: from });
    if (i === 0 || isFurther(order, range.to, covered.to)) covered = range;
  }
  if (covered.to !== undefined) left.push({ from: covered.to });
  return left;
}

/** Cuts each range at the bounds that lie inside of it. */
export function splitRanges(
  order: KeyOrder,
  ranges: readonly KeyRange[],
  bounds: readonly string[],
): KeyRange[] {
  const cuts = bounds
    .map((text) => ({ text, key: orderedKey(order, text) }))
    .sort((a, b) => compareKeys(a.key, b.key));
  return ranges.flatMap((range) => {
    const { from, to } = range;
    const low = from === undefined ? undefined : orderedKey(order, from);
    const high = to === undefined ? undefined : orderedKey(order, to);
    const parts: KeyRange[] = [];
    let start = low;
    let startText = from;
    for (const { text, key } of cuts) {
      if (start !== undefined && compareKeys(key, start) <= 0) continue;
      if (high !== undefined && compareKeys(key, high) >= 0) break;
      parts.push({ ...(startText === undefined ? {} : { from: startText }), to: text });
      start = key;
      startText = text;
    }
    const tail = startText === undefined ? {} : { from: startText };
    parts.push({ ...tail, ...(to === undefined ? {} : { to }) });
    return parts;
  });
}

/** Ranges that do not overlap, each with something that is to be found by a key. */
export class RangeMap<T> {
  readonly #starts: readonly (OrderedKey | undefined)[];
  readonly #ends: readonly (OrderedKey | undefined)[];
  readonly #values: readonly T[];

  constructor(
    order: KeyOrder,
    entries: readonly { readonly range: KeyRange; readonly value: T }[],
  ) {
    const key = (text: string | undefined): OrderedKey | undefined =>
      text === undefined ? undefined : orderedKey(order, text);
    const sorted = inOrder(
      order,
      entries.map(({ range, value }) => ({ ...range, value })),
    );
    this.#starts = sorted.map(({ from }) => key(from));
    this.#ends = sorted.map(({ to }) => key(to));
    this.#values = sorted.map(({ value }) => value);
  }

  /** What belongs to the range that has the key; undefined where none has it. */
  at(key: OrderedKey): T | undefined {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = this.#starts[middle];
      if (start === undefined || compareKeys(start, key) <= 0) low = middle + 1;
      else high = middle;
    }
    const index = low - 1;
    if (index < 0) return undefined;
    const end = this.#ends[index];
    return end === undefined || compareKeys(key, end) < 0 ? this.#values[index] : undefined;
  }
}

function inOrder<T extends KeyRange>(order: KeyOrder, ranges: readonly T[]): T[] {
  const open = ranges.filter(({ from }) => from === undefined);
  const keyed = ranges.flatMap((range) =>
    range.from === undefined ? [] : [{ range, key: orderedKey(order, range.from) }],
  );
  keyed.sort((a, b) => compareKeys(a.key, b.key));
  return [...open, ...keyed.map(({ range }) => range)];
}

function isBefore(order: KeyOrder, end: string | undefined, start: string): boolean {
  return end !== undefined && compareKeys(orderedKey(order, end), orderedKey(order, start)) < 0;
}

/** Does the end `a` lie beyond the end `b`? A missing one lies beyond all. */
function isFurther(order: KeyOrder, a: string | undefined, b: string | undefined): boolean {
  if (b === undefined) return false;
  return a === undefined || compareKeys(orderedKey(order, a), orderedKey(order, b)) > 0;
}
