import { describe, expect, it } from '@jest/globals';
import { applyFeed, netChanges, replay, sortedFeed } from './net-changes.ts';
import type { RecordedChange } from './source-record.ts';

const row = (id: number, v: string): string => JSON.stringify({ id, v });
const change = (
  op: RecordedChange['op'],
  before: string | null,
  after: string | null,
): RecordedChange => ({ table: 't', op, before, after, endLsn: 1n });

const stored = new Map([
  ['1', row(1, 'a')],
  ['2', row(2, 'b')],
]);

describe('netChanges', () => {
  it.each<[string, RecordedChange[], string[]]>([
    ['nothing', [], []],
    [
      'insert + delete',
      [change('INSERT', null, row(3, 'x')), change('DELETE', row(3, 'x'), null)],
      [],
    ],
    [
      'delete + insert',
      [change('DELETE', row(1, 'a'), null), change('INSERT', null, row(1, 'c'))],
      [`update_postimage ${row(1, 'c')}`, `update_preimage ${row(1, 'a')}`],
    ],
    [
      'touched but equal',
      [change('UPDATE', row(1, 'a'), row(1, 'z')), change('UPDATE', row(1, 'z'), row(1, 'a'))],
      [`update_postimage ${row(1, 'a')}`, `update_preimage ${row(1, 'a')}`],
    ],
    [
      'a key that changes',
      [change('UPDATE', row(1, 'a'), row(9, 'a'))],
      [`delete ${row(1, 'a')}`, `insert ${row(9, 'a')}`],
    ],
    [
      'truncate + insert',
      [change('TRUNCATE', null, null), change('INSERT', null, row(2, 'n'))],
      [
        `delete ${row(1, 'a')}`,
        `update_postimage ${row(2, 'n')}`,
        `update_preimage ${row(2, 'b')}`,
      ],
    ],
  ])('of %s', (_name, changes, expected) => {
    const feed = netChanges(stored, changes, 'id');
    expect(sortedFeed(feed)).toEqual(expected);
    expect(applyFeed(stored, feed, 'id')).toEqual(replay(stored, changes, 'id'));
  });

  it('refuses a history or a feed that does not fit the rows', () => {
    expect(() => replay(stored, [change('DELETE', row(1, 'other'), null)], 'id')).toThrow('torn');
    expect(() => applyFeed(stored, [{ type: 'delete', row: row(7, 'x') }], 'id')).toThrow(
      'not the',
    );
    expect(() => applyFeed(stored, [{ type: 'insert', row: row(1, 'x') }], 'id')).toThrow('twice');
  });
});
