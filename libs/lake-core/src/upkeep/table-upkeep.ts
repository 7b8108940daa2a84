import { isCdcError } from '@cdc-demo/cdc-core';
import type {
  Clock,
  CommitOutcome,
  Logger,
  TableName,
  TableTended,
  UpkeepEvent,
  UpkeepOutcome,
} from '@cdc-demo/cdc-core';
import type { CompactionFile } from '../compaction/plan-compaction.ts';
import type { FileLayout } from '../data-files/data-file-writer.ts';
import { Pace, UpkeepStopped } from './pace.ts';
import { nextTask } from './upkeep-policy.ts';
import type { NextTask, PeriodicTask, TaskTimes, UpkeepPolicy } from './upkeep-policy.ts';

/** What a format can do for a table beside its commits. */
export interface FormatUpkeep<C extends CompactionFile, S> {
  /** The live files in the order of their making. */
  files(): Promise<readonly C[]> | readonly C[];
  /** Copies the live rows of files into new ones. */
  stage(files: readonly C[], pause: Pace['pause']): Promise<S>;
  /** Commits what was staged; nothing is removed when it does not come to that. */
  commit(staged: S): Promise<CommitOutcome>;
  /** Removes what was staged. */
  discard(staged: S): Promise<void>;
  /** Deletes what is old; the most urgent one first. */
  readonly cleanups: readonly Cleanup[];
}

/** Deletes something old. */
export interface Cleanup {
  readonly kind: Exclude<TableTended['task'], 'compact'>;
  /** Is it to be done, as the table is now? */
  isDue(times: TaskTimes): boolean;
  run(pause: Pace['pause']): Promise<{ readonly files: number; readonly bytes: number }>;
}

export interface UpkeepContext {
  readonly table: TableName;
  /** The table's URL. */
  readonly location: string;
  readonly layout: FileLayout;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onUpkeep: (event: UpkeepEvent) => void;
}

interface DueCleanup extends PeriodicTask {
  readonly cleanup: Cleanup;
}

/**
 * Looks after a table beside its commits: merges small files, drops deleted rows, deletes old files
 * and old versions, as its policy says. Only commits of changes give rise to it, so that a table
 * that nothing changes is left as it is. One task runs at a time. A task that fails is told and
 * tried again at a later commit; nothing that it has left half done shows in the table.
 */
export class TableUpkeep<C extends CompactionFile, S> {
  readonly #context: UpkeepContext;
  readonly #format: FormatUpkeep<C, S>;
  readonly #policy: UpkeepPolicy;
  readonly #openedMs: number;
  readonly #stop = new AbortController();
  /** When a cleanup was begun, in milliseconds since the table was opened. */
  readonly #begunMs = new Map<Cleanup, number>();
  #commits = 0;
  #running: Promise<void> | undefined;

  constructor(context: UpkeepContext, format: FormatUpkeep<C, S>, policy: UpkeepPolicy) {
    this.#context = context;
    this.#format = format;
    this.#policy = policy;
    this.#openedMs = context.clock.monotonicMs();
  }

  /** Takes note of a commit of changes. */
  committed(): void {
    this.#commits++;
    if (this.#running || this.#stop.signal.aborted) return;
    // Fewer commits than that cannot make a merge worthwhile.
    if (this.#commits < this.#policy.minFiles) return;
    this.#commits = 0;
    this.#running = this.#work()
      .catch((error: unknown) => this.#failed('plan', error))
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Ends what is being done as soon as may be; resolves when nothing is done any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Resolves when nothing is being done. */
  async settle(): Promise<void> {
    await this.#running;
  }

  async #work(): Promise<void> {
    for (;;) {
      const task = await this.#next();
      if (!task || this.#stop.signal.aborted) return;
      if (!(await this.#perform(task))) return;
    }
  }

  async #next(): Promise<NextTask<C, DueCleanup> | undefined> {
    const { layout, onUpkeep, table } = this.#context;
    const files = await this.#format.files();
    const sum = (of: (file: C) => number): number => files.reduce((all, file) => all + of(file), 0);
    onUpkeep({
      kind: 'table-condition',
      table,
      files: files.length,
      bytes: sum(({ bytes }) => bytes),
      rows: sum(({ rows }) => rows),
      deletedRows: sum(({ deletedRows }) => deletedRows),
    });
    const openMs = this.#openMs();
    const periodic = this.#format.cleanups.map((cleanup): DueCleanup => {
      const doneMs = this.#begunMs.get(cleanup);
      return { isDue: cleanup.isDue({ openMs, doneMs }), cleanup };
    });
    const { targetFileBytes: targetBytes, targetFileRows: targetRows } = layout;
    return nextTask({ files, targetBytes, targetRows, periodic }, this.#policy);
  }

  /** True when the task was done and another one may follow. */
  async #perform(task: NextTask<C, DueCleanup>): Promise<boolean> {
    const { clock, table, onUpkeep } = this.#context;
    const kind = 'compact' in task ? 'compact' : task.periodic.cleanup.kind;
    const startedMs = clock.monotonicMs();
    let outcome: UpkeepOutcome;
    try {
      outcome = await this.#done(task);
    } catch (error) {
      if (error instanceof UpkeepStopped) return false;
      this.#failed(kind, error);
      outcome = { outcome: 'failed' };
    }
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    onUpkeep({ kind: 'table-tended', table, task: kind, durationMs, ...outcome });
    return outcome.outcome === 'done';
  }

  #failed(task: string, error: unknown): void {
    const { logger, location } = this.#context;
    const code = isCdcError(error) ? error.code : String(error);
    logger.warn('upkeep of a table failed', { table: location, task, code });
  }

  async #done(task: NextTask<C, DueCleanup>): Promise<UpkeepOutcome> {
    const { pause } = new Pace(this.#context.clock, this.#policy.workShare, this.#stop.signal);
    if ('compact' in task) return this.#compact(task.compact, pause);
    const { cleanup } = task.periodic;
    this.#begunMs.set(cleanup, this.#openMs());
    const { files, bytes } = await cleanup.run(pause);
    return { outcome: 'done', filesBefore: files, filesAfter: 0, bytes };
  }

  async #compact(files: readonly C[], pause: Pace['pause']): Promise<UpkeepOutcome> {
    const staged = await this.#format.stage(files, pause);
    const done = await this.#format.commit(staged);
    if (done.outcome === 'committed') {
      const { files: filesAfter, bytes } = done.stats;
      return { outcome: 'done', filesBefore: files.length, filesAfter, bytes };
    }
    // The table went on, or is another's now: the next commit of changes tells.
    await this.#format.discard(staged);
    return { outcome: 'given-up' };
  }

  #openMs(): number {
    return this.#context.clock.monotonicMs() - this.#openedMs;
  }
}
