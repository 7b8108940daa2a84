import { randomUUID } from 'node:crypto';
import type { Clock, ObjectStore, PipelineEvent, Position } from '@cdc-demo/cdc-core';
import {
  ChangeBatch,
  INSERT,
  NO_IMAGE,
  TransactionAssembler,
  postgresPosition,
} from '@cdc-demo/cdc-core';
import type {
  CdcError,
  CommitOutcome,
  CommitPoint,
  FieldValue,
  OpenOutcome,
  ResyncRequest,
  ResyncRows,
  Sink,
  SnapshotSettlement,
  Source,
  SourceMessage,
  SpilledChanges,
  StagedSnapshot,
  StartFrom,
  TableName,
  TableSchema,
  TableSink,
  TransactionGroup,
} from '@cdc-demo/cdc-core';
import type { PipelineOptions } from './run/pipeline-options.ts';

export const table: TableName = { namespace: 'public', name: 't' };
export const schema: TableSchema = {
  table,
  version: 1,
  fields: [{ id: 1, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false }],
  key: [0],
};

/** One transaction of inserted ids that ends at `lsn`. */
export function group(lsn: bigint, ...ids: readonly bigint[]): TransactionGroup {
  const assembler = new TransactionAssembler();
  assembler.begin({ commit: postgresPosition(lsn - 1n), committedAtUs: lsn, id: lsn });
  const batch = assembler.batchFor(schema);
  for (const id of ids) {
    const after = batch.images.appendRow([id]);
    assembler.append(batch, INSERT, { before: NO_IMAGE, after, beforeIsFull: false });
  }
  assembler.commit(postgresPosition(lsn));
  const taken = assembler.take();
  if (!taken) throw new Error('nothing was committed');
  return taken;
}

/** A source whose messages the test sends. */
export class ScriptedSource implements Source {
  started: StartFrom | undefined;
  readonly acknowledged: Position[] = [];
  readonly resyncs: ResyncRequest[] = [];
  stopped = false;
  problems: readonly CdcError[] = [];
  end = 0n;
  readonly #queue: (SourceMessage | Error)[] = [];
  #wake: (() => void) | undefined;
  #onAcknowledged: (() => void) | undefined;

  check(): Promise<readonly CdcError[]> {
    return Promise.resolve(this.problems);
  }

  /** Queues messages; an Error is thrown from the iterator. */
  send(...messages: readonly (SourceMessage | Error)[]): void {
    this.#queue.push(...messages);
    this.#wake?.();
  }

  async *start(from: StartFrom): AsyncGenerator<SourceMessage> {
    this.started = from;
    while (!this.stopped) {
      const message = this.#queue.shift();
      if (message instanceof Error) throw message;
      if (message) yield message;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  acknowledge(position: Position): Promise<void> {
    this.acknowledged.push(position);
    this.#onAcknowledged?.();
    return Promise.resolve();
  }

  /** Resolves when `lsn` was acknowledged. */
  async untilAcknowledged(lsn: bigint): Promise<void> {
    while (!this.acknowledged.some((position) => position.lsn >= lsn)) {
      await new Promise<void>((resolve) => (this.#onAcknowledged = resolve));
    }
  }

  resync(request: ResyncRequest): void {
    this.resyncs.push(request);
  }

  currentPosition(): Promise<Position> {
    return Promise.resolve(postgresPosition(this.end));
  }

  lag(): Promise<{ retainedBytes: bigint; behindBytes: bigint }> {
    return Promise.resolve({ retainedBytes: 0n, behindBytes: 0n });
  }

  stop(): Promise<void> {
    this.stopped = true;
    this.#wake?.();
    return Promise.resolve();
  }

  drop(): Promise<void> {
    return Promise.resolve();
  }
}

/** What a table holds, outliving the sinks that write it. */
export interface StoredTable {
  position: Position | 'missing';
  batch: number;
  incarnation: number;
  ids: bigint[];
  commits: CommitPoint[];
  isResyncing: boolean;
  resynced: { ids: readonly bigint[]; after: FieldValue; position: Position }[];
  /** What the table says that it lacks of every schema. */
  lacks: readonly string[];
}

export function emptyTable(): StoredTable {
  return {
    position: 'missing',
    batch: 0,
    incarnation: 0,
    ids: [],
    commits: [],
    isResyncing: false,
    resynced: [],
    lacks: [],
  };
}

/** A sink that keeps its rows in memory; `fail` is called before each commit. */
export class MemorySink implements Sink {
  readonly #stored: StoredTable;
  readonly #fail: (point: CommitPoint) => CommitOutcome | undefined;

  constructor(
    stored: StoredTable,
    fail: (point: CommitPoint) => CommitOutcome | undefined = () => undefined,
  ) {
    this.#stored = stored;
    this.#fail = fail;
  }

  table(): TableSink {
    return new MemoryTable(this.#stored, this.#fail);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class MemoryTable implements TableSink {
  readonly #stored: StoredTable;
  readonly #fail: (point: CommitPoint) => CommitOutcome | undefined;
  #written: ChangeBatch[] = [];

  constructor(stored: StoredTable, fail: (point: CommitPoint) => CommitOutcome | undefined) {
    this.#stored = stored;
    this.#fail = fail;
  }

  open(): Promise<OpenOutcome> {
    const { position, batch } = this.#stored;
    return Promise.resolve(
      position === 'missing' ? { outcome: 'missing' } : { outcome: 'opened', position, batch },
    );
  }

  stageSnapshot(): ReturnType<TableSink['stageSnapshot']> {
    const ids: string[] = [];
    return Promise.resolve({
      write: (rows) => {
        for (let row = 0; row < rows.length; row++) {
          ids.push(String(rows.row(row)[0] as bigint));
        }
        return Promise.resolve();
      },
      finish: () => Promise.resolve({ rows: ids.length, bytes: 8 * ids.length, ids }),
      abort: () => Promise.resolve(),
    });
  }

  sweepStaged(): Promise<void> {
    return Promise.resolve();
  }

  /** Changes add the ids of their images. */
  settleSnapshot(staged: readonly StagedSnapshot[]): Promise<SnapshotSettlement> {
    const ids = stagedIds(staged).map(String);
    const table = new MemoryTable({ ...emptyTable(), position: postgresPosition(0n) }, this.#fail);
    return Promise.resolve({
      write: (changes) => table.write(changes),
      commit: (point) => table.commit(point),
      finish: () => {
        ids.push(...table.#stored.ids.map(String));
        return Promise.resolve({ rows: ids.length, bytes: 8 * ids.length, ids });
      },
    });
  }

  publishSnapshot(staged: readonly StagedSnapshot[], point: CommitPoint): Promise<CommitOutcome> {
    return this.#publish(point, stagedIds(staged));
  }

  create(_schema: TableSchema, point: CommitPoint): Promise<CommitOutcome> {
    return this.#publish(point, []);
  }

  setResyncing(isResyncing: boolean): void {
    this.#stored.isResyncing = isResyncing;
  }

  /** Adds the ids of the rows that are not there; `stored.resynced` keeps what it was given. */
  resync({ rows, range, position }: ResyncRows, point: CommitPoint): Promise<CommitOutcome> {
    const ids = Array.from({ length: rows.length }, (_, row) => rows.row(row)[0] as bigint);
    this.#stored.resynced.push({ ids, after: range.after?.row(0)[0] ?? null, position });
    const missing = ids.filter((id) => !this.#stored.ids.includes(id));
    if (missing.length === 0) return Promise.resolve({ outcome: 'unchanged' });
    return this.#append(point, missing);
  }

  lacks(): readonly string[] {
    return this.#stored.lacks;
  }

  async write(changes: ChangeBatch | SpilledChanges): Promise<void> {
    if (changes instanceof ChangeBatch) this.#written.push(changes);
    else for await (const batch of changes.batches()) this.#written.push(batch);
  }

  commit(point: CommitPoint): Promise<CommitOutcome> {
    const ids = this.#written.flatMap((batch) =>
      Array.from({ length: batch.images.length }, (_, row) => batch.images.row(row)[0] as bigint),
    );
    this.#written = [];
    return this.#publish(point, ids);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #publish(point: CommitPoint, ids: readonly bigint[]): Promise<CommitOutcome> {
    const failure = this.#fail(point);
    if (failure) return failure;
    const { position } = this.#stored;
    if (position !== 'missing' && position.lsn >= point.position.lsn)
      return { outcome: 'unchanged' };
    return this.#append(point, ids);
  }

  async #append(point: CommitPoint, ids: readonly bigint[]): Promise<CommitOutcome> {
    this.#stored.ids.push(...ids);
    this.#stored.position = point.position;
    this.#stored.batch = point.batch;
    this.#stored.commits.push(point);
    const stats = { inserted: ids.length, updated: 0, deleted: 0, files: 1, bytes: 8 };
    return { outcome: 'committed', version: BigInt(this.#stored.commits.length - 1), stats };
  }
}

function stagedIds(staged: readonly StagedSnapshot[]): bigint[] {
  return staged.flatMap((each) => (each['ids'] as string[]).map(BigInt));
}

/** Real time for durations; sleeps end at once, so that retries need no waiting. */
export const impatientClock: Clock = {
  nowMs: () => new Date().getTime(),
  monotonicMs: () => performance.now(),
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

export interface Rig {
  readonly options: PipelineOptions;
  readonly events: PipelineEvent[];
}

export function rig(
  state: ObjectStore,
  parts: Pick<PipelineOptions, 'source' | 'sink'>,
  overrides: Partial<PipelineOptions> = {},
): Rig {
  const events: PipelineEvent[] = [];
  return {
    events,
    options: {
      id: 'p',
      tables: [table],
      state,
      snapshot: 'initial',
      commit: { intervalMs: 1, maxRows: 1000, maxBytes: 1_000_000 },
      retry: { initialDelayMs: 1, maxDelayMs: 2, maxAttempts: 3 },
      firstContact: 'retry',
      heartbeatIntervalMs: 1,
      until: 'stopped',
      clock: impatientClock,
      newId: randomUUID,
      observer: (event) => events.push(event),
      ...parts,
      ...overrides,
    },
  };
}
