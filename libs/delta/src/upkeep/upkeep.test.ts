import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import { FaultyStore, InjectedFault } from '@cdc-demo/cdc-testing';
import { DEFAULT_LAYOUT, parseTablePosition } from '@cdc-demo/lake-core';
import { prepareCompaction, compactionRequest } from '../compaction/prepare-compaction.ts';
import { stageCompaction } from '../compaction/stage-compaction.ts';
import { DeltaTable } from '../delta-table.ts';
import { toFields } from '../schema/to-fields.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import { drawn, lines, replay, stepsOf } from '../sink/random-changes.fixture.ts';
import type { Step } from '../sink/random-changes.fixture.ts';
import { changes, feedRows, openTable, point, schema, tableRows } from '../sink/sink.fixture.ts';
import { POSITION_DOMAIN } from '../sink/table-position.ts';
import { MemoryStore } from '../snapshot/memory-store.fixture.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { LogWriter } from '../write/log-writer.ts';

const DAY = 24 * 3600 * 1000;
const START = Date.UTC(2026, 0, 1);

type Event =
  /** A commit of the next transaction, alone or while the table is compacted. */
  | { readonly kind: 'commit' | 'commit-meanwhile' }
  /** The table at rest, and then opened again. */
  | { readonly kind: 'idle' | 'reopen' | 'foreign-compaction' }
  /** The process is killed before or after its so many-th writing call from now. */
  | { readonly kind: 'kill'; readonly calls: number; readonly isAfter: boolean }
  | { readonly kind: 'days'; readonly days: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Event>({ kind: 'commit' }) },
  { weight: 4, arbitrary: fc.constant<Event>({ kind: 'commit-meanwhile' }) },
  { weight: 2, arbitrary: fc.constantFrom<Event>({ kind: 'idle' }, { kind: 'reopen' }) },
  { weight: 2, arbitrary: fc.constant<Event>({ kind: 'foreign-compaction' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('kill' as const),
      calls: fc.integer({ min: 0, max: 14 }),
      isAfter: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('days' as const),
      days: fc.integer({ min: 1, max: 20 }),
    }),
  },
);

const scenario = fc.record({
  transactions: fc.array(fc.array(drawn, { minLength: 1, maxLength: 6 }), {
    minLength: 60,
    maxLength: 60,
  }),
  events: fc.array(event, { minLength: 10, maxLength: 60 }),
  targetFileRows: fc.constantFrom(3, 20, 1_000_000),
  mode: fc.constantFrom('with vacuum', 'without vacuum'),
});

/** A process that keeps a table, until it is killed. */
class Process {
  readonly store = new MemoryStore();
  nowMs = START;
  compactions = 0;
  vacuums = 0;
  readonly #options: { readonly targetFileRows: number; readonly vacuum: boolean };
  #sink: TendedTableSink | undefined;
  #faulty: FaultyStore = new FaultyStore(this.store);
  #callsLeft = Infinity;
  #meanwhile: (() => Promise<void>) | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: { readonly targetFileRows: number; readonly vacuum: boolean }) {
    this.#options = options;
  }

  readonly clock: Clock = {
    nowMs: () => {
      this.nowMs += 1000;
      this.store.nowMs = this.nowMs;
      return this.nowMs;
    },
    monotonicMs: () => this.nowMs - START,
    sleep: async (_ms, signal) => {
      if (!this.#meanwhile) return;
      this.#running = this.#meanwhile();
      this.#meanwhile = undefined;
      const aborted = new Promise<void>((resolve) => {
        signal?.addEventListener('abort', () => resolve());
      });
      await Promise.race([this.#running, aborted]);
    },
  };

  /** What was the newest version then, or later, has to be readable. */
  get cutoffMs(): number {
    return this.#options.vacuum ? this.nowMs - 7 * DAY : 0;
  }

  async sink(): Promise<TendedTableSink> {
    if (this.#sink) return this.#sink;
    this.#callsLeft = Infinity;
    this.#faulty = new FaultyStore(this.store);
    this.#sink = await openTable(this.#faulty, {
      clock: this.clock,
      targetFileRows: this.#options.targetFileRows,
      upkeep: {
        minFiles: 2,
        workShare: 0.5,
        warmUpMs: 0,
        vacuum: this.#options.vacuum,
        cleanLog: this.#options.vacuum,
      },
      onUpkeep: (told) => {
        if (told.kind !== 'table-tended' || told.outcome !== 'done') return;
        if (told.task === 'compact') this.compactions++;
        if (told.task === 'vacuum') this.vacuums++;
      },
    });
    return this.#sink;
  }

  kill({ calls, isAfter }: { readonly calls: number; readonly isAfter: boolean }): void {
    this.#callsLeft = calls;
    this.#faulty.plan = () => {
      if (this.#callsLeft-- > 0) return 'none';
      return this.#callsLeft === -1 && isAfter ? 'fail-after' : 'fail-before';
    };
  }

  /** Waits until the table is at rest; `meanwhile` runs in the middle of a compaction, if any. */
  async rest(meanwhile?: () => Promise<void>): Promise<void> {
    this.#meanwhile = meanwhile;
    await this.#sink?.idle();
    await this.#running;
    const isLeft = this.#meanwhile !== undefined;
    this.#meanwhile = undefined;
    if (isLeft) await meanwhile?.();
  }

  async end(): Promise<void> {
    const sink = this.#sink;
    this.#sink = undefined;
    await sink?.close();
  }
}

async function commit(process: Process, step: Step): Promise<void> {
  for (;;) {
    const sink = await process.sink();
    try {
      if (step.list.length > 0) await sink.write(changes(schema, [[step.end, step.list]]));
      const done = await sink.commit(point(step.end));
      expect(['committed', 'unchanged']).toContain(done.outcome);
      return;
    } catch (error) {
      if (!(error instanceof InjectedFault)) throw error;
      await process.end();
    }
  }
}

/** All live files into one, as another engine does it: without an index, without our position. */
async function foreignCompaction(store: ObjectStore, clock: Clock): Promise<void> {
  const snapshot = await openSnapshot(store);
  const files = [...snapshot.files()];
  if (files.length === 0) return;
  const staged = await stageCompaction({
    context: { store, clock, layout: DEFAULT_LAYOUT },
    snapshot,
    fields: toFields(snapshot.schema),
    files,
    pause: () => Promise.resolve(),
  });
  const prepared = await prepareCompaction({ store }, staged, snapshot);
  const request = compactionRequest(snapshot, prepared!);
  // The sink may be faster: then it stays as it was.
  await new LogWriter(store, clock).commit(snapshot, request);
}

async function run(
  process: Process,
  steps: readonly Step[],
  events: readonly Event[],
): Promise<void> {
  let next = 0;
  const commitNext = async (): Promise<void> => {
    const step = steps[next++];
    if (step) await commit(process, step);
  };
  for (const now of events) {
    switch (now.kind) {
      case 'commit':
        await commitNext();
        break;
      case 'commit-meanwhile':
        await process.rest(commitNext);
        break;
      case 'idle':
        await process.rest();
        break;
      case 'reopen':
        await process.end();
        break;
      case 'foreign-compaction':
        await foreignCompaction(process.store, process.clock);
        break;
      case 'kill':
        await process.sink();
        process.kill(now);
        break;
      case 'days':
        process.nowMs += now.days * DAY;
        process.store.nowMs = process.nowMs;
    }
  }
  await process.rest();
  await process.end();
}

/** When each version was committed, of those that the log has. */
async function versionTimes(store: ObjectStore): Promise<Map<bigint, number>> {
  const times = new Map<bigint, number>();
  for await (const { version, timestampMs } of (await DeltaTable.open(store)).history()) {
    times.set(version, timestampMs);
  }
  return times;
}

/** Rows and feed of each version that has to be readable are those of the source. */
async function verify(process: Process, steps: readonly Step[]): Promise<number> {
  const { store, cutoffMs } = process;
  const times = await versionTimes(store);
  const { version: last } = await openSnapshot(store);
  let read = 0;
  let before: string[] | undefined;
  for (let version = 0n; version <= last; version++) {
    const isNeeded = version === last || (times.get(version + 1n) ?? 0) >= cutoffMs;
    if (!isNeeded) continue;
    const { domains } = await openSnapshot(store, { version });
    const { lsn } = parseTablePosition(domains.get(POSITION_DOMAIN)!.configuration).position;
    const step = steps.findLast(({ end }) => BigInt(end) <= lsn);
    const rows = lines(step?.after ?? new Map());
    expect(await tableRows(store, version)).toEqual(rows);
    if (before) expect(replay(before, await feedRows(store, version))).toEqual(rows);
    before = rows;
    read++;
  }
  return read;
}

describe('a table that is written, compacted, vacuumed and cleaned up at the same time', () => {
  it('equals its source at every version that is kept, and so does its feed', async () => {
    let [versions, compactions, vacuums] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(scenario, async ({ transactions, events, targetFileRows, mode }) => {
        const process = new Process({ targetFileRows, vacuum: mode === 'with vacuum' });
        const steps = stepsOf(transactions);
        const created = await (await process.sink()).create(schema, point(90));
        expect(created.outcome).toBe('committed');
        await run(process, steps, events);
        versions += await verify(process, steps);
        compactions += process.compactions;
        vacuums += process.vacuums;
      }),
      { numRuns: 60, timeout: 20_000, endOnFailure: true },
    );
    expect(versions).toBeGreaterThan(300);
    expect(compactions).toBeGreaterThan(40);
    expect(vacuums).toBeGreaterThan(10);
  }, 240_000);
});
