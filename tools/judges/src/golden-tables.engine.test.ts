import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DELTA_FIXTURES } from './delta-fixtures.fixture.ts';
import { GOLDEN_EXCEPTIONS } from './engine-limits.fixture.ts';
import type { JudgeEngine } from './installation.ts';
import { startJudge, type Judge } from './judge-client.ts';
import { JudgeError } from './judge-error.ts';
import { compareRows, describeComparison } from './row-comparison.ts';

const GOLDEN = join(DELTA_FIXTURES, 'golden');
const OTHERS: readonly JudgeEngine[] = ['delta-rs', 'duckdb', 'chdb'];
const TIMEOUT_MS = 120_000;

let spark: Judge;
let others: readonly Judge[];
beforeAll(async () => {
  [spark, ...others] = (await Promise.all(
    (['spark', ...OTHERS] as const).map((engine) => startJudge(engine)),
  )) as [Judge, ...Judge[]];
}, TIMEOUT_MS);
afterAll(async () => {
  for (const judge of [spark, ...others]) await judge.close();
}, TIMEOUT_MS);

/** The rows, or the code of the refusal. */
async function verdict(judge: Judge, table: string): Promise<string[] | JudgeError> {
  try {
    return await judge.rows(table);
  } catch (error) {
    if (error instanceof JudgeError && error.code !== 'judge/died') return error;
    throw error;
  }
}

test.each(readdirSync(GOLDEN))(
  'the engines read the same rows of %s, or what they do instead is listed',
  async (name) => {
    const table = join(GOLDEN, name, 'delta');
    const reference = await verdict(spark, table);
    const found: string[] = reference instanceof JudgeError ? ['spark refuses'] : [];
    const details: string[] = [];
    for (const judge of others) {
      const answer = await verdict(judge, table);
      if (answer instanceof JudgeError) {
        found.push(`${judge.engine} refuses`);
        details.push(answer.message);
      } else if (reference instanceof JudgeError) {
        details.push(`${judge.engine} reads ${answer.length} rows`);
      } else {
        const comparison = compareRows(
          { name: 'spark', rows: reference },
          { name: judge.engine, rows: answer },
        );
        if (!comparison.equal) found.push(`${judge.engine} differs`);
        details.push(describeComparison(comparison));
      }
    }
    const listed = GOLDEN_EXCEPTIONS.filter((entry) => entry.tables.test(name)).flatMap(
      (entry) => entry.verdicts,
    );
    expect({ found: found.sort(), details }).toEqual({ found: [...listed].sort(), details });
  },
  TIMEOUT_MS,
);
