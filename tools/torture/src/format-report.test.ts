import { describe, expect, it } from '@jest/globals';
import { formatReport, reportJson } from './format-report.ts';
import type { TortureReport } from './random-torture.ts';

const report: TortureReport = {
  runs: 3,
  kills: 2,
  checks: 4,
  transactions: 5,
  faults: { 'progress kill-after': 1, 'log-entry kill-before': 1 },
  seeds: [7, 8],
  places: { files: 1, s3: 1 },
  violations: [
    {
      seed: 8,
      pipeline: 'life_8_0',
      invariant: 'feed',
      table: 'whole',
      version: 3n,
      wanted: ['insert {"id":1}'],
      found: [],
    },
  ],
};

describe('the report of the torture', () => {
  it('names each violation and the seed that repeats it', () => {
    expect(formatReport(report, 61.4).split('\n')).toEqual([
      '2 kills in 3 runs, 4 checks, 5 transactions',
      '2 lives (1 files, 1 s3) in 61 s, seeds 7 to 8',
      '     1  log-entry kill-before',
      '     1  progress kill-after',
      '1 violations',
      '  feed of life_8_0 whole version 3: repeat with CDC_SEED=8',
      '    missing insert {"id":1}',
      '    found   nothing',
    ]);
  });

  it('is JSON too, versions as text', () => {
    expect(JSON.parse(reportJson(report, 61.4))).toEqual({
      ...report,
      seconds: 61,
      violations: [{ ...report.violations[0], version: '3' }],
    });
  });
});
