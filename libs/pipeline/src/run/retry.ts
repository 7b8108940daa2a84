/** How a pipeline tries again after an error that may pass. */
export interface RetryLimits {
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  /** Attempts in a row without a commit between them, after which the pipeline fails. */
  readonly maxAttempts: number;
}

/**
 * Delay before attempt `attempt` (1 for the first retry): doubles up to the maximum, between half
 * of it and all of it by `random` in [0, 1), so that many pipelines do not return at once.
 */
export function retryDelayMs(limits: RetryLimits, attempt: number, random: number): number {
  const full = Math.min(limits.maxDelayMs, limits.initialDelayMs * 2 ** (attempt - 1));
  return Math.round(full / 2 + (full / 2) * random);
}
