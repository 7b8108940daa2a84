import type { ObjectStore } from '@cdc-demo/cdc-core';
import { PipelineError } from '../errors.ts';
import { formatProgressRecord, parseProgressRecord } from './progress-record.ts';
import type { ProgressRecord } from './progress-record.ts';

const FOLDER = 'progress/';
/** Records that are left behind the newest one. */
const KEPT = 16;

/** What a run appends to its record. */
export type Progress = Omit<ProgressRecord, 'incarnation' | 'id'>;

export type AppendOutcome =
  | { readonly outcome: 'appended' }
  /** A run with a higher incarnation owns the pipeline. */
  | { readonly outcome: 'fenced'; readonly incarnation: number };

/**
 * The pipeline's progress: numbered records, each made by exclusive create, so that of two runners
 * one sees the other. `claim` first; it makes this run the owner. Every `append` and every
 * `isOwner` looks for the records of a later owner. A record of this run's own incarnation is its
 * own, also when the call that wrote it has failed: no other run has that incarnation.
 */
export class ProgressLog {
  readonly #store: ObjectStore;
  readonly #newId: () => string;
  #sequence = -1n;
  #record: ProgressRecord | undefined;

  /** @param store the pipeline's state folder; @param newId gives a unique text at each call */
  constructor(store: ObjectStore, newId: () => string) {
    this.#store = store;
    this.#newId = newId;
  }

  /** The newest record that this run wrote. Only after `claim`. */
  get record(): ProgressRecord {
    if (!this.#record) throw new Error('ProgressLog: claim has not been called');
    return this.#record;
  }

  /** The newest record, whoever wrote it; changes nothing. */
  async peek(): Promise<ProgressRecord | undefined> {
    return (await this.#newest())?.record;
  }

  /** Makes this run the owner: appends a record with the next incarnation. */
  async claim(): Promise<ProgressRecord> {
    for (;;) {
      const newest = await this.#newest();
      const last = newest?.record;
      this.#sequence = newest?.sequence ?? -1n;
      const record: ProgressRecord = {
        incarnation: (last?.incarnation ?? 0) + 1,
        id: this.#newId(),
        batch: last?.batch ?? 0,
        history: last?.history ?? null,
        stage: last?.stage ?? { kind: 'new' },
        tables: last?.tables ?? null,
        resyncs: last?.resyncs ?? [],
      };
      if ((await this.#create(record)) === 'created') return record;
    }
  }

  /** Does this run still own the pipeline? Asked before each commit and after each reconnect. */
  async isOwner(): Promise<boolean> {
    return !(await this.#isFollowed());
  }

  /** Appends a record of this run. Throws only when the store does. */
  async append(change: Progress): Promise<AppendOutcome> {
    const { incarnation } = this.record;
    const record = { incarnation, id: this.#newId(), ...change };
    while ((await this.#create(record)) === 'taken') {
      if (await this.#isFollowed()) return this.#fenced();
    }
    // The number may be free again after a later owner trimmed it: only the newest record counts.
    if (await this.#isFollowed()) return this.#fenced();
    await this.#trim();
    return { outcome: 'appended' };
  }

  /** `created` when the record stands as the next one, also when an unclear first try made it. */
  async #create(record: ProgressRecord): Promise<'created' | 'taken'> {
    const next = this.#sequence + 1n;
    const body = Buffer.from(formatProgressRecord(record));
    if ((await this.#store.putIfAbsent(key(next), body)) === 'exists') {
      const found = await this.#read(next);
      if (found?.id !== record.id) return 'taken';
    }
    this.#sequence = next;
    this.#record = record;
    return 'created';
  }

  /** Is there a record of another run after this run's newest one? Takes note of its own ones. */
  async #isFollowed(): Promise<boolean> {
    const later = this.#store.list(FOLDER, { after: key(this.#sequence) });
    for await (const { key: found } of later) {
      const sequence = sequenceOf(found);
      const record = sequence === undefined ? undefined : await this.#read(sequence);
      if (sequence === undefined || !record) continue;
      if (record.incarnation !== this.record.incarnation) return true;
      this.#sequence = sequence;
      this.#record = record;
    }
    return false;
  }

  async #fenced(): Promise<AppendOutcome> {
    const newest = await this.#newest();
    const { incarnation } = newest?.record ?? this.record;
    return { outcome: 'fenced', incarnation };
  }

  async #newest(): Promise<{ sequence: bigint; record: ProgressRecord } | undefined> {
    let last: bigint | undefined;
    for await (const { key: found } of this.#store.list(FOLDER)) {
      last = sequenceOf(found) ?? last;
    }
    if (last === undefined) return undefined;
    const record = await this.#read(last);
    return record && { sequence: last, record };
  }

  async #read(sequence: bigint): Promise<ProgressRecord | undefined> {
    const bytes = await this.#store.get(key(sequence));
    if (!bytes) return undefined;
    try {
      return parseProgressRecord(Buffer.from(bytes).toString('utf8'));
    } catch (cause) {
      const file = `${this.#store.url}${key(sequence)}`;
      throw new PipelineError('pipeline/progress-unreadable', `${file} is not a progress record`, {
        cause,
        context: { file },
      });
    }
  }

  async #trim(): Promise<void> {
    const old = this.#sequence - BigInt(KEPT);
    if (old >= 0n) await this.#store.delete(key(old));
  }
}

function key(sequence: bigint): string {
  return `${FOLDER}${sequence.toString().padStart(20, '0')}.json`;
}

/** The number of a record by its key; undefined for any other file. */
function sequenceOf(key: string): bigint | undefined {
  const [, number] = /^progress\/(\d{20})\.json$/.exec(key) ?? [];
  return number === undefined ? undefined : BigInt(number);
}
