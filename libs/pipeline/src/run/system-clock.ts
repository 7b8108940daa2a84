import { setTimeout as timer } from 'node:timers/promises';
import type { Clock } from '@cdc-demo/cdc-core';

/** The machine's own time. The one place that asks for it; everything else is given a `Clock`. */
export const systemClock: Clock = {
  // eslint-disable-next-line no-restricted-properties -- this is the clock that is passed in
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await timer(ms, undefined, signal ? { signal } : undefined);
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};
