import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { JudgeError, assertSameRows, startJudge } from '@cdc-demo/judges';
import type { Judge, JudgeEngine } from '@cdc-demo/judges';
import { DeltaTable } from '../delta-table.ts';
import { changeLines, tableRows } from '../sink/sink.fixture.ts';
import { temporaryStore } from '../storage.fixture.ts';
import { FEATURE_TABLES } from './feature-tables.fixture.ts';

const ENGINES: readonly JudgeEngine[] = ['delta-rs', 'duckdb', 'chdb', 'spark'];

const TIMEOUT_MS = 240_000;

/** What an engine refuses of a table, at one version at least. */
const REFUSES: Readonly<Record<string, RegExp>> = {
  'delta-rs, column mapping, changes': /Column mapping is not supported/,
  'delta-rs, type widening, rows': /TypeWidening/,
  'delta-rs, type widening, changes': /TypeWidening/,
  'delta-rs, everything together, with a checkpoint, rows': /TypeWidening/,
  'delta-rs, everything together, with a checkpoint, changes': /Column mapping|TypeWidening/,
  // It reads every change in the newest schema.
  'spark, type widening, changes': /INCOMPATIBLE_DATA_SCHEMA/,
  'chdb, everything together, with a checkpoint, rows': /reads NULL as empty/,
  'chdb, everything together, with a checkpoint, changes': /reads NULL as empty/,
};

describe.each(ENGINES)('%s reads', (engine) => {
  let judge: Judge;
  beforeAll(async () => {
    judge = await startJudge(engine);
  });
  afterAll(() => judge.close());

  describe.each(FEATURE_TABLES)('$name', (table) => {
    let files: Awaited<ReturnType<typeof temporaryStore>>;
    let last: bigint;
    beforeAll(async () => {
      files = await temporaryStore();
      await table.write(files.store);
      last = (await (await DeltaTable.open(files.store)).snapshot()).version;
    });
    afterAll(() => files[Symbol.asyncDispose]());

    /** Every version is answered as it is, or refused as it is known. */
    async function judgeVersions(
      what: 'rows' | 'changes',
      ours: (version: bigint) => Promise<string[]>,
    ): Promise<void> {
      const refusal = REFUSES[`${engine}, ${table.name}, ${what}`] ?? noFeed(engine, what);
      let refused = 0;
      for (let version = 0n; version <= last; version++) {
        const asked =
          what === 'rows'
            ? judge.rows(files.folder, version)
            : judge.changes(files.folder, version, version);
        try {
          const theirs = { name: judge.version, rows: await asked };
          const expected = { name: `${what} of ${version}`, rows: await ours(version) };
          assertSameRows(expected, theirs);
        } catch (error) {
          if (!(error instanceof JudgeError) || !refusal?.test(error.message)) throw error;
          refused++;
        }
      }
      expect(refused > 0).toBe(refusal !== undefined);
    }

    test(
      'every version',
      () => judgeVersions('rows', (version) => tableRows(files.store, version)),
      TIMEOUT_MS,
    );

    test(
      'every change feed',
      () => judgeVersions('changes', (version) => changeLines(files.store, version)),
      TIMEOUT_MS,
    );
  });
});

function noFeed(engine: JudgeEngine, what: 'rows' | 'changes'): RegExp | undefined {
  return engine === 'duckdb' && what === 'changes' ? /does not read the change feed/ : undefined;
}
