import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom, startWorkload } from '@cdc-demo/cdc-testing';
import type { NodeProcess, Violation, Workload } from '@cdc-demo/cdc-testing';
import { LOCAL_FILES } from './places.ts';
import type { PlaceName, Places } from './places.ts';
import { drawFaults } from './random-faults.ts';
import { RunnerProcesses } from './runner-process.ts';
import { PLACES_OF, SourceUnderTest, randomStatement } from './source-under-test.ts';
import type { Format } from './source-under-test.ts';
import type { Run } from './tortured-pipeline.ts';

/** Pipelines of one process: one kill meets each of them somewhere else. */
const PIPELINES = 3;
/** In a life each of them once, each time another one as the last. */
const FORMATS: readonly Format[] = ['delta', 'iceberg-3', 'iceberg-2'];
/**
 * The last of them keeps so much of a transaction in memory: most of them go to disk. It gets them
 * before they end.
 */
const SPILL_AFTER_BYTES = 500;
/** Kills after which the pipelines begin anew, with their first snapshot. */
const KILLS_OF_A_LIFE = 12;
/** A run that has not met its end so long after it was at work is ended from outside. */
const PATIENCE_MS = 1000;
/** The same for one that does not come to work. */
const STARTUP_MS = 20_000;
/** Files of one table that one crash may leave behind. */
const ORPHANS_OF_A_KILL = 8;

export interface TortureOptions {
  readonly serverUrl: string;
  readonly seed: number;
  readonly places: Places;
  /** True when it is enough; asked between two lives. */
  readonly isEnough: (report: TortureReport) => boolean;
}

/** What has been done and found. */
export interface TortureReport {
  /** Runs of processes, those that were to end by themselves included. */
  runs: number;
  kills: number;
  /** Times that the invariants of one pipeline were checked. */
  checks: number;
  /** Transactions that the sources committed meanwhile. */
  transactions: number;
  /** `step fault` to how often. */
  readonly faults: Record<string, number>;
  /** Of each life, in order; one of them repeats it. */
  readonly seeds: number[];
  /** Lives that were lived there. */
  readonly places: Partial<Record<PlaceName, number>>;
  readonly violations: (Violation & { readonly seed: number; readonly pipeline: string })[];
}

/** Kills pipelines at instants that follow from a seed, one life of theirs after the other. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const report: TortureReport = {
    runs: 0,
    kills: 0,
    checks: 0,
    transactions: 0,
    faults: {},
    seeds: [],
    places: {},
    violations: [],
  };
  await using runners = new RunnerProcesses();
  for (let life = 0; !options.isEnough(report); life++) {
    const seed = options.seed + life;
    report.seeds.push(seed);
    await new Life({ ...options, seed, runners, report }).live();
  }
  return report;
}

interface LifeParts {
  readonly serverUrl: string;
  readonly places: Places;
  readonly seed: number;
  readonly runners: RunnerProcesses;
  readonly report: TortureReport;
}

/** Pipelines from their first snapshot to the final comparison. */
class Life {
  readonly #parts: LifeParts;
  readonly #random: () => number;

  constructor(parts: LifeParts) {
    this.#parts = parts;
    this.#random = seededRandom(parts.seed);
  }

  async live(): Promise<void> {
    const { serverUrl, seed, places, report } = this.#parts;
    const place = places.names[seed % places.names.length] ?? 'files';
    report.places[place] = (report.places[place] ?? 0) + 1;
    const sources: SourceUnderTest[] = [];
    try {
      for (let i = 0; i < PIPELINES; i++) {
        const rows = 100 + Math.floor(this.#random() * 3000);
        const format = FORMATS[(Math.floor(seed / FORMATS.length) + i) % FORMATS.length] ?? 'delta';
        const at = PLACES_OF[format].includes(place) ? places.at(place) : LOCAL_FILES;
        const options = { rows, format, place: at, sendsEarly: i === PIPELINES - 1 };
        sources.push(await SourceUnderTest.create(serverUrl, `life_${seed}_${i}`, options));
      }
      await this.#kill(sources);
      await this.#end(sources);
    } finally {
      for (const source of sources) await source[Symbol.asyncDispose]();
    }
  }

  async #kill(sources: readonly SourceUnderTest[]): Promise<void> {
    const workloads = await Promise.all(sources.map((source, i) => this.#workload(source, i)));
    try {
      for (let kill = 1; kill <= KILLS_OF_A_LIFE; kill++) {
        await this.#run(sources);
        if (kill % 4 === 0) await this.#check(sources, 'earlier', kill);
      }
    } finally {
      for (const workload of workloads) {
        await workload.stop();
        this.#parts.report.transactions += workload.committed;
      }
    }
  }

  #workload(source: SourceUnderTest, i: number): Promise<Workload> {
    return startWorkload({
      url: source.url,
      seed: this.#parts.seed * PIPELINES + i,
      clients: 2,
      statement: randomStatement,
      statementsPerTransaction: 8,
      pauseMs: 30,
    });
  }

  /** A run until its kill, by itself or after a while by us. */
  async #run(sources: readonly SourceUnderTest[]): Promise<void> {
    const { runners, report } = this.#parts;
    const runs = sources.map((source, i) => runOf(source, i, 'stopped'));
    const faults = drawFaults(this.#random);
    const losesUnsynced = this.#random() < 0.5;
    const runner = runners.start({ runs, faults: { kind: 'random', faults }, losesUnsynced });
    report.runs++;
    await Promise.race([
      atWork(runner, sources),
      runner.exited,
      sleep(STARTUP_MS, undefined, { ref: false }),
    ]);
    const patience = setTimeout(() => void runner.kill('SIGKILL'), PATIENCE_MS);
    const { signal, code } = await runner.exited;
    clearTimeout(patience);
    this.#note(runner);
    if (signal === 'SIGKILL') report.kills++;
    else
      throw new Error(
        `A run of seed ${this.#parts.seed} ended (${String(code)}):\n${runner.output}`,
      );
  }

  #note(runner: NodeProcess): void {
    const { faults } = this.#parts.report;
    const hits = [...runner.stdout.matchAll(/^hit (\S+) (\S+)$/gm)];
    for (const [, fault = '', step = ''] of hits) {
      faults[`${step} ${fault}`] = (faults[`${step} ${fault}`] ?? 0) + 1;
    }
    if (!hits.some(([, fault = '']) => fault.startsWith('kill-'))) {
      faults['any kill'] = (faults['any kill'] ?? 0) + 1;
    }
  }

  /** A new run finds everything, and another one nothing to do. */
  async #end(sources: readonly SourceUnderTest[]): Promise<void> {
    await this.#catchUp(sources);
    await this.#check(sources, 'now', KILLS_OF_A_LIFE + 1);
    const versions = await Promise.all(sources.map((source) => source.versions()));
    await this.#catchUp(sources);
    for (const [i, source] of sources.entries()) {
      const [wanted, found] = [versions[i], await source.versions()].map((v) => JSON.stringify(v));
      if (wanted === undefined || found === undefined || wanted === found) continue;
      const what = { invariant: 'idle', table: '', version: undefined } as const;
      this.#violated(source, [{ ...what, wanted: [wanted], found: [found] }]);
    }
  }

  async #catchUp(sources: readonly SourceUnderTest[]): Promise<void> {
    const { runners, report, seed } = this.#parts;
    const runs = sources.map((source, i) => runOf(source, i, 'caught-up'));
    const none = { seed, killAt: 0, errorPercent: 0 };
    const runner = runners.start({ runs, faults: { kind: 'random', faults: none } });
    report.runs++;
    const { code } = await runner.exited;
    if (code !== 0) throw new Error(`Seed ${seed} does not catch up:\n${runner.output}`);
  }

  async #check(
    sources: readonly SourceUnderTest[],
    upTo: 'now' | 'earlier',
    runs: number,
  ): Promise<void> {
    for (const source of sources) {
      const found = await source.check({ upTo, maxOrphans: runs * ORPHANS_OF_A_KILL });
      this.#parts.report.checks++;
      this.#violated(source, found);
    }
  }

  #violated(source: SourceUnderTest, found: readonly Violation[]): void {
    const { report, seed } = this.#parts;
    report.violations.push(...found.map((each) => ({ ...each, seed, pipeline: source.name })));
  }
}

/** Resolves when all pipelines of a process are connected, or it has ended. */
async function atWork(runner: NodeProcess, sources: readonly SourceUnderTest[]): Promise<void> {
  await Promise.allSettled(
    sources.map(({ name }) =>
      runner.printed(new RegExp(`^${name} (snapshotting|streaming)$`, 'm')),
    ),
  );
}

function runOf(source: SourceUnderTest, i: number, until: Run['until']): Run {
  const { name, url, folder, format, place } = source;
  const kept = place.catalogUri === undefined ? {} : { catalogUri: place.catalogUri };
  const spill = i === PIPELINES - 1 ? { spillAfterBytes: SPILL_AFTER_BYTES } : {};
  const options = { until, commitIntervalMs: 20, ...kept, ...spill };
  return { pipeline: name, url, folder, format, ...options };
}
