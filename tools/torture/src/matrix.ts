import { FAULTS, STEPS } from '@cdc-demo/cdc-testing';
import type { Failpoint, FaultName, Step } from '@cdc-demo/cdc-testing';
import { KEPT_BY_SERVICE } from './places.ts';
import type { PlaceName } from './places.ts';
import { FORMATS, PLACES_OF } from './source-under-test.ts';
import type { Format } from './source-under-test.ts';

export const PHASES = ['snapshot', 'stream', 'spill', 'schema-change', 'resync'] as const;

/** What the pipeline does when the fault comes. */
export type Phase = (typeof PHASES)[number];

export interface Cell extends Failpoint {
  readonly format: Format;
  readonly place: PlaceName;
  readonly phase: Phase;
}

const SNAPSHOT: readonly Phase[] = ['snapshot'];
const CHANGES: readonly Phase[] = ['stream', 'spill', 'schema-change'];
const STREAM: readonly Phase[] = ['stream'];
const RESYNC: readonly Phase[] = ['resync'];

/** Where each step occurs, and how often it is worth a fault. */
const OCCURS: Readonly<
  Record<Step, readonly { readonly phases: readonly Phase[]; readonly nth: readonly number[] }[]>
> = {
  'snapshot-rows': [{ phases: SNAPSHOT, nth: [1] }],
  'snapshot-end': [{ phases: SNAPSHOT, nth: [1] }],
  'resync-rows': [{ phases: RESYNC, nth: [1, 2] }],
  transaction: [{ phases: CHANGES, nth: [1] }],
  'data-file': [{ phases: PHASES, nth: [1] }],
  // One after the other: some tables are done, some are not.
  'data-file-durable': [{ phases: PHASES, nth: [1, 2] }],
  'deletion-vector': [{ phases: CHANGES, nth: [1] }],
  'change-file': [{ phases: CHANGES, nth: [1] }],
  manifest: [{ phases: PHASES, nth: [1, 2] }],
  'manifest-list': [{ phases: PHASES, nth: [1] }],
  'log-entry': [{ phases: PHASES, nth: [1, 2] }],
  'version-hint': [{ phases: PHASES, nth: [1] }],
  // 1: the claim of the run; then the staged rows and the published ones, or the first batch.
  progress: [
    { phases: SNAPSHOT, nth: [1, 2, 3] },
    { phases: CHANGES, nth: [1, 2] },
    // After the claim: what is asked for, then the rows of each table.
    { phases: RESYNC, nth: [2, 3, 4] },
  ],
  compaction: [{ phases: STREAM, nth: [1] }],
  'progress-trim': [{ phases: STREAM, nth: [1] }],
  acknowledge: [{ phases: PHASES, nth: [1] }],
  checkpoint: [{ phases: STREAM, nth: [1] }],
  'checkpoint-hint': [{ phases: STREAM, nth: [1] }],
  // In the phase `resync` it is what somebody asked for that is removed.
  sweep: [{ phases: [...SNAPSHOT, ...RESYNC], nth: [1] }],
};

const ICEBERG: readonly Format[] = ['iceberg-2', 'iceberg-3'];
/** Steps that not every format has. */
const FORMATS_OF: Readonly<Partial<Record<Step, readonly Format[]>>> = {
  'change-file': ['delta'],
  checkpoint: ['delta'],
  'checkpoint-hint': ['delta'],
  manifest: ICEBERG,
  'manifest-list': ICEBERG,
  'version-hint': ICEBERG,
};

export interface Exclusion {
  readonly fault: FaultName;
  readonly steps: readonly Step[];
  /** All of them unless given. */
  readonly phases?: readonly Phase[];
  readonly why: string;
}

const MESSAGES: readonly Step[] = ['snapshot-rows', 'snapshot-end', 'resync-rows', 'transaction'];
const FILES: readonly Step[] = [
  'data-file',
  'data-file-durable',
  'deletion-vector',
  'change-file',
  'checkpoint',
];

/** Pairs that cannot happen. Everything else is run. */
export const EXCLUSIONS: readonly Exclusion[] = [
  {
    fault: 'kill-after',
    steps: MESSAGES,
    why: 'what follows a message is the next step, and that has a kill before it',
  },
  {
    fault: 'error-after',
    steps: MESSAGES,
    why: 'nobody answers a message: a connection that breaks after it is the error before the next',
  },
  {
    fault: 'late-success',
    steps: [...MESSAGES, 'acknowledge'],
    why: 'a source that was given up sends no more messages and no more acknowledgements',
  },
  {
    fault: 'late-success',
    steps: FILES,
    why: 'a file gets its name by close, and abort after a failed close takes that away',
  },
  {
    fault: 'second-writer',
    steps: STEPS.filter((step) => !['log-entry', 'compaction', 'progress'].includes(step)),
    why: 'the names of all other files are unique to their writer, or their contents are the same',
  },
  {
    fault: 'second-writer',
    steps: ['progress'],
    why: 'whoever writes the next record is a later run, and that is the zombie',
  },
  {
    fault: 'second-writer',
    steps: ['log-entry'],
    phases: SNAPSHOT,
    why: 'a table that somebody else has made is refused, and the pipeline stops',
  },
];

export function exclusion({
  fault,
  step,
  phase,
}: Omit<Cell, 'format' | 'place'>): Exclusion | undefined {
  return EXCLUSIONS.find(
    ({ fault: of, steps, phases = PHASES }) =>
      of === fault && steps.includes(step) && phases.includes(phase),
  );
}

/**
 * Every step with every fault in every phase in which both happen, format by format and place by
 * place.
 */
export function cells(): Cell[] {
  return FORMATS.flatMap((format) => PLACES_OF[format].flatMap((place) => cellsOf(format, place)));
}

function cellsOf(format: Format, place: PlaceName): Cell[] {
  const steps = STEPS.filter(
    (step) =>
      (FORMATS_OF[step] ?? FORMATS).includes(format) &&
      // A service knows which metadata file is the newest.
      !(KEPT_BY_SERVICE.includes(place) && step === 'version-hint'),
  );
  const all = steps.flatMap((step) =>
    OCCURS[step].flatMap(({ phases, nth }) =>
      phases.flatMap((phase) =>
        nth.flatMap((n) =>
          FAULTS.map((fault): Cell => ({ format, place, step, phase, nth: n, fault })),
        ),
      ),
    ),
  );
  const order = (cell: Cell): number => PHASES.indexOf(cell.phase);
  return all.filter((cell) => !exclusion(cell)).sort((a, b) => order(a) - order(b));
}

/**
 * A selection in which any two of format, place, phase, step and fault that come together anywhere
 * come together once at least.
 */
export function pairwiseCells(all: readonly Cell[] = cells()): Cell[] {
  const wanted = new Set(all.flatMap(pairsOf));
  const chosen = new Set<Cell>();
  while (wanted.size > 0) {
    let [best, most] = [all[0], 0];
    for (const cell of all) {
      const gain = pairsOf(cell).filter((pair) => wanted.has(pair)).length;
      if (gain > most) [best, most] = [cell, gain];
    }
    if (!best) break;
    chosen.add(best);
    for (const pair of pairsOf(best)) wanted.delete(pair);
  }
  return all.filter((cell) => chosen.has(cell));
}

function pairsOf({ format, place, phase, step, fault }: Cell): string[] {
  const values = [format, place, phase, step, fault];
  return values.flatMap((a, i) => values.slice(i + 1).map((b) => `${a}+${b}`));
}

export function cellName({ format, place, phase, step, nth, fault }: Cell): string {
  return `${format}, ${place}, ${phase}: ${fault} ${step}${nth > 1 ? ` (${nth}.)` : ''}`;
}
