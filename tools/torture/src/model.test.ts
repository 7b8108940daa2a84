import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '@cdc-demo/cdc-core';
import type { Clock, ObjectWriter } from '@cdc-demo/cdc-core';
import {
  FAULTS,
  InterceptedSource,
  InterceptedStore,
  InvariantChecker,
  STEPS,
  failpoint,
} from '@cdc-demo/cdc-testing';
import type { Around, Failpoint } from '@cdc-demo/cdc-testing';
import { DeltaSink } from '@cdc-demo/delta';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { Pipeline } from '@cdc-demo/pipeline';
import fc from 'fast-check';
import { DeltaLakeTable } from './delta-lake-table.ts';
import { commitForeignVersion } from './foreign-version.ts';
import { WrittenLake } from './written-lake.ts';
import { MODEL_TABLE, ModelDatabase, ModelSource } from './model-database.fixture.ts';
import type { Draw } from './model-database.fixture.ts';

const RUNS = Number(process.env['CDC_MODEL_RUNS'] ?? 15);
const SEED = Number(process.env['CDC_SEED'] ?? Date.now() % 1_000_000);

/** Real durations, no waiting; the time of day jumps as it is told. */
class JumpingClock implements Clock {
  offsetMs = 0;

  nowMs(): number {
    return new Date().getTime() + this.offsetMs;
  }

  monotonicMs(): number {
    return performance.now();
  }

  sleep(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

/** What runs until it is gone; then it does nothing more and hears nothing. */
class ModelProcess {
  isGone = false;

  alive(): Promise<void> {
    return this.isGone ? new Promise<never>(() => undefined) : Promise.resolve();
  }
}

/** The real thing: source, engine and sink over a folder, run by run. */
class World {
  readonly database = new ModelDatabase();
  readonly clock = new JumpingClock();
  readonly lake: WrittenLake;
  readonly #folder: string;
  readonly #checker: InvariantChecker;
  /** Of runs that were killed, too: the files of a process that is gone are closed. */
  readonly #writers: ObjectWriter[] = [];
  #ids = 0;
  #runs = 0;

  constructor(folder: string) {
    this.#folder = folder;
    const confirmed = (): Promise<bigint | undefined> => Promise.resolve(this.database.confirmed);
    const open = (path: string): DeltaLakeTable => new DeltaLakeTable(path);
    this.lake = new WrittenLake({ folder, pipeline: 'model', open, confirmed });
    this.#checker = new InvariantChecker(this.database, this.lake);
  }

  /** A run until it has caught up, or was killed at the failpoint. */
  async run(at: Failpoint | undefined): Promise<void> {
    let gone: () => void = () => undefined;
    const killed = new Promise<void>((resolve) => (gone = resolve));
    const process = new ModelProcess();
    const kill = (): Promise<never> => {
      process.isGone = true;
      gone();
      return new Promise<never>(() => undefined);
    };
    const faults = at && failpoint(at, this.#means(kill));
    const around: Around = async (call, proceed) => {
      await process.alive();
      const answer = await (faults ? faults.around(call, proceed) : proceed());
      if (call.operation === 'openWriter') this.#writers.push(answer as ObjectWriter);
      await process.alive();
      return answer;
    };
    this.#runs++;
    const pipeline = this.#pipeline(around);
    // A zombie that was fenced is as it should be.
    const ended = pipeline.run().catch((error: unknown) => {
      if ((error as { readonly code?: string }).code !== 'pipeline/fenced') throw error;
    });
    await Promise.race([ended, killed]);
    if (!process.isGone) await faults?.late();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const writer of this.#writers) await writer.abort();
    await rm(this.#folder, { recursive: true });
  }

  async check(upTo: 'now' | 'earlier'): Promise<void> {
    const maxOrphans = 8 * this.#runs;
    expect(await this.#checker.check({ upTo, maxOrphans })).toEqual([]);
  }

  #pipeline(around: Around): Pipeline {
    const store = (name: string): InterceptedStore =>
      new InterceptedStore(new LocalObjectStore(join(this.#folder, name)), around);
    const { clock } = this;
    return new Pipeline({
      id: 'model',
      tables: [MODEL_TABLE],
      source: () => new InterceptedSource(new ModelSource(this.database), around),
      sink: () =>
        new DeltaSink({
          location: () => store('model'),
          clock,
          logger: silentLogger,
          targetFileRows: 100,
          upkeep: { minFiles: 2, vacuum: false, cleanLog: false, workShare: 1 },
        }),
      state: store('_cdc_demo/model'),
      snapshot: 'initial',
      commit: { intervalMs: 1, maxRows: 1, maxBytes: 1_000_000 },
      retry: { initialDelayMs: 1, maxDelayMs: 1, maxAttempts: 5 },
      firstContact: 'retry',
      heartbeatIntervalMs: 1,
      until: 'caught-up',
      clock,
      newId: () => `id-${this.#ids++}`,
      observer: () => undefined,
    });
  }

  #means(kill: () => Promise<never>): Parameters<typeof failpoint>[1] {
    return {
      kill,
      replaced: () => this.run(undefined),
      overtake: () => commitForeignVersion(this.lake.table('model')),
      hit: () => undefined,
    };
  }
}

type Command = fc.AsyncCommand<object, World>;

const command = (text: string, run: (world: World) => Promise<void>): Command => ({
  check: () => true,
  run: (_model, world) => run(world),
  toString: () => text,
});

const id = fc.integer({ min: 0, max: 9 });
const name = fc.option(fc.string({ maxLength: 3 }));
const draw: fc.Arbitrary<Draw> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ op: fc.constant('put' as const), id, name, large: fc.string() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('rename' as const), id, name, full: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('move' as const), id, to: id }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('delete' as const), id, full: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ op: 'truncate' as const }) },
);
const at: fc.Arbitrary<Failpoint> = fc.record({
  step: fc.constantFrom(...STEPS),
  nth: fc.integer({ min: 1, max: 3 }),
  fault: fc.constantFrom(...FAULTS),
});

const commands: fc.Arbitrary<Command>[] = [
  fc
    .array(fc.array(draw, { minLength: 1, maxLength: 4 }), { minLength: 4, maxLength: 16 })
    .map((transactions) =>
      command(`transactions ${JSON.stringify(transactions)}`, async ({ database }) => {
        for (const draws of transactions) database.transaction(draws);
      }),
    ),
  fc.constant(
    command('run', async (world) => {
      await world.run(undefined);
      await world.check('now');
    }),
  ),
  at.map((failpointAt) =>
    command(`run with ${JSON.stringify(failpointAt)}`, async (world) => {
      await world.run(failpointAt);
      await world.check('earlier');
    }),
  ),
  fc.constantFrom(-3_600_000, 3_600_000).map((jumpMs) =>
    command(`the clock jumps by ${jumpMs} ms`, async ({ clock }) => {
      clock.offsetMs += jumpMs;
    }),
  ),
];

describe(`a table as a model of rows and history has it, CDC_SEED=${SEED}`, () => {
  it(
    'whatever the source does, and whatever happens to those who follow it',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.commands(commands, { maxCommands: 25 }), async (chosen) => {
          await using world = new World(await mkdtemp(join(tmpdir(), 'model-')));
          await fc.asyncModelRun(() => ({ model: {}, real: world }), chosen);
          await world.run(undefined);
          await world.check('now');
          const versions = await world.lake.table('model').versions();
          await world.run(undefined);
          expect(await world.lake.table('model').versions()).toEqual(versions);
        }),
        { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: 60_000 + RUNS * 2_000 },
      );
    },
    120_000 + RUNS * 2_000,
  );
});
