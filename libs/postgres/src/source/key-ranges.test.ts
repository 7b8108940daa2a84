import { describe, expect, test } from '@jest/globals';
import {
  RangeMap,
  compareKeys,
  orderedKey,
  rangeCondition,
  rangesLeft,
  splitRanges,
} from './key-ranges.ts';
import type { KeyOrder, KeyRange } from './key-ranges.ts';

const SEED = 20_240_817;

/** Numbers in [0, below) that a seed decides. */
function* numbers(seed: number, below: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 48_271) % 2_147_483_647;
    yield state % below;
  }
}

describe('orders are those of the server', () => {
  test.each<[KeyOrder, readonly string[]]>([
    ['int', ['-9223372036854775808', '-1', '0', '9', '10', '9223372036854775807']],
    ['uuid', ['00000000-0000-0000-0000-0000000000ff', '0a000000-0000-0000-0000-000000000000']],
    ['bytea', ['\\x', '\\x00', '\\x0000', '\\x01', '\\xff']],
    ['text', ['', 'A', 'Z', 'a', 'a ', 'aa', 'é', '\u{ffff}', '\u{10000}']],
  ])('%s', (order, ascending) => {
    const keys = ascending.map((text) => orderedKey(order, text));
    expect([...keys].reverse().sort(compareKeys)).toEqual(keys);
  });

  test('a bytea that is not in hex is refused', () => {
    expect(() => orderedKey('bytea', 'abc')).toThrow(SyntaxError);
  });
});

test('a condition quotes names and values, and is none for the whole table', () => {
  const key = { column: 'a"b', order: 'text' } as const;
  expect(rangeCondition(key, {})).toBeUndefined();
  expect(rangeCondition(key, { from: "o'k" })).toBe(`"a""b" >= 'o''k'`);
  expect(rangeCondition(key, { from: '1', to: '2' })).toBe(`"a""b" >= '1' AND "a""b" < '2'`);
});

describe('what is left', () => {
  test.each<[string, readonly KeyRange[], readonly KeyRange[]]>([
    ['of nothing done is the whole', [], [{}]],
    ['of the whole is nothing', [{}], []],
    [
      'before, between and behind',
      [
        { from: '5', to: '7' },
        { from: '9', to: '12' },
      ],
      [{ to: '5' }, { from: '7', to: '9' }, { from: '12' }],
    ],
    ['nothing where ranges touch', [{ from: '9' }, { to: '9' }], []],
    [
      'nothing where one lies in another',
      [{ to: '100' }, { from: '9', to: '20' }],
      [{ from: '100' }],
    ],
  ])('%s', (_, done, left) => {
    expect(rangesLeft('int', done)).toEqual(left);
  });

  test(`done and left are the whole, whatever was done, seed ${SEED}`, () => {
    const random = numbers(SEED, 40);
    for (let round = 0; round < 300; round++) {
      const bounds = Array.from({ length: 6 }, () => String(random.next().value));
      const all = splitRanges('int', [{}], bounds);
      const done = all.filter(() => random.next().value % 2 === 0);
      const left = rangesLeft('int', done);
      const mapped = new RangeMap('int', [
        ...done.map((range) => ({ range, value: 'done' })),
        ...left.map((range) => ({ range, value: 'left' })),
      ]);
      for (let key = -1; key <= 41; key++) {
        const isDone = done.some((range) => contains(range, key));
        expect(mapped.at(BigInt(key))).toBe(isDone ? 'done' : 'left');
      }
    }
  });
});

test('ranges are cut at the bounds inside of them and nowhere else', () => {
  const ranges = [{ to: '10' }, { from: '20', to: '30' }, { from: '40' }];
  expect(splitRanges('int', ranges, ['25', '10', '5', '20', '35', '25', '41'])).toEqual([
    { to: '5' },
    { from: '5', to: '10' },
    { from: '20', to: '25' },
    { from: '25', to: '30' },
    { from: '40', to: '41' },
    { from: '41' },
  ]);
});

test('a key that no range has is not found', () => {
  const map = new RangeMap('text', [
    { range: { from: 'b', to: 'c' }, value: 1 },
    { range: { from: 'x' }, value: 2 },
  ]);
  const at = (text: string): number | undefined => map.at(orderedKey('text', text));
  expect(['a', 'b', 'bzz', 'c', 'x', 'zz'].map(at)).toEqual([undefined, 1, 1, undefined, 2, 2]);
});

function contains({ from, to }: KeyRange, key: number): boolean {
  return (from === undefined || key >= Number(from)) && (to === undefined || key < Number(to));
}
