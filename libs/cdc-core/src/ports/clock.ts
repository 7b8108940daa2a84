/** Time, passed in wherever it is needed, so that tests own it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z; may jump when somebody sets the clock. */
  nowMs(): number;
  /** Milliseconds since an unspecified start; never goes back. For durations. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
