import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { parseTablePosition } from '@cdc-demo/lake-core';
import { FaultyStore, InjectedFault } from '@cdc-demo/cdc-testing';
import type { Fault } from '@cdc-demo/cdc-testing';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { temporaryStore } from '../storage.fixture.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import { changes, feedRows, openTable, point, schema, tableRows } from './sink.fixture.ts';
import { drawn, lines, replay, stepsOf } from './random-changes.fixture.ts';
import type { Step } from './random-changes.fixture.ts';
import { POSITION_DOMAIN } from './table-position.ts';

const scenario = fc.record({
  transactions: fc.array(fc.array(drawn, { minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 14,
  }),
  /** Transactions of each commit, over and over. */
  cuts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
  targetFileRows: fc.constantFrom(2, 1_000_000),
  /** By number of the writing call. */
  faults: fc.dictionary(
    fc.integer({ min: 0, max: 60 }).map(String),
    fc.constantFrom<Fault>('fail-before', 'fail-after'),
    { maxKeys: 8 },
  ),
});

/** Calls until a fault does not come in between. */
async function untilDone<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof InjectedFault)) throw error;
    }
  }
}

/** Runs all steps, beginning anew with a new sink from the last recorded step after each fault. */
async function run(
  store: ObjectStore,
  steps: readonly Step[],
  { cuts, targetFileRows }: { readonly cuts: readonly number[]; readonly targetFileRows: number },
): Promise<void> {
  let sink: TendedTableSink | undefined;
  let recorded = 0;
  let commits = 0;
  while (recorded < steps.length) {
    const from = recorded;
    const to = Math.min(steps.length, from + (cuts[commits++ % cuts.length] ?? 1));
    const end = steps[to - 1]!.end;
    try {
      sink ??= await openTable(store, { targetFileRows });
      for (const { end: at, list } of steps.slice(from, to)) {
        if (list.length > 0) await sink.write(changes(schema, [[at, list]]));
      }
      const done = await sink.commit(point(end, { batch: commits }));
      expect(['committed', 'unchanged']).toContain(done.outcome);
      recorded = to;
    } catch (error) {
      if (!(error instanceof InjectedFault)) throw error;
      await sink?.close();
      sink = undefined;
    }
  }
  await sink?.close();
}

describe('a sink whose store fails', () => {
  it('equals the source at every version, and its feed tells the way, once', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ transactions, cuts, faults, targetFileRows }) => {
        await using files = await temporaryStore();
        const { store } = files;
        const steps = stepsOf(transactions);
        let call = 0;
        const faulty = new FaultyStore(store, () => faults[String(call++)] ?? 'none');
        await untilDone(async () => {
          const created = await (await openTable(faulty)).create(schema, point(90));
          expect(created.outcome).toBe('committed');
        });
        await run(faulty, steps, { cuts, targetFileRows });

        const { version: last } = await openSnapshot(store);
        let rows: string[] = [];
        let position = 0n;
        for (let version = 0n; version <= last; version++) {
          const { domains } = await openSnapshot(store, { version });
          const at = parseTablePosition(domains.get(POSITION_DOMAIN)!.configuration).position.lsn;
          expect(at).toBeGreaterThan(position);
          position = at;
          const step = steps.findLast(({ end }) => BigInt(end) <= at);
          rows = replay(rows, await feedRows(store, version));
          expect(rows).toEqual(lines(step?.after ?? new Map()));
          expect(await tableRows(store, version)).toEqual(rows);
        }
        expect(rows).toEqual(lines(steps.at(-1)?.after ?? new Map()));
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
