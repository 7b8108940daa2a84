import type { Clock } from '@cdc-demo/cdc-core';

/** Thrown out of a piece of work that was asked to end. */
export class UpkeepStopped extends Error {}

/** Keeps work that runs beside other work to a share of the time, and ends it when asked. */
export class Pace {
  readonly #clock: Clock;
  readonly #share: number;
  readonly #signal: AbortSignal;

  /** @param share above 0; 1 means without a pause */
  constructor(clock: Clock, share: number, signal: AbortSignal) {
    this.#clock = clock;
    this.#share = share;
    this.#signal = signal;
  }

  /**
   * Rests after work that took `workedMs`.
   * @throws UpkeepStopped
   */
  readonly pause = async (workedMs: number): Promise<void> => {
    if (!this.#signal.aborted) {
      await this.#clock.sleep(workedMs * (1 / this.#share - 1), this.#signal);
    }
    if (this.#signal.aborted) throw new UpkeepStopped('Upkeep was stopped');
  };
}
