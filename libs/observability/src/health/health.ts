import { isCdcError } from '@cdc-demo/cdc-core';
import type { PipelineObserver, PipelineState } from '@cdc-demo/cdc-core';

export interface PipelineHealth {
  readonly state: PipelineState;
  /** Code of the last error; gone after the next commit. */
  readonly error: string | null;
  readonly lagSeconds: number | null;
}

export interface HealthReport {
  readonly ok: boolean;
  readonly pipelines: Readonly<Record<string, PipelineHealth>>;
}

/** What the pipelines of a process are doing. */
export class Health {
  readonly #pipelines = new Map<string, PipelineHealth>();

  /** An observer that keeps the health of one pipeline. */
  observe(pipeline: string): PipelineObserver {
    this.#pipelines.set(pipeline, { state: 'created', error: null, lagSeconds: null });
    const update = (change: Partial<PipelineHealth>): void => {
      const now = this.#pipelines.get(pipeline);
      if (now) this.#pipelines.set(pipeline, { ...now, ...change });
    };
    return (event) => {
      if (event.kind === 'state') update({ state: event.to });
      else if (event.kind === 'retry') update({ error: event.error.code });
      else if (event.kind === 'batch-committed') {
        update({ error: null, lagSeconds: event.latencyMs / 1000 });
      } else if (event.kind === 'failed') {
        update({ error: isCdcError(event.error) ? event.error.code : 'unknown' });
      }
    };
  }

  /** Alive: no pipeline has failed. A pipeline that tries again is alive. */
  live(): HealthReport {
    return this.#report(({ state }) => state !== 'failed');
  }

  /** Ready: every pipeline follows its source. */
  ready(): HealthReport {
    return this.#report(({ state }) => state === 'streaming');
  }

  #report(isOk: (health: PipelineHealth) => boolean): HealthReport {
    const pipelines = Object.fromEntries(this.#pipelines);
    return { ok: Object.values(pipelines).every(isOk), pipelines };
  }
}
