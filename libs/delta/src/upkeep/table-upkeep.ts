import { isCdcError } from '@cdc-demo/cdc-core';
import type { UpkeepOutcome } from '@cdc-demo/cdc-core';
import { cleanLog } from '../log-cleanup/clean-log.ts';
import { discardCompaction, stageCompaction } from '../compaction/stage-compaction.ts';
import type { AddFile } from '../log/actions.ts';
import type { ChangeCommitter } from '../sink/change-committer.ts';
import type { TableContext } from '../sink/sink-options.ts';
import { vacuum } from '../vacuum/vacuum.ts';
import { Pace, UpkeepStopped } from './pace.ts';
import { fileConditions } from './table-condition.ts';
import { nextTask } from './upkeep-policy.ts';
import type { TableCondition, UpkeepPolicy, UpkeepTask } from './upkeep-policy.ts';

/**
 * Looks after a table beside its commits: merges small files, drops deleted rows, deletes old files
 * and old versions, as its policy says. Only commits of changes give rise to it, so that a table
 * that nothing changes is left as it is. One task runs at a time. A task that fails is told and
 * tried again at a later commit; nothing that it has left half done shows in the table.
 */
export class TableUpkeep {
  readonly #context: TableContext;
  readonly #committer: ChangeCommitter;
  readonly #policy: UpkeepPolicy;
  readonly #openedMs: number;
  readonly #stop = new AbortController();
  #commits = 0;
  #running: Promise<void> | undefined;
  #vacuumedMs: number | undefined;
  #logCleanedMs: number | undefined;
  #logCleanedVersion: bigint;

  constructor(context: TableContext, committer: ChangeCommitter, policy: UpkeepPolicy) {
    this.#context = context;
    this.#committer = committer;
    this.#policy = policy;
    this.#openedMs = context.clock.monotonicMs();
    this.#logCleanedVersion = committer.snapshot.version;
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
      const task = this.#next();
      if (!task || this.#stop.signal.aborted) return;
      if (!(await this.#perform(task))) return;
    }
  }

  #next(): UpkeepTask | undefined {
    const { layout, clock, onUpkeep, table } = this.#context;
    const { snapshot } = this.#committer;
    const files = fileConditions(snapshot);
    onUpkeep({
      kind: 'table-condition',
      table,
      files: files.length,
      bytes: snapshot.sizeInBytes,
      rows: files.reduce((sum, { rows }) => sum + rows, 0),
      deletedRows: files.reduce((sum, { deletedRows }) => sum + deletedRows, 0),
    });
    const condition: TableCondition = {
      files,
      targetBytes: layout.targetFileBytes,
      targetRows: layout.targetFileRows,
      openMs: clock.monotonicMs() - this.#openedMs,
      vacuumedMs: this.#vacuumedMs,
      logCleanedMs: this.#logCleanedMs,
      versionsSince: Number(snapshot.version - this.#logCleanedVersion),
    };
    return nextTask(condition, this.#policy);
  }

  /** True when the task was done and another one may follow. */
  async #perform(task: UpkeepTask): Promise<boolean> {
    const { clock, table, onUpkeep } = this.#context;
    const startedMs = clock.monotonicMs();
    let outcome: UpkeepOutcome;
    try {
      outcome = await this.#done(task);
    } catch (error) {
      if (error instanceof UpkeepStopped) return false;
      this.#failed(task.kind, error);
      outcome = { outcome: 'failed' };
    }
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    onUpkeep({ kind: 'table-tended', table, task: task.kind, durationMs, ...outcome });
    return outcome.outcome === 'done';
  }

  #failed(task: string, error: unknown): void {
    const { logger, store } = this.#context;
    const code = isCdcError(error) ? error.code : String(error);
    logger.warn('upkeep of a table failed', { table: store.url, task, code });
  }

  async #done(task: UpkeepTask): Promise<UpkeepOutcome> {
    const { clock, store } = this.#context;
    const { pause } = new Pace(clock, this.#policy.workShare, this.#stop.signal);
    const sinceOpenMs = clock.monotonicMs() - this.#openedMs;
    switch (task.kind) {
      case 'compact':
        return this.#compact(task.files, pause);
      case 'vacuum': {
        this.#vacuumedMs = sinceOpenMs;
        const { deletedFiles, deletedBytes } = await vacuum(store, { clock, pause });
        const counts = { filesBefore: deletedFiles, filesAfter: 0, bytes: deletedBytes };
        return { outcome: 'done', ...counts };
      }
      case 'clean-log': {
        this.#logCleanedMs = sinceOpenMs;
        this.#logCleanedVersion = this.#committer.snapshot.version;
        const { deletedFiles, deletedBytes } = await cleanLog(store, { clock, pause });
        const counts = { filesBefore: deletedFiles, filesAfter: 0, bytes: deletedBytes };
        return { outcome: 'done', ...counts };
      }
    }
  }

  async #compact(files: readonly AddFile[], pause: Pace['pause']): Promise<UpkeepOutcome> {
    const context = this.#context;
    const { snapshot, columns } = this.#committer;
    const { fields } = columns;
    const keys = this.#committer.movedKeys();
    const staged = await stageCompaction({ context, snapshot, fields, files, keys, pause });
    const done = await this.#committer.compact(staged);
    switch (done.outcome) {
      case 'committed': {
        const { files: filesAfter, bytes } = done.stats;
        return { outcome: 'done', filesBefore: files.length, filesAfter, bytes };
      }
      case 'unchanged':
        await discardCompaction(context, staged);
        return { outcome: 'given-up' };
      case 'fenced':
      case 'conflicted':
        // Whoever has the table now: the next commit of changes tells.
        await discardCompaction(context, staged);
        return { outcome: 'given-up' };
    }
  }
}
