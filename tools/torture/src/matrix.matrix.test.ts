import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { CrashCell } from './crash-cell.ts';
import { formatViolation } from './format-report.ts';
import { cellName, cells, pairwiseCells } from './matrix.ts';
import type { Cell, Phase } from './matrix.ts';
import { Places } from './places.ts';
import { RunnerProcesses } from './runner-process.ts';
import { SourceUnderTest } from './source-under-test.ts';

/** `pairwise` for a selection, see `pairwiseCells`; every cell unless given. */
const CELLS = process.env['CDC_CELLS'] === 'pairwise' ? pairwiseCells() : cells();
const SEED = Number(process.env['CDC_SEED'] ?? Date.now() % 1_000_000);

/** Phases that leave the source as they found it. */
const LASTING: readonly Phase[] = ['stream', 'spill', 'resync'];

/** A cell takes seconds; a machine may be busy with many things. */
const TIMEOUT_MS = 240_000;

describe(`faults at steps in phases, ${CELLS.length} cells, CDC_SEED=${SEED}`, () => {
  let server: LocalPostgres;
  /** Goes from one cell of a phase that leaves it as it was to the next, until one fails. */
  let lasting: { readonly phase: Phase; readonly source: SourceUnderTest } | undefined;

  let places: Places;
  let runners: RunnerProcesses;

  beforeAll(async () => {
    // Processes that are started now wait, and take the environment along.
    places = await Places.start();
    runners = new RunnerProcesses();
    server = await startPostgres({ version: 18 });
  }, TIMEOUT_MS);

  afterAll(async () => {
    await lasting?.source[Symbol.asyncDispose]();
    await runners[Symbol.asyncDispose]();
    await places[Symbol.asyncDispose]();
    await server.stop();
  });

  /** The source that the cells before have left, or another one. */
  async function sourceFor(
    { phase, format, place: at }: Cell,
    name: string,
  ): Promise<SourceUnderTest> {
    const place = places.at(at);
    const left = lasting;
    lasting = undefined;
    if (left?.phase === phase && left.source.format === format && left.source.place === place) {
      return left.source;
    }
    await left?.source[Symbol.asyncDispose]();
    const sendsEarly = phase === 'spill';
    return SourceUnderTest.create(server.url, name, { rows: 200, sendsEarly, format, place });
  }

  it.each(CELLS.map((cell, i) => ({ title: cellName(cell), cell, name: `cell_${i}` })))(
    '$title',
    async ({ title, cell, name }) => {
      const startedMs = performance.now();
      const source = await sourceFor(cell, name);
      try {
        const { kills, violations } = await CrashCell.run(cell, { source, seed: SEED, runners });
        const ms = Math.round(performance.now() - startedMs);
        const found = violations.map(formatViolation);
        const count = `${kills} kills, ${found.length} violations`;
        process.stderr.write([`${title}: ${count}, ${ms} ms`, ...found, ''].join('\n'));
        expect(found).toEqual([]);
        if (LASTING.includes(cell.phase)) lasting = { phase: cell.phase, source };
      } finally {
        if (!lasting) await source[Symbol.asyncDispose]();
      }
    },
    TIMEOUT_MS,
  );
});
