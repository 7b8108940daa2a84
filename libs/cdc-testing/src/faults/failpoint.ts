import { InjectedFault } from './injected-fault.ts';
import type { Around } from './port-call.ts';
import { stepOf } from './steps.ts';
import type { Step } from './steps.ts';

/** What goes wrong at a failpoint. */
export const FAULTS = [
  /** The process is gone before the step. */
  'kill-before',
  /** The process is gone after the step, before it hears of its success. */
  'kill-after',
  /** An error; nothing was done. */
  'error-before',
  /** An error, though all was done. */
  'error-after',
  /** An error at once, as of a time-out; the call succeeds all the same, before the next try. */
  'late-success',
  /** The process sleeps before the step until another has taken over, then goes on. */
  'zombie',
  /** Somebody else is first. */
  'second-writer',
] as const;

export type FaultName = (typeof FAULTS)[number];

/** Where a fault happens: at the `nth` time (from 1) that a run comes to a step. */
export interface Failpoint {
  readonly step: Step;
  readonly nth: number;
  readonly fault: FaultName;
}

/** How the faults are brought about that need more than an error. */
export interface FaultMeans {
  /** Ends this process, or makes as if. */
  readonly kill: () => Promise<never>;
  /** Resolves when a later run owns the pipeline and has gone on. */
  readonly replaced: () => Promise<void>;
  /** Another writer does the step first. */
  readonly overtake: (key: string) => Promise<void>;
  /** Called when a run comes to the failpoint. */
  readonly hit: () => void;
}

/** An `Around` with one failpoint; `late` makes a call that was put off, if no try came since. */
export function failpoint(
  at: Failpoint,
  means: FaultMeans,
): { readonly around: Around; readonly late: () => Promise<void> } {
  let passed = 0;
  const putOff: (() => Promise<unknown>)[] = [];
  const late = async (): Promise<void> => {
    for (const call of putOff.splice(0)) await call();
  };
  const around: Around = async (call, proceed) => {
    if (stepOf(call) !== at.step) return proceed();
    await late();
    if (++passed !== at.nth) return proceed();
    means.hit();
    switch (at.fault) {
      case 'kill-before':
        return means.kill();
      case 'kill-after':
        await proceed();
        return means.kill();
      case 'error-before':
        throw new InjectedFault(`${call.operation} of ${at.step} was not done`);
      case 'error-after':
        await proceed();
        throw new InjectedFault(`${call.operation} of ${at.step} was done`);
      case 'late-success':
        putOff.push(proceed);
        throw new InjectedFault(`${call.operation} of ${at.step} timed out`);
      case 'zombie':
        await means.replaced();
        return proceed();
      case 'second-writer':
        await means.overtake(call.key);
        return proceed();
    }
  };
  return { around, late };
}
