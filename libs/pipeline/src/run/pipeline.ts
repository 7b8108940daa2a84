import { isCdcError } from '@cdc-demo/cdc-core';
import type {
  CdcError,
  PipelineState,
  Position,
  ResyncRequest,
  Sink,
  Source,
  StartFrom,
  Writer,
} from '@cdc-demo/cdc-core';
import { nextState } from '../lifecycle/lifecycle.ts';
import type { LifecycleEvent } from '../lifecycle/lifecycle.ts';
import { ProgressLog } from '../progress/progress-log.ts';
import { SnapshotJournal } from '../progress/snapshot-journal.ts';
import { Committer } from './committer.ts';
import { fenced, openTables } from './open-tables.ts';
import type { OpenTables } from './open-tables.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { ResyncState } from './resync-state.ts';
import { retryDelayMs } from './retry.ts';
import { Session } from './session.ts';
import { decideStart } from './start-decision.ts';
import type { StartDecision, TableChanges } from './start-decision.ts';

/**
 * Follows a source and keeps the tables of a sink equal to it, until it is stopped or cannot go on.
 * `run` once; `stop` any time.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #progress: ProgressLog;
  readonly #stop = new AbortController();
  #writer: Writer | undefined;
  #state: PipelineState = 'created';
  #source: Source | undefined;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#progress = new ProgressLog(options.state, options.newId);
  }

  get state(): PipelineState {
    return this.#state;
  }

  /** The source of the present attempt, for its lag. */
  get source(): Source | undefined {
    return this.#source;
  }

  /**
   * Resolves when the pipeline was stopped, or caught up when that was asked for.
   * @throws CdcError when it cannot go on until somebody acts, or after too many attempts
   */
  async run(): Promise<void> {
    this.#on('start');
    try {
      for (let attempt = 1; ; attempt++) {
        const { error, progressed } = await this.#attempt();
        if (!error) break;
        if (progressed) attempt = 1;
        if (this.#stop.signal.aborted || !(await this.#waitForRetry(error, attempt))) break;
      }
    } catch (error) {
      this.#on('refused');
      this.#options.observer({ kind: 'failed', error });
      throw error;
    }
    this.#on('ended');
  }

  /** Asks the pipeline to commit what is whole and to end; `run` resolves then. Safe twice. */
  stop(): void {
    if (!this.#stop.signal.aborted) this.#on('stop-asked');
    this.#stop.abort();
  }

  /** One source and sink, from opening to closing. An error that may pass comes as a value. */
  async #attempt(): Promise<{ error?: CdcError; progressed: boolean }> {
    const source = this.#options.source(this.#writer !== undefined);
    const sink = this.#options.sink();
    this.#source = source;
    let session: Session | undefined;
    try {
      await assertUsable(source);
      const writer = await this.#claim();
      const tables = await openTables(sink, this.#options.tables, writer);
      const { clock, observer } = this.#options;
      const progress = this.#progress;
      const { resyncs: requests, tables: known } = progress.record;
      const resyncs = new ResyncState(requests.filter(({ table }) => tables.has(table)));
      const onResync = (request: ResyncRequest): void => source.resync(request);
      const parts = { writer, progress, tables, clock, observer, resyncs, onResync };
      const committer = new Committer(parts);
      const { stage } = progress.record;
      const { snapshot } = this.#options;
      const decision = decideStart({
        stage,
        tables: tables.all,
        snapshot,
        known,
        resyncs: requests,
      });
      const { from, journal } = await this.#startFrom(decision, committer, tables);
      session = new Session({
        options: this.#options,
        source,
        tables,
        committer,
        journal,
        stop: this.#stop.signal,
        onLifecycle: (event) => this.#on(event),
      });
      await session.run(from);
      return { progressed: true };
    } catch (found) {
      // A run that was replaced fails in many ways: its connection ends, its slot is in use.
      const error = (await this.#replaced()) ?? found;
      if (!isCdcError(error) || error.retry === 'never') throw error;
      if (!this.#writer && this.#options.firstContact === 'fail') throw error;
      return { error, progressed: session?.hasProgressed ?? false };
    } finally {
      await close(source, sink);
      this.#source = undefined;
    }
  }

  /** Makes this run the owner at the first attempt; later ones only make sure that it still is. */
  async #claim(): Promise<Writer> {
    if (!this.#writer) {
      const { incarnation } = await this.#progress.claim();
      this.#writer = { pipeline: this.#options.id, incarnation };
    } else if (!(await this.#progress.isOwner())) {
      throw await this.#fenced(this.#writer);
    }
    return this.#writer;
  }

  /** The error of a run whose pipeline is another's by now; undefined if not, or if unknown. */
  async #replaced(): Promise<CdcError | undefined> {
    const writer = this.#writer;
    if (!writer) return undefined;
    try {
      return (await this.#progress.isOwner()) ? undefined : await this.#fenced(writer);
    } catch (error) {
      if (isCdcError(error)) return undefined;
      throw error;
    }
  }

  async #fenced(writer: Writer): Promise<CdcError> {
    const owner = await this.#progress.peek();
    return fenced(writer, owner?.incarnation ?? writer.incarnation);
  }

  async #startFrom(
    decision: StartDecision,
    committer: Committer,
    tables: OpenTables,
  ): Promise<Beginning> {
    switch (decision.kind) {
      case 'snapshot':
        return { from: { kind: 'snapshot' } };
      case 'resume-snapshot':
        return this.#resume(decision.journal, decision.position);
      case 'publish':
        await committer.publish(decision.tables, decision.position);
        await SnapshotJournal.removeAll(this.#options.state);
        return { from: await this.#follow(decision, committer, tables) };
      case 'follow':
        return { from: await this.#follow(decision, committer, tables) };
      case 'follow-source-record':
        this.#options.observer({
          kind: 'warning',
          message: `The progress of pipeline ${this.#options.id} is lost; its tables exist`,
          remedy: "Going on from the source's own record; keep the state folder with the tables",
        });
        return { from: { kind: 'source-record' } };
      case 'follow-from-now':
        return { from: { kind: 'now' } };
      case 'refused':
        throw decision.error;
    }
  }

  /** Without a unit that counts it is cheaper to begin anew than to settle. */
  async #resume(name: string, position: Position): Promise<Beginning> {
    const { state, newId } = this.#options;
    const journal = await SnapshotJournal.open(state, name, newId);
    if (journal.units.length === 0) return { from: { kind: 'snapshot' }, journal };
    const resume = journal.unfinished(position, this.#progress.record.history);
    return { from: { kind: 'snapshot', resume }, journal };
  }

  async #follow(
    { position, added, left }: TableChanges & { readonly position: Position },
    committer: Committer,
    tables: OpenTables,
  ): Promise<StartFrom> {
    await committer.changeTables({ added, left }, position, this.#options.snapshot);
    const { history } = this.#progress.record;
    const known = history === null ? {} : { history };
    const furthest = tables.furthest(position);
    return {
      kind: 'position',
      position,
      furthest,
      ...known,
      ...(added.length === 0 ? {} : { added }),
    };
  }

  /** False when a stop was asked for meanwhile. @throws `error` when it is the last attempt's */
  async #waitForRetry(error: CdcError, attempt: number): Promise<boolean> {
    const { retry, clock, observer } = this.#options;
    if (attempt >= retry.maxAttempts) throw error;
    this.#on('lost');
    const delayMs = retryDelayMs(retry, attempt, Math.random());
    observer({ kind: 'retry', error, attempt, delayMs });
    await clock.sleep(delayMs, this.#stop.signal);
    if (this.#stop.signal.aborted) return false;
    this.#on('retry-due');
    return true;
  }

  #on(event: LifecycleEvent): void {
    const from = this.#state;
    this.#state = nextState(from, event);
    if (this.#state !== from) {
      this.#options.observer({ kind: 'state', from, to: this.#state });
    }
  }
}

/** Where a session begins. */
interface Beginning {
  readonly from: StartFrom;
  /** What was read of the first rows before. */
  readonly journal?: SnapshotJournal;
}

/** @throws the first thing that stands in the way, those that a person has to mend before others */
async function assertUsable(source: Source): Promise<void> {
  const problems = await source.check();
  const problem = problems.find(({ retry }) => retry === 'never') ?? problems[0];
  if (problem) throw problem;
}

async function close(source: Source, sink: Sink): Promise<void> {
  await Promise.all([source.stop(), sink.close()]);
}
