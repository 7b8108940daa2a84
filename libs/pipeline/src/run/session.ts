import { comparePositions, isCdcError, releaseGroup } from '@cdc-demo/cdc-core';
import type {
  Position,
  ResyncRows,
  Source,
  SourceMessage,
  StartFrom,
  TransactionGroup,
} from '@cdc-demo/cdc-core';
import { Batch } from '../batching/batch.ts';
import type { LifecycleEvent } from '../lifecycle/lifecycle.ts';
import type { SnapshotJournal } from '../progress/snapshot-journal.ts';
import type { Committer } from './committer.ts';
import { FirstSnapshot } from './first-snapshot.ts';
import type { SnapshotMessage } from './first-snapshot.ts';
import type { OpenTables } from './open-tables.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { SignalWatch } from './signal-watch.ts';

export interface SessionParts {
  readonly options: PipelineOptions;
  readonly source: Source;
  readonly tables: OpenTables;
  readonly committer: Committer;
  /** What earlier runs read of the first rows, when they are not published. */
  readonly journal: SnapshotJournal | undefined;
  readonly stop: AbortSignal;
  readonly onLifecycle: (event: LifecycleEvent) => void;
}

type Wake =
  | { readonly kind: 'message'; readonly result: IteratorResult<SourceMessage> }
  | { readonly kind: 'due' | 'committed' | 'signals-due' | 'stop' };

/**
 * One attempt: follows one source until it ends, fails, or a stop is asked for.
 *
 * While a batch commits, the next one gathers; when that is full too, the source is not read. So at
 * most two batches and one message are in memory.
 */
export class Session {
  readonly #parts: SessionParts;
  #messages: AsyncIterator<SourceMessage> | undefined;
  #next: Promise<Wake> | undefined;
  #gathering: Batch | undefined;
  #committing: Promise<Wake> | undefined;
  /** Until the first rows are published. */
  #snapshot: FirstSnapshot | undefined;
  /** Everything before it is durable downstream. */
  #durable: Position | undefined;
  /** The source has nothing for us before it, beyond what was handed over. */
  #quietUntil: Position | undefined;
  #caughtUpAt: Position | undefined;
  /** Once it streams. */
  #signals: SignalWatch | undefined;
  #commits = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Did this attempt make anything durable? */
  get hasProgressed(): boolean {
    return this.#commits > 0 || (this.#snapshot?.finishedUnits ?? 0) > 0;
  }

  /** Resolves when the source ended or a stop was asked for, with all that was whole committed. */
  async run(from: StartFrom): Promise<void> {
    const iterator = this.#parts.source.start(from)[Symbol.asyncIterator]();
    this.#messages = iterator;
    try {
      while (!(await this.#step()));
      await this.#drain();
    } catch (error) {
      await this.#committing?.catch(ignoreSecond(error));
      await this.#gathering?.release();
      await this.#snapshot?.abort();
      throw error;
    } finally {
      // Comes when the source is stopped, and nobody waits for it.
      void this.#next?.then(giveBack).catch(ignoreEnd);
    }
  }

  /** Waits for whatever comes first and handles it; true when the session is over. */
  async #step(): Promise<boolean> {
    const wake = await this.#wait();
    switch (wake.kind) {
      case 'stop':
        return true;
      case 'due':
        this.#beginCommit();
        return false;
      case 'committed':
        this.#committing = undefined;
        return this.#isCaughtUp();
      case 'signals-due':
        await this.#signals?.take();
        return false;
      case 'message':
        this.#next = undefined;
        if (wake.result.done) return true;
        await this.#handle(wake.result.value);
        return this.#isCaughtUp();
    }
  }

  async #wait(): Promise<Wake> {
    const { options, stop } = this.#parts;
    const cancel = new AbortController();
    const waits: Promise<Wake>[] = [aborted(stop, cancel.signal)];
    if (this.#committing) waits.push(this.#committing);
    if (!(this.#committing && this.#gathering?.isFull(options.commit))) waits.push(this.#read());
    if (this.#gathering && !this.#committing) waits.push(this.#due(cancel.signal));
    if (this.#signals && !this.#committing) waits.push(this.#signalsDue(cancel.signal));
    try {
      return await Promise.race(waits);
    } finally {
      cancel.abort();
    }
  }

  #read(): Promise<Wake> {
    this.#next ??= this.#readNext();
    return this.#next;
  }

  async #readNext(): Promise<Wake> {
    if (!this.#messages) throw new Error('Session: not started');
    return { kind: 'message', result: await this.#messages.next() };
  }

  async #due(cancel: AbortSignal): Promise<Wake> {
    const { clock, commit } = this.#parts.options;
    const dueInMs = this.#gathering?.dueInMs(commit, clock.monotonicMs()) ?? 0;
    if (dueInMs > 0 && !this.#gathering?.isFull(commit)) await clock.sleep(dueInMs, cancel);
    return { kind: 'due' };
  }

  async #signalsDue(cancel: AbortSignal): Promise<Wake> {
    await this.#signals?.due(cancel);
    return { kind: 'signals-due' };
  }

  async #handle(message: SourceMessage): Promise<void> {
    const { committer, tables } = this.#parts;
    switch (message.kind) {
      case 'snapshot-begin':
      case 'snapshot-rows':
      case 'snapshot-unit-end':
      case 'snapshot-table-end':
      case 'snapshot-discard':
      case 'snapshot-end':
        return this.#handleSnapshot(message);
      case 'streaming': {
        committer.history = message.history;
        const missing = message.tables.filter(({ table }) => tables.isMissing(table));
        if (missing.length > 0) await committer.create(missing, message.position);
        await committer.resumeResyncs(message.tables);
        return this.#beginStreaming(message.position);
      }
      case 'transactions':
        this.#gather(message.group);
        return;
      case 'resync-rows':
        this.#gather(message);
        return;
      case 'heartbeat':
        this.#quietUntil = message.position;
        if (this.#snapshot) return this.#settleQuiet(this.#snapshot, message.position);
        return this.#recordQuiet('when-due');
      case 'refused':
        throw message.error;
    }
  }

  async #handleSnapshot(message: SnapshotMessage): Promise<void> {
    const { onLifecycle } = this.#parts;
    if (message.kind === 'snapshot-begin') {
      onLifecycle('snapshot-began');
      this.#snapshot = await FirstSnapshot.begin(message, this.#parts);
      return;
    }
    await this.#published(await this.#snapshot?.handle(message));
  }

  async #settleQuiet(snapshot: FirstSnapshot, position: Position): Promise<void> {
    if (this.#gathering || this.#committing) return;
    await this.#published(await snapshot.quiet(position));
  }

  /** @param position where all tables were published, undefined when they were not yet */
  async #published(position: Position | undefined): Promise<void> {
    if (!position) return;
    this.#snapshot = undefined;
    this.#commits++;
    await this.#parts.source.acknowledge(position);
    await this.#beginStreaming(position);
  }

  async #beginStreaming(position: Position): Promise<void> {
    const { options, source, onLifecycle } = this.#parts;
    this.#durable = position;
    this.#signals = new SignalWatch(this.#parts);
    await this.#signals.take();
    onLifecycle('streaming-began');
    if (options.until === 'caught-up') this.#caughtUpAt = await source.currentPosition();
  }

  #gather(part: TransactionGroup | ResyncRows): void {
    const { clock, observer, commit } = this.#parts.options;
    if (!this.#gathering) this.#gathering = new Batch(part, clock.monotonicMs());
    else if ('batches' in part) this.#gathering.add(part);
    else this.#gathering.close(part);
    if ('batches' in part) {
      const { transactions, changes, bytes, end } = part;
      observer({ kind: 'received', transactions, changes, bytes, position: end });
    }
    if (!this.#committing && this.#gathering.isFull(commit)) this.#beginCommit();
  }

  #beginCommit(): void {
    const batch = this.#gathering;
    if (!batch) return;
    this.#gathering = undefined;
    this.#committing = this.#commit(batch);
  }

  async #commit(batch: Batch): Promise<Wake> {
    try {
      if (this.#snapshot) {
        await this.#published(await this.#snapshot.commit(batch));
        return { kind: 'committed' };
      }
      await this.#parts.committer.commit(batch);
    } finally {
      await batch.release();
    }
    this.#commits++;
    await this.#acknowledge(batch.end);
    return { kind: 'committed' };
  }

  /** Records how far a quiet source has come, so that it need not keep its log for us. */
  async #recordQuiet(when: 'when-due' | 'now'): Promise<void> {
    const { committer, options } = this.#parts;
    const position = this.#quietUntil;
    if (!position || this.#gathering || this.#committing) return;
    if (!this.#durable || comparePositions(position, this.#durable) <= 0) return;
    const sinceMs = options.clock.monotonicMs() - committer.lastRecordMs;
    if (when === 'when-due' && sinceMs < options.heartbeatIntervalMs) return;
    await committer.record({ kind: 'streaming', position });
    await this.#acknowledge(position);
  }

  async #acknowledge(position: Position): Promise<void> {
    this.#durable = position;
    await this.#parts.source.acknowledge(position);
    this.#parts.options.observer({ kind: 'acknowledged', position });
  }

  #isCaughtUp(): boolean {
    const goal = this.#caughtUpAt;
    if (!goal || this.#gathering || this.#committing) return false;
    if (!this.#parts.committer.isComplete) return false;
    const reached = (position: Position | undefined): boolean =>
      position !== undefined && comparePositions(position, goal) >= 0;
    return reached(this.#durable) || reached(this.#quietUntil);
  }

  /** Commits what is whole, one batch after the other. */
  async #drain(): Promise<void> {
    if (this.#committing) await this.#committing;
    this.#committing = undefined;
    const last = this.#gathering;
    this.#gathering = undefined;
    if (last) await this.#commit(last);
    await this.#snapshot?.abort();
    await this.#recordQuiet('now');
  }
}

/** What a message that nobody handles holds on disk. */
async function giveBack(wake: Wake): Promise<void> {
  if (wake.kind !== 'message' || wake.result.done === true) return;
  const { value: message } = wake.result;
  if (message.kind !== 'transactions') return;
  await releaseGroup(message.group);
}

/** A source that is stopped may say so; what could not be given back ends with the process. */
function ignoreEnd(): void {
  // The session is over already.
}

function aborted(stop: AbortSignal, cancel: AbortSignal): Promise<Wake> {
  return new Promise((resolve) => {
    const done = (): void => resolve({ kind: 'stop' });
    if (stop.aborted) done();
    else stop.addEventListener('abort', done, { once: true, signal: cancel });
  });
}

/** The first error explains the end; another one of the same kind adds nothing, a mistake does. */
function ignoreSecond(first: unknown): (second: unknown) => void {
  return (second) => {
    if (!isCdcError(second) && second !== first) throw second;
  };
}
