import process from 'node:process';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export interface StopSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal that aborts at the first SIGTERM or SIGINT, so that work can end gracefully. A second
 * one ends the process at once, as it would have without this; so does one after disposal.
 */
export function stopOnSignal(onStop: () => void): StopSignal {
  const stop = new AbortController();
  const dispose = (): void => {
    for (const signal of SIGNALS) process.off(signal, handle);
  };
  const handle = (): void => {
    dispose();
    onStop();
    stop.abort();
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return { signal: stop.signal, [Symbol.dispose]: dispose };
}
