import { describe, expect, it } from '@jest/globals';
import { fileRetentionMs, isLogCleanedUp, logRetentionMs } from './table-properties.ts';

const HOUR = 3_600_000;

describe('retention properties', () => {
  it('are a week for files and 30 days for the log where nothing is set', () => {
    expect(fileRetentionMs({})).toBe(7 * 24 * HOUR);
    expect(logRetentionMs({})).toBe(30 * 24 * HOUR);
    expect(isLogCleanedUp({})).toBe(true);
  });

  it.each([
    ['interval 2 days', 48 * HOUR],
    ['INTERVAL 1 week', 168 * HOUR],
    ['1 day 12 hours', 36 * HOUR],
    ['interval 90 minutes', 1.5 * HOUR],
    ['interval 0 hours', 0],
    ['interval 1500 milliseconds', 1500],
  ])('%s', (text, ms) => {
    expect(logRetentionMs({ 'delta.logRetentionDuration': text })).toBe(ms);
    expect(fileRetentionMs({ 'delta.deletedFileRetentionDuration': text })).toBe(ms);
  });

  it.each(['', 'interval', 'forever', 'interval 2 months', '2 days and 1 hour', '-1 days'])(
    'refuses %j, which would delete by guesswork',
    (text) => {
      const set = { 'delta.logRetentionDuration': text };
      expect(() => logRetentionMs(set)).toThrow(
        expect.objectContaining({ code: 'delta/property-invalid' }),
      );
    },
  );

  it('a log that is kept for ever is named by a property', () => {
    expect(isLogCleanedUp({ 'delta.enableExpiredLogCleanup': 'False' })).toBe(false);
  });
});
