import { describe, expect, it } from '@jest/globals';
import { systemClock } from './system-clock.ts';

describe('systemClock', () => {
  it('tells the time and never runs backwards', () => {
    expect(Math.abs(systemClock.nowMs() - new Date().getTime())).toBeLessThan(1000);
    const before = systemClock.monotonicMs();
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(before);
  });

  it('sleeps, and wakes up when it is told to', async () => {
    await systemClock.sleep(1);
    const stop = new AbortController();
    const asleep = systemClock.sleep(60_000, stop.signal);
    stop.abort();
    await expect(asleep).resolves.toBeUndefined();
    await expect(systemClock.sleep(60_000, stop.signal)).resolves.toBeUndefined();
  });
});
