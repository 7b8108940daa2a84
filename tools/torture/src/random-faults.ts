import { InjectedFault, STEPS, seededRandom, stepOf } from '@cdc-demo/cdc-testing';
import type { Around, Step } from '@cdc-demo/cdc-testing';

/** What a run meets besides its end; plain JSON. */
export interface RandomFaults {
  readonly seed: number;
  /** The process ends itself when it has come to so many beginnings and ends of steps. */
  readonly killAt: number;
  /** Only this step counts for `killAt`; every step unless given. */
  readonly step?: Step;
  /** Of a hundred steps so many fail, half of them after they were done. */
  readonly errorPercent: number;
}

const MESSAGES = new Set<Step>(['snapshot-rows', 'snapshot-end', 'resync-rows', 'transaction']);

/**
 * Errors and a kill at instants that follow from a seed.
 * @param hit told of every fault, before it happens
 */
export function randomFaults(
  { seed, killAt, step: only, errorPercent }: RandomFaults,
  { kill, hit }: { kill: () => Promise<never>; hit: (fault: string, step: Step) => void },
): Around {
  const random = seededRandom(seed);
  let instants = 0;
  const reach = async (moment: 'before' | 'after', step: Step): Promise<void> => {
    if (only !== undefined && only !== step) return;
    if (++instants !== killAt) return;
    hit(`kill-${moment}`, step);
    await kill();
  };
  return async (call, proceed) => {
    const step = stepOf(call);
    if (step === undefined) return proceed();
    await reach('before', step);
    const fault = random() * 100 < errorPercent ? random() : undefined;
    if (fault !== undefined && fault < 0.5) {
      hit('error-before', step);
      throw new InjectedFault(`${call.operation} was not done`);
    }
    const answer = await proceed();
    await reach('after', step);
    if (fault !== undefined && !MESSAGES.has(step)) {
      hit('error-after', step);
      throw new InjectedFault(`${call.operation} was done`);
    }
    return answer;
  };
}

/** Faults of one run: mostly anywhere, now and then at a step that comes seldom. */
export function drawFaults(random: () => number): RandomFaults {
  const seed = Math.floor(random() * 2 ** 31);
  const errorPercent = random() < 0.3 ? 2 : 0;
  if (random() < 0.25) {
    const step = STEPS[Math.floor(random() * STEPS.length)] ?? 'log-entry';
    return { seed, step, killAt: 1 + Math.floor(random() * 4), errorPercent };
  }
  // Early instants are as likely as late ones, by their order of magnitude.
  return { seed, killAt: Math.ceil(Math.exp(random() * Math.log(600))), errorPercent };
}
