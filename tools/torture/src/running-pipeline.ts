import type { PipelineEvent } from '@cdc-demo/cdc-core';
import { torturedPipeline } from './tortured-pipeline.ts';
import type { Run, TorturedParts } from './tortured-pipeline.ts';

/** A pipeline that runs in this process, and what it has said so far. */
export class RunningPipeline {
  readonly events: PipelineEvent[] = [];
  /** Resolves when the run ends; an error that ended it comes as a value. */
  readonly ended: Promise<unknown>;
  /** Asks the run to end. */
  readonly end: () => void;
  #wake: () => void = () => undefined;
  #isOver = false;

  constructor(run: Run, parts: Omit<TorturedParts, 'observer'>) {
    const pipeline = torturedPipeline(run, {
      ...parts,
      observer: (event) => {
        this.events.push(event);
        this.#wake();
      },
    });
    this.end = () => pipeline.stop();
    this.ended = pipeline.run().then(
      () => undefined,
      (error: unknown) => error,
    );
    void this.ended.then(() => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /** Resolves at the `nth` event that fits, from the beginning. @throws when the run ends first */
  async until(isIt: (event: PipelineEvent) => boolean, nth = 1): Promise<void> {
    while (this.events.filter(isIt).length < nth) {
      if (this.#isOver) throw new Error('The pipeline ended first', { cause: await this.ended });
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  get isStreaming(): boolean {
    return this.events.some(isStreaming);
  }

  /** Batches that were committed so far. */
  get batches(): number {
    return this.events.filter(isBatch).length;
  }

  /** Stops gracefully. @throws what ended the run */
  async stop(): Promise<void> {
    this.end();
    const error = await this.ended;
    if (error !== undefined) throw new Error('The run failed', { cause: error });
  }
}

export function isStreaming(event: PipelineEvent): boolean {
  return event.kind === 'state' && event.to === 'streaming';
}

export function isBatch(event: PipelineEvent): boolean {
  return event.kind === 'batch-committed';
}
