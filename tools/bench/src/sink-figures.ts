import { median, percentile } from './bench-result.ts';
import type { BenchResult } from './bench-result.ts';
import { FORMATS, SinkUnderTest, changesOf } from './sink-under-test.ts';
import type { CommitFigures, TableFormat } from './sink-under-test.ts';

type Say = (line: string) => void;

/** So that the machine's other work falls on both formats alike. */
const ROUNDS = 5;
const CHANGES_PER_COMMIT = 10_000;

/** Of one round, in rows or changes a second. */
interface Rates {
  readonly snapshot: number;
  readonly upsert: number;
}

export interface SinkRatesOptions {
  readonly rows: number;
  /** A multiple of 10 000. */
  readonly changes: number;
  readonly say: Say;
}

/** Snapshot and upsert through the sinks of both formats in turns, of the same rows. */
export async function sinkRates({ rows, changes, say }: SinkRatesOptions): Promise<BenchResult[]> {
  const rounds: Record<TableFormat, Rates>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const rates = new Map<TableFormat, Rates>();
    for (const format of inTurns(round)) {
      say(`round ${round + 1} of ${ROUNDS}: ${format}`);
      rates.set(format, await ratesOf(format, rows, changes));
    }
    const none = { snapshot: Number.NaN, upsert: Number.NaN };
    rounds.push({ delta: rates.get('delta') ?? none, iceberg: rates.get('iceberg') ?? none });
  }
  const count = { rows: rows.toLocaleString('en'), changes: changes.toLocaleString('en') };
  const of = {
    snapshot: `${count.rows} rows by the sink alone`,
    upsert: `${count.changes} changes by the sink alone into ${count.rows} rows`,
  };
  return (['snapshot', 'upsert'] as const).flatMap((what) =>
    FORMATS.map((format): BenchResult => {
      const values = rounds.map((round) => round[format][what]);
      const ratios = rounds.map((round) => round[format][what] / round.delta[what]);
      const isPeer = format === 'delta';
      const spread = isPeer ? '' : `; limit: Delta in turns with it, ${spreadOf(ratios)}`;
      return {
        name: `sink-${what}-${format}`,
        value: median(values),
        unit: what === 'snapshot' ? 'rows/s' : 'changes/s',
        limit: isPeer ? null : median(rounds.map((round) => round.delta[what])),
        ratio: isPeer ? null : median(ratios),
        cpuSeconds: null,
        peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
        note: `${of[what]}, median of ${ROUNDS}${spread}`,
      };
    }),
  );
}

/** How a ratio differs from round to round. */
export function spreadOf(ratios: readonly number[]): string {
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return `ratio of a round ${least.toFixed(2)} to ${most.toFixed(2)}`;
}

/** Which format comes first changes from round to round. */
export function inTurns(round: number): readonly TableFormat[] {
  return round % 2 === 0 ? FORMATS : FORMATS.toReversed();
}

async function ratesOf(format: TableFormat, rows: number, changes: number): Promise<Rates> {
  await using table = await SinkUnderTest.create(format, rows);
  const commits = changes / CHANGES_PER_COMMIT;
  // The first commit builds the index.
  await table.commit(changesOf(10, rows, changes));
  let seconds = 0;
  for (let round = 0; round < commits; round++) {
    const made = changesOf(CHANGES_PER_COMMIT, rows, round);
    seconds += (await table.commit(made)).seconds;
  }
  return { snapshot: rows / table.snapshot.seconds, upsert: changes / seconds };
}

/** How much the last commits of `commits` take longer than the first, upkeep beside them. */
export async function commitGrowth(commits: number, say: Say): Promise<BenchResult[]> {
  const rows = 100_003;
  await using delta = await SinkUnderTest.create('delta', rows);
  await using iceberg = await SinkUnderTest.create('iceberg', rows);
  const tables = { delta, iceberg };
  const done: Record<TableFormat, CommitFigures[]> = { delta: [], iceberg: [] };
  for (let round = 0; round < commits; round++) {
    if (round % 250 === 0) say(`commit ${round} of ${commits}`);
    for (const format of inTurns(round)) {
      done[format].push(await tables[format].commit(changesOf(100, rows, round)));
    }
  }
  return [
    ...FORMATS.flatMap((format) => growthOf(format, done[format])),
    ...[0.5, 0.99].map((share) => commitTime(done, share)),
  ];
}

function growthOf(format: TableFormat, done: readonly CommitFigures[]): BenchResult[] {
  const head = done.slice(100, 300);
  const tail = done.slice(-200);
  const growth = (
    name: string,
    of: (figures: CommitFigures) => number,
    {
      share,
      unit,
      scale,
    }: { readonly share: number; readonly unit: string; readonly scale: number },
  ): BenchResult => {
    const [first, last] = [head, tail].map((some) => percentile(some.map(of), share));
    const shown = [last, first].map((value) => `${((value ?? 0) * scale).toFixed(1)} ${unit}`);
    return {
      name: `commit-growth-${format}-${name}`,
      value: (last ?? 0) / (first ?? 1),
      unit: 'x',
      limit: null,
      ratio: null,
      cpuSeconds: null,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      note:
        `commits of 100 changes: the last 200 of ${done.length.toLocaleString('en')} ` +
        `(${shown[0] ?? ''}) over those after the hundredth (${shown[1] ?? ''})`,
    };
  };
  const ms = { unit: 'ms', scale: 1000 } as const;
  const kB = { unit: 'kB', scale: 1 / 1000 } as const;
  return [
    growth('p50', ({ seconds }) => seconds, { share: 0.5, ...ms }),
    growth('p99', ({ seconds }) => seconds, { share: 0.99, ...ms }),
    growth('bytes', ({ bytes }) => bytes, { share: 0.5, ...kB }),
    growth('log', ({ logBytes }) => logBytes, { share: 0.5, ...kB }),
  ];
}

/** A commit to an Iceberg table beside one to a Delta table, over the whole loop. */
function commitTime(
  done: Record<TableFormat, readonly CommitFigures[]>,
  share: number,
): BenchResult {
  const [limit = 0, value = 0] = FORMATS.map((format) => {
    return (
      percentile(
        done[format].slice(100).map(({ seconds }) => seconds),
        share,
      ) * 1000
    );
  });
  return {
    name: `commit-time-iceberg-p${share * 100}`,
    value,
    unit: 'ms',
    limit,
    ratio: limit / value,
    cpuSeconds: null,
    peakMemoryBytes: null,
    note: 'a commit of 100 changes, after the hundredth; limit: Delta in turns with it',
  };
}
