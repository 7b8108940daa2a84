import { formatTableName } from '@cdc-demo/cdc-core';
import { readSignals, removeSignal } from '../progress/resync-signals.ts';
import type { ResyncSignal } from '../progress/resync-signals.ts';
import type { Committer } from './committer.ts';
import type { OpenTables } from './open-tables.ts';
import type { PipelineOptions } from './pipeline-options.ts';

export interface SignalParts {
  readonly options: PipelineOptions;
  readonly tables: OpenTables;
  readonly committer: Committer;
}

/** Takes up what somebody asks a running pipeline for, by files in its state folder. */
export class SignalWatch {
  readonly #parts: SignalParts;
  #lookedMs: number;

  constructor(parts: SignalParts) {
    this.#parts = parts;
    this.#lookedMs = parts.options.clock.monotonicMs();
  }

  /** Resolves when it is time to look again. */
  async due(cancel: AbortSignal): Promise<void> {
    const { clock, heartbeatIntervalMs } = this.#parts.options;
    const dueInMs = this.#lookedMs + heartbeatIntervalMs - clock.monotonicMs();
    if (dueInMs > 0) await clock.sleep(dueInMs, cancel);
  }

  /** Looks for signals; each is removed once what it asks for is on record. */
  async take(): Promise<void> {
    const { options } = this.#parts;
    for (const signal of await readSignals(options.state)) {
      await this.#follow(signal);
      await removeSignal(options.state, signal);
    }
    this.#lookedMs = options.clock.monotonicMs();
  }

  async #follow({ key, table }: ResyncSignal): Promise<void> {
    const { options, tables, committer } = this.#parts;
    if (table !== 'unreadable' && tables.has(table)) return committer.resync(table);
    const what = table === 'unreadable' ? 'something unknown' : formatTableName(table);
    options.observer({
      kind: 'warning',
      message: `The signal ${key} asks for ${what}, which is not followed`,
      remedy: 'Name a table of the pipeline; the signal was removed',
    });
  }
}
