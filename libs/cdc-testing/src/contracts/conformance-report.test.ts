import { describe, expect, it } from '@jest/globals';
import {
  conformanceReport,
  formatReport,
  shortcoming,
} from '../../../../tools/jest/conformance-report.mjs';
import { conformanceSuite, runCase } from './conformance-suite.ts';

const test = (title: string, status = 'passed', failureMessages: string[] = []) => ({
  ancestorTitles: ['conformance: Delta'],
  title,
  status,
  failureMessages,
});

describe('the conformance report', () => {
  const report = conformanceReport([
    { testFilePath: 'a', testResults: [test('b'), test('a [refused: version 99]')] },
    {
      testFilePath: 'b',
      testResults: [
        test('c [expectedToFail: a gap]'),
        test('d [cannotRun: no server]'),
        test('e', 'failed', ['Error: rows differ\n  at x']),
        { ...test('f'), ancestorTitles: ['something else'] },
      ],
    },
    { testFilePath: 'broken', testExecError: { message: 'x' }, testResults: [] },
  ]);

  it('merges the cases of several test files, with a reason for all that did not pass', () => {
    expect(report).toEqual({
      passed: 1,
      refused: 1,
      expectedToFail: 1,
      cannotRun: 1,
      failed: 2,
      cases: [
        { name: 'Delta: a', outcome: 'refused', reason: 'version 99' },
        { name: 'Delta: b', outcome: 'passed', reason: '' },
        { name: 'Delta: c', outcome: 'expectedToFail', reason: 'a gap' },
        { name: 'Delta: d', outcome: 'cannotRun', reason: 'no server' },
        { name: 'Delta: e', outcome: 'failed', reason: 'Error: rows differ' },
        { name: 'broken', outcome: 'failed', reason: 'the test file does not run' },
      ],
    });
    expect(formatReport(report).split('\n')).toEqual([
      'Conformance',
      '  refused         Delta: a: version 99',
      '  expectedToFail  Delta: c: a gap',
      '  cannotRun       Delta: d: no server',
      '  failed          Delta: e: Error: rows differ',
      '  failed          broken: the test file does not run',
      '  1 passed, 1 refused, 1 expectedToFail, 1 cannotRun, 2 failed',
    ]);
  });

  it('fails a run when a case failed, none ran, or more than one in twenty does not pass', () => {
    const of = (passed: number, cannotRun: number): string | undefined => {
      const titles = [
        ...Array.from({ length: passed }, (_, i) => `p${i}`),
        ...Array.from({ length: cannotRun }, (_, i) => `c${i} [cannotRun: no server]`),
      ];
      const testResults = titles.map((title) => test(title));
      return shortcoming(conformanceReport([{ testFilePath: 'a', testResults }]));
    };
    expect(shortcoming(report)).toBe('2 conformance cases failed');
    expect(of(0, 0)).toBe('No conformance case ran');
    expect(of(19, 1)).toBeUndefined();
    expect(of(18, 1)).toBe('Only 94.7 % of the conformance cases pass, not 95 %');
  });
});

describe('a conformance suite', () => {
  it('without cases is a failure', () => {
    expect(() => conformanceSuite('nothing', [])).toThrow(
      'The conformance suite nothing has no cases',
    );
  });

  it('fails where a case passes that was expected to fail, or a reason is missing', async () => {
    const run = (): Promise<void> => Promise.resolve();
    const gap = { name: 'gap', outcome: { kind: 'expectedToFail', reason: 'a gap' }, run } as const;
    await expect(runCase(gap)).rejects.toThrow('take it off the list');
    const silent = { name: 's', outcome: { kind: 'cannotRun', reason: '' }, run } as const;
    await expect(runCase(silent)).rejects.toThrow();
  });

  const ran: string[] = [];
  conformanceSuite('itself', [
    { name: 'runs', run: async () => void ran.push('runs') },
    {
      name: 'fails as it should',
      outcome: { kind: 'expectedToFail', reason: 'shown here' },
      run: () => Promise.reject(new Error('a gap')),
    },
    {
      name: 'has not what it needs',
      outcome: { kind: 'cannotRun', reason: 'shown here' },
      run: async () => void ran.push('cannot'),
    },
    {
      name: 'ran what can run',
      run: async () => expect(ran).toEqual(['runs']),
    },
  ]);
});
