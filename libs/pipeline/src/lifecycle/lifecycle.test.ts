import { describe, expect, it } from '@jest/globals';
import { nextState } from './lifecycle.ts';
import { retryDelayMs } from '../run/retry.ts';

describe('nextState', () => {
  it('leads from start over snapshot and a lost connection to the end', () => {
    const events = [
      'start',
      'snapshot-began',
      'streaming-began',
      'lost',
      'retry-due',
      'streaming-began',
      'stop-asked',
      'ended',
    ] as const;
    expect(events.reduce(nextState, 'created')).toBe('stopped');
  });

  it('stays stopping whatever still happens', () => {
    for (const event of ['snapshot-began', 'streaming-began', 'lost', 'retry-due'] as const) {
      expect(nextState('stopping', event)).toBe('stopping');
    }
  });

  it('refuses what cannot happen', () => {
    expect(() => nextState('stopped', 'start')).toThrow('start cannot happen while stopped');
  });
});

describe('retryDelayMs', () => {
  const limits = { initialDelayMs: 100, maxDelayMs: 1000, maxAttempts: 9 };
  it('doubles up to the maximum and spreads over the upper half', () => {
    expect([1, 2, 3, 4, 5, 6].map((attempt) => retryDelayMs(limits, attempt, 1))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ]);
    expect(retryDelayMs(limits, 2, 0)).toBe(100);
  });
});
