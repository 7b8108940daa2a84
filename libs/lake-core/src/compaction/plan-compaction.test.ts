import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planCompaction } from './plan-compaction.ts';
import type { CompactionFile, CompactionRules } from './plan-compaction.ts';

const rules: CompactionRules = {
  targetBytes: 1000,
  targetRows: 1000,
  minFiles: 4,
  sizeRatio: 10,
  deletedShare: 0.2,
};

interface Named extends CompactionFile {
  readonly name: string;
}

const file = (name: string, bytes: number, more: Partial<CompactionFile> = {}): Named => ({
  name,
  group: '',
  bytes,
  rows: 10,
  deletedRows: 0,
  ...more,
});
const names = (bins: readonly (readonly Named[])[]): string[] =>
  bins.map((bin) => bin.map(({ name }) => name).join(' '));

describe('planCompaction', () => {
  it('leaves few small files alone, and merges them once there are enough, in their order', () => {
    const small = ['a', 'b', 'c'].map((name) => file(name, 20));
    expect(names(planCompaction(small, rules))).toEqual([]);
    expect(names(planCompaction([...small, file('d', 15)], rules))).toEqual(['a b c d']);
  });

  it('does not rewrite a large file for the sake of small ones', () => {
    const files = [file('large', 400), ...['a', 'b', 'c', 'd'].map((name) => file(name, 20))];
    expect(names(planCompaction(files, rules))).toEqual(['a b c d']);
  });

  it('takes smaller files along when it merges a class', () => {
    const files = [...['a', 'b', 'c', 'd'].map((name) => file(name, 150)), file('tiny', 1)];
    expect(names(planCompaction(files, rules))).toEqual(['a b c d tiny']);
  });

  it('fills each new file once', () => {
    const files = 'abcdefgh'.split('').map((name) => file(name, 300));
    expect(names(planCompaction(files, rules))).toEqual(['a b c', 'd e f', 'g h']);
  });

  it('never merges partitions', () => {
    const files = 'abcdefgh'
      .split('')
      .map((name, i) => file(name, 20, { group: i % 2 === 0 ? 'even' : 'odd' }));
    expect(names(planCompaction(files, rules))).toEqual(['a c e g', 'b d f h']);
  });

  it('rewrites a large file once enough of its rows are deleted', () => {
    const worn = (deletedRows: number): Named => file('worn', 900, { rows: 100, deletedRows });
    expect(names(planCompaction([worn(19)], rules))).toEqual([]);
    expect(names(planCompaction([worn(20)], rules))).toEqual(['worn']);
  });

  it('does not rewrite small files one by one for their deleted rows', () => {
    const worn = file('a', 30, { rows: 10, deletedRows: 9 });
    expect(names(planCompaction([worn], rules))).toEqual([]);
  });

  it('counts the rows of a file that takes few bytes', () => {
    const files = ['a', 'b', 'c', 'd'].map((name) => file(name, 1, { rows: 600 }));
    expect(names(planCompaction(files, rules))).toEqual([]);
  });

  it('merges whatever is small when all sizes are one class', () => {
    const files = [file('a', 300), file('b', 1), file('c', 0, { rows: 0 }), file('full', 800)];
    const all = { ...rules, minFiles: 2, sizeRatio: Infinity };
    expect(names(planCompaction(files, all))).toEqual(['a b c']);
  });

  it('comes to rest: what it has made needs no compaction, whatever is added meanwhile', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(sizes, (added) => {
        let files: Named[] = [];
        let [rewritten, total] = [0, 0];
        for (const [i, bytes] of added.entries()) {
          files.push(file(String(i), bytes));
          total += bytes;
          for (let round = 0; ; round++) {
            expect(round).toBeLessThan(4);
            const bins = planCompaction(files, rules);
            if (bins.length === 0) break;
            const gone = new Set(bins.flat());
            expect(gone.size).toBe(bins.flat().length);
            const made = bins.map((bin, n) =>
              file(
                `${i}/${round}/${n}`,
                bin.reduce((sum, one) => sum + one.bytes, 0),
              ),
            );
            for (const one of made) expect(one.bytes).toBeLessThanOrEqual(rules.targetBytes);
            rewritten += made.reduce((sum, one) => sum + one.bytes, 0);
            files = [...files.filter((one) => !gone.has(one)), ...made];
          }
        }
        const small = files.filter(({ bytes }) => bytes < rules.targetBytes / 2);
        expect(small.length).toBeLessThan(rules.minFiles * 3);
        expect(rewritten).toBeLessThanOrEqual(total * 4);
        expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(total);
      }),
      { seed: 20261125, numRuns: 200 },
    );
  });
});
