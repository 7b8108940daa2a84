import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import { LocalObjectStore } from '@cdc-demo/object-store';

/** Real durations; the time of day moves a second at every look. */
export function tickingClock(start = Date.UTC(2026, 0, 1)): Clock {
  let nowMs = start;
  return {
    nowMs: () => (nowMs += 1000),
    monotonicMs: () => performance.now(),
    sleep: () => Promise.resolve(),
  };
}

/** A store in a folder that `[Symbol.asyncDispose]` removes. */
export async function temporaryStore(): Promise<{
  readonly folder: string;
  readonly store: ObjectStore;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'delta-sink-'));
  // What is written beside the commits may still be on its way.
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 10 });
  return { folder, store: new LocalObjectStore(folder), [Symbol.asyncDispose]: dispose };
}
