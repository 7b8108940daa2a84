import { describe, expect, it } from '@jest/globals';
import { DEFAULT_UPKEEP, cleanLogEveryMs } from './upkeep-policy.ts';

const HOUR = 3_600_000;

describe('cleanLogEveryMs', () => {
  it('is an hour where many versions came, else a day', () => {
    expect(cleanLogEveryMs(99n, DEFAULT_UPKEEP)).toBe(24 * HOUR);
    expect(cleanLogEveryMs(100n, DEFAULT_UPKEEP)).toBe(HOUR);
    expect(cleanLogEveryMs(100n, { ...DEFAULT_UPKEEP, cleanLogEveryMs: 7 })).toBe(7);
  });
});
