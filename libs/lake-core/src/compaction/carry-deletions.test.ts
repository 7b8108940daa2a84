import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DeletionVector } from '../deletion-vector/deletion-vector.ts';
import type { SourceNow } from '../table-index/rewritten-rows.ts';
import { carryDeletions } from './carry-deletions.ts';

type Source = Parameters<typeof carryDeletions>[0][number];

const source = (rows: number, deleted?: readonly number[]): Source => ({
  rows,
  deleted: deleted && DeletionVector.of(deleted),
});
const live = (deleted?: readonly number[]): SourceNow => ({
  state: 'live',
  deleted: deleted && DeletionVector.of(deleted),
});
const rowsOf = (vector: DeletionVector | undefined): number[] | undefined =>
  vector && [...vector.rows()];

describe('carryDeletions', () => {
  it('numbers what was deleted since among the rows that were rewritten', () => {
    const sources = [source(5, [1]), source(4), source(3, [0])];
    const now = [live([1, 3]), live([0]), live([0])];
    // Rewritten: 0 2 3 4 of the first, 0 1 2 3 of the second, 1 2 of the third.
    expect(rowsOf(carryDeletions(sources, now))).toEqual([2, 4]);
  });

  it('a file that is not live any more has no live row', () => {
    const sources = [source(2), source(3, [1]), source(1)];
    const now: SourceNow[] = [live(), { state: 'gone' }, live()];
    expect(rowsOf(carryDeletions(sources, now))).toEqual([2, 3]);
  });

  it('rows that come back were left out: the rewritten files are of no use', () => {
    expect(carryDeletions([source(3, [1])], [live()])).toBeUndefined();
    expect(carryDeletions([source(3, [1])], [live([0, 2])])).toBeUndefined();
    expect(carryDeletions([source(3, [0, 1])], [live([1, 2])])).toBeUndefined();
  });

  it('the rows that are live afterwards are those that are live in the sources', () => {
    const marks = fc.array(fc.constantFrom(0, 1, 2), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(marks, { minLength: 1, maxLength: 5 }), (drawn) => {
        const at = (of: readonly number[], most: number): number[] =>
          of.flatMap((mark, row) => (mark > 0 && mark <= most ? [row] : []));
        const sources = drawn.map((of) => source(of.length, at(of, 1)));
        const carried = carryDeletions(
          sources,
          drawn.map((of) => live(at(of, 2))),
        );
        const rewritten = drawn.flatMap((of) => of.filter((mark) => mark !== 1));
        const expected = rewritten.flatMap((mark, row) => (mark === 2 ? [row] : []));
        expect(rowsOf(carried)).toEqual(expected);
      }),
    );
  });
});
