import { isCdcError } from '@cdc-demo/cdc-core';
import { failpoint, seededRandom } from '@cdc-demo/cdc-testing';
import type { Around, Failpoint, NodeProcess, Violation } from '@cdc-demo/cdc-testing';
import { openObjectStore } from '@cdc-demo/object-store';
import { sendResync } from '@cdc-demo/pipeline';
import { cellName } from './matrix.ts';
import type { Cell } from './matrix.ts';
import type { RunnerProcesses } from './runner-process.ts';
import { RunningPipeline, isBatch, isStreaming } from './running-pipeline.ts';
import { SURE_CHANGES, TABLES, randomStatement } from './source-under-test.ts';
import type { SourceUnderTest } from './source-under-test.ts';
import type { Run } from './tortured-pipeline.ts';

/** Files of a table that the crashes of one cell may leave behind. */
const MAX_ORPHANS = { delta: 12, 'iceberg-2': 24, 'iceberg-3': 24 } as const;
/** Batches after which checkpoints and the trimming of records have begun, at the latest. */
const MANY_BATCHES = 20;
/** A cell that takes longer does not come to its fault, or hangs after it. */
const LIMIT_MS = 150_000;
/** Bytes of a transaction that are kept in memory in the phase `spill`. */
const SPILL_AFTER_BYTES = 500;
/** Deleting half of these rows takes a deletion vector that is too long for the log. */
const ROWS_TOGETHER = 'id BETWEEN 20001 AND 20200';

const nothing: Around = (_call, proceed) => proceed();

export interface CellPlace {
  /** Fresh, or of an earlier cell of the phase `stream`. */
  readonly source: SourceUnderTest;
  readonly seed: number;
  readonly runners: RunnerProcesses;
}

export interface CellResult {
  readonly kills: number;
  readonly violations: readonly Violation[];
}

/**
 * One cell of the matrix: a pipeline meets one fault, is checked at once, goes on or is started
 * again, and is compared with the source.
 */
export class CrashCell {
  readonly #cell: Cell;
  readonly #source: SourceUnderTest;
  readonly #random: () => number;
  readonly #runners: RunnerProcesses;
  readonly #violations: Violation[] = [];
  /** The process that was started last. */
  #runner: NodeProcess | undefined;
  #kills = 0;
  #orphansBefore = 0;

  private constructor(cell: Cell, { source, seed, runners }: CellPlace) {
    this.#cell = cell;
    this.#source = source;
    this.#random = seededRandom(seed);
    this.#runners = runners;
  }

  /** @throws when the fault was not met, or a run ended as it must not */
  static async run(cell: Cell, place: CellPlace): Promise<CellResult> {
    const crash = new CrashCell(cell, place);
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      limit = setTimeout(() => reject(new Error(crash.#describeHang())), LIMIT_MS);
    });
    try {
      await Promise.race([crash.#live(), late]);
    } finally {
      clearTimeout(limit);
      await crash.#runner?.kill('SIGKILL');
    }
    return { kills: crash.#kills, violations: crash.#violations };
  }

  async #live(): Promise<void> {
    await this.#prepare();
    await this.#meet();
    await this.#recover();
  }

  #describeHang(): string {
    const output = this.#runner?.output ?? 'nothing';
    return `${cellName(this.#cell)}: not over after ${LIMIT_MS} ms; the last process said:\n${output}`;
  }

  /** Brings the pipeline to where the fault is due. */
  async #prepare(): Promise<void> {
    const { phase, step } = this.#cell;
    this.#orphansBefore = await this.#source.orphans();
    const isFresh = (await this.#source.lake.progress()) === undefined;
    if (phase !== 'snapshot') {
      if (isFresh) await this.#catchUp();
      if (phase === 'resync') return this.#askForResync();
      if (step !== 'deletion-vector') return;
      const ids = 'SELECT generate_series(20001, 20200)';
      const anew = 'ON CONFLICT (id) DO UPDATE SET number = 0';
      await this.#source.transaction(`INSERT INTO whole (id) ${ids} ${anew}`);
      return this.#catchUp();
    }
    if (step !== 'sweep') return;
    await this.#killedRun({ step: 'data-file-durable', nth: 3, fault: 'kill-after' });
  }

  /** The next run reads the rows of these tables again, beside the stream. */
  async #askForResync(): Promise<void> {
    const state = openObjectStore(`${this.#source.folder}/_cdc_demo/${this.#source.name}`);
    for (const name of ['whole', 'keyed']) {
      await sendResync(state, { namespace: 'public', name }, `${name}-${this.#random()}`);
    }
  }

  async #meet(): Promise<void> {
    const { fault } = this.#cell;
    switch (fault) {
      case 'kill-before':
      case 'kill-after':
        await this.#killedRun(this.#cell);
        await this.#check('earlier');
        return;
      case 'zombie':
        return this.#zombie();
      case 'error-before':
      case 'error-after':
      case 'late-success':
      case 'second-writer':
        return this.#passingFault();
    }
  }

  /** A run in a process of its own that ends itself at the failpoint. */
  async #killedRun(at: Failpoint): Promise<void> {
    const runs = [this.#run('stopped')];
    const runner = this.#runners.start({ runs, faults: { kind: 'failpoint', at } });
    this.#runner = runner;
    const hit = runner.printed(/^hit /m);
    if (this.#cell.phase !== 'snapshot' && !isClaim(at)) {
      await Promise.race([hit, runner.printed(/ streaming$/m)]);
      await this.#work(runner, hit);
    }
    await hit;
    const { signal } = await runner.exited;
    if (signal !== 'SIGKILL') throw new Error(`It ended otherwise:\n${runner.output}`);
    this.#kills++;
  }

  /** Work that comes to the step, and as much of it as it takes. */
  async #work(runner: NodeProcess, hit: Promise<unknown>): Promise<void> {
    await this.#changes();
    if (!this.#takesMany) return;
    await this.#untilHit(hit, (batch) =>
      runner.printed(new RegExp(`(?:^.* committed\\s+){${batch}}`, 'm')),
    );
  }

  /** One transaction after each batch, until the fault has come. */
  async #untilHit(
    hit: Promise<unknown>,
    committed: (batch: number) => Promise<unknown>,
  ): Promise<void> {
    const isHit = hit.then(() => 'hit' as const);
    for (let batch = 1; batch <= 2 * MANY_BATCHES; batch++) {
      if ((await Promise.race([isHit, committed(batch)])) === 'hit') return;
      await this.#transaction();
    }
  }

  /** The run meets an error and goes on by itself. */
  async #passingFault(): Promise<void> {
    const { around, late, hit } = this.#failpoint(() => this.#overtake());
    const running = new RunningPipeline(this.#run('stopped'), { around });
    try {
      if (this.#cell.phase !== 'snapshot') {
        await running.until(isStreaming);
        await this.#changes();
      }
      if (this.#takesMany) await this.#untilHit(hit, (batch) => running.until(isBatch, batch));
      await Promise.race([hit, running.ended]);
      await running.until(isStreaming);
      await late();
      const { batches } = running;
      await this.#transaction();
      await running.until(isBatch, batches + 1);
    } finally {
      await running.stop();
    }
    await this.#check('earlier');
  }

  /** A later run takes over while the first one sleeps; then that wakes up. */
  async #zombie(): Promise<void> {
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const { around, hit } = this.#failpoint(
      () => Promise.resolve(),
      () => woken,
    );
    const first = new RunningPipeline(this.#run('stopped'), { around });
    if (this.#cell.phase !== 'snapshot' && !isClaim(this.#cell)) {
      await Promise.race([hit, first.until(isStreaming)]);
      await this.#changes();
    }
    if (this.#takesMany) await this.#untilHit(hit, (batch) => first.until(isBatch, batch));
    await Promise.race([hit, first.ended]);
    const second = new RunningPipeline(this.#run('stopped'), { around: nothing });
    try {
      await second.until(isStreaming);
      const { batches } = second;
      await this.#transaction();
      await second.until(isBatch, batches + 1);
      wake();
      // Whoever sleeps before its claim is the later run of the two when it wakes up.
      const [owner, replaced] = isClaim(this.#cell) ? [first, second] : [second, first];
      const end = await replaced.ended;
      if (!isCdcError(end) || end.code !== 'pipeline/fenced') {
        throw new Error('The replaced run was not fenced', { cause: end });
      }
      await owner.until(isStreaming);
      const before = owner.batches;
      await this.#transaction();
      await owner.until(isBatch, before + 1);
      await owner.stop();
    } finally {
      first.end();
      second.end();
      await Promise.all([first.ended, second.ended]);
    }
    await this.#check('earlier');
  }

  #failpoint(
    overtake: (key: string) => Promise<void>,
    replaced: () => Promise<void> = () => Promise.resolve(),
  ): { around: Around; late: () => Promise<void>; hit: Promise<void> } {
    let tell: () => void = () => undefined;
    const hit = new Promise<void>((resolve) => (tell = resolve));
    const kill = (): Promise<never> => Promise.reject(new Error('kills need a process'));
    return { ...failpoint(this.#cell, { kill, replaced, overtake, hit: tell }), hit };
  }

  /** Somebody else's version comes first, in each table. */
  async #overtake(): Promise<void> {
    const { lake } = this.#source;
    for (const { name } of TABLES) await lake.table(name).overtake();
  }

  /** A new run finds everything, and another one nothing to do. */
  async #recover(): Promise<void> {
    await this.#transaction();
    await this.#catchUp();
    await this.#check('now');
    const versions = await this.#source.versions();
    await this.#catchUp();
    const after = await this.#source.versions();
    if (JSON.stringify(after) === JSON.stringify(versions)) return;
    const [wanted, found] = [[JSON.stringify(versions)], [JSON.stringify(after)]];
    this.#violations.push({ invariant: 'idle', table: '', version: undefined, wanted, found });
  }

  async #catchUp(): Promise<void> {
    const run = new RunningPipeline(this.#run('caught-up'), { around: nothing });
    const error = await run.ended;
    if (error !== undefined) throw new Error('A run did not catch up', { cause: error });
  }

  async #check(upTo: 'now' | 'earlier'): Promise<void> {
    const maxOrphans = this.#orphansBefore + MAX_ORPHANS[this.#source.format];
    const found = await this.#source.check({ upTo, maxOrphans });
    this.#violations.push(...found);
  }

  /** Changes of every table; where it is the phase, the columns change before them. */
  async #changes(): Promise<void> {
    if (this.#cell.phase === 'schema-change') {
      await this.#source.transaction(
        'ALTER TABLE whole ADD COLUMN extra text',
        'ALTER TABLE keyed ADD COLUMN extra text',
        "UPDATE whole SET extra = 'e' WHERE id > 900000",
        "INSERT INTO keyed (id, extra) VALUES (777777, 'e')",
      );
    }
    if (this.#cell.step === 'deletion-vector') {
      await this.#source.transaction(`DELETE FROM whole WHERE ${ROWS_TOGETHER} AND id % 2 = 0`);
    }
    for (let i = 0; i < 4; i++) await this.#transaction();
  }

  /** A transaction that changes each table, and a few things besides. */
  async #transaction(): Promise<void> {
    const statements = Array.from({ length: 4 }, () => randomStatement(this.#random));
    await this.#source.transaction(...statements, ...SURE_CHANGES);
  }

  get #takesMany(): boolean {
    return ['checkpoint', 'checkpoint-hint', 'compaction', 'progress-trim'].includes(
      this.#cell.step,
    );
  }

  #run(until: Run['until']): Run {
    const { name, url, folder, format, place } = this.#source;
    const { catalogUri } = place;
    const kept = catalogUri === undefined ? {} : { catalogUri };
    const spill = this.#cell.phase === 'spill' ? { spillAfterBytes: SPILL_AFTER_BYTES } : {};
    const options = { until, commitIntervalMs: 1, ...kept, ...spill };
    return { pipeline: name, url, folder, format, ...options };
  }
}

/** The first record of a run comes before it streams. */
function isClaim({ step, nth }: Failpoint): boolean {
  return step === 'progress' && nth === 1;
}
