import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DELTA_FIXTURES, fixtureCases, type FixtureCase } from './delta-fixtures.fixture.ts';
import { CHDB_LEFT_OUT, DIFFERING_ANSWERS, ENGINE_LIMITS } from './engine-limits.fixture.ts';
import { judgeCommand, type JudgeEngine } from './installation.ts';
import { startJudge, type Judge } from './judge-client.ts';
import type { ReadRequest } from './judge-protocol.ts';
import { assertSameRows, compareRows } from './row-comparison.ts';
import { withoutCommitTimestamp } from './row-lines.ts';

const ENGINES: readonly JudgeEngine[] = ['delta-rs', 'duckdb', 'chdb', 'spark'];
const CASES = fixtureCases();
const TIMEOUT_MS = 120_000;

/** Rows with some columns only: what is canonical JSON stays so through JSON.parse. */
function only(columns: readonly string[], rows: readonly string[]): string[] {
  return rows.map((row) => {
    const values = JSON.parse(row) as Record<string, unknown>;
    return JSON.stringify(Object.fromEntries(columns.map((name) => [name, values[name]])));
  });
}

/** The request and rows for chDB, which judges nested columns only by name. */
function forChdb({ table, request, expected }: FixtureCase) {
  const leftOut = CHDB_LEFT_OUT[table];
  if (leftOut === undefined || expected === 'refused') return { request, expected };
  const names = Object.keys(JSON.parse(expected[0] ?? '{"id":0}') as object);
  const columns = names.filter((name) => !leftOut.includes(name));
  return { request: { ...request, columns }, expected: only(columns, expected) };
}

describe.each(ENGINES)('%s', (engine) => {
  let judge: Judge;
  beforeAll(async () => {
    judge = await startJudge(engine);
  }, TIMEOUT_MS);
  afterAll(async () => {
    const { peakBytes } = await judge.memory();
    console.log(`${judge.version}: peak of memory ${Math.round(peakBytes / 1e6)} MB`);
    await judge.close();
  }, TIMEOUT_MS);

  async function ask(request: ReadRequest): Promise<string[]> {
    return withoutCommitTimestamp(await judge.read(request));
  }

  test.each(CASES)(
    '$name',
    async (fixture) => {
      const limit = ENGINE_LIMITS.find(
        (entry) => entry.engine === engine && entry.cases.test(fixture.name),
      );
      if (limit !== undefined) {
        const refusal = { code: limit.code, message: expect.stringMatching(limit.message) };
        await expect(ask(fixture.request)).rejects.toMatchObject(refusal);
        return;
      }
      const { request, expected } = engine === 'chdb' ? forChdb(fixture) : fixture;
      if (expected === 'refused') {
        await expect(ask(request)).rejects.toMatchObject({ code: 'judge/engine' });
        return;
      }
      const found = { name: engine, rows: await ask(request) };
      const wanted = { name: 'expected', rows: expected };
      if (
        DIFFERING_ANSWERS.some(
          (one) => one.engines.includes(engine) && one.cases.test(fixture.name),
        )
      ) {
        expect(compareRows(found, wanted).equal).toBe(false);
      } else {
        assertSameRows(found, wanted);
      }
    },
    TIMEOUT_MS,
  );

  test(
    'a condition and columns are applied',
    async () => {
      const table = join(DELTA_FIXTURES, 'spark', 'dv_cdf_partitioned');
      const found = await judge.read({
        op: 'rows',
        table,
        version: 1,
        where: 'id >= 18',
        columns: ['name', 'id'],
      });
      expect(found.sort()).toEqual(['{"name":"name-18","id":18}', '{"name":"name-19","id":19}']);
    },
    TIMEOUT_MS,
  );

  test('a table that is not there is refused', async () => {
    await expect(judge.rows(join(tmpdir(), 'no-such-table'))).rejects.toMatchObject({
      code: 'judge/engine',
    });
  });

  test('versions are listed by the engines that can', async () => {
    const versions = judge.versions(join(DELTA_FIXTURES, 'spark', 'cdf_merge_plain'));
    if (engine === 'spark' || engine === 'delta-rs') {
      expect(await versions).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    } else {
      await expect(versions).rejects.toMatchObject({ code: 'judge/unsupported' });
    }
  });

  test(
    'a range of versions gives the changes of each of them with the time of its commit',
    async () => {
      if (engine === 'duckdb') return expectNoChangeFeed(judge);
      const table = join(DELTA_FIXTURES, 'spark', 'cdf_merge_plain');
      const single: string[] = [];
      for (const version of [2, 3, 4])
        single.push(...(await judge.changes(table, version, version)));
      const range = await judge.changes(table, 2, 4n);
      assertSameRows({ name: 'range', rows: range }, { name: 'one by one', rows: single });
      expect(range).toHaveLength(18);
      for (const row of range) {
        expect(row).toMatch(/,"_commit_timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"\}$/);
      }
    },
    TIMEOUT_MS,
  );
});

async function expectNoChangeFeed(judge: Judge): Promise<void> {
  const table = join(DELTA_FIXTURES, 'spark', 'cdf_merge_plain');
  await expect(judge.changes(table, 2, 4)).rejects.toMatchObject({ code: 'judge/unsupported' });
}

test('the canonical form of the engines in Python passes its own tests', () => {
  const [python] = judgeCommand('delta-rs');
  const tool = fileURLToPath(new URL('..', import.meta.url));
  const run = spawnSync(python, ['-m', 'unittest', 'discover', '-s', 'engines', '-t', '.'], {
    cwd: tool,
    encoding: 'utf8',
  });
  expect(run.stderr).toMatch(/Ran 11 tests[\s\S]*OK/);
});

describe('values at the edges', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'judge-edges-'));
    const [python] = judgeCommand('delta-rs');
    const script = fileURLToPath(new URL('../engines/write_edge_tables.py', import.meta.url));
    const written = spawnSync(python, [script, folder], { encoding: 'utf8' });
    if (written.status !== 0) throw new Error(written.stderr);
  }, TIMEOUT_MS);
  afterAll(() => rm(folder, { recursive: true }));

  const SCALARS = [
    String.raw`{"i":1,"long":"9223372036854775807","short":-32768,"byte":-128,"day":"1900-01-01","zoned":"0001-01-01T00:00:00.000000Z","plain":"0001-01-01T00:00:00.000000","single":"NaN","double":1e+21,"dec":"0.000000000000000001","bytes":"","text":"","flag":true,"odd \"c.o l${'`'}":1}`,
    String.raw`{"i":2,"long":"-9223372036854775808","short":0,"byte":0,"day":"1970-01-01","zoned":"1899-12-31T23:59:59.999999Z","plain":"1899-12-31T23:59:59.999999","single":"Infinity","double":"-Infinity","dec":"0.000000000000000000","bytes":"00ff","text":"a\"b\\c\n\u0000\u0001","flag":false,"odd \"c.o l${'`'}":2}`,
    '{"i":3,"long":"9007199254740992","short":32767,"byte":127,"day":"2299-12-31","zoned":"9999-12-31T23:59:59.999999Z","plain":"9999-12-31T23:59:59.999999","single":"-0","double":5e-324,"dec":null,"bytes":null,"text":"é世😀\u2028\x7f/","flag":null,"odd \\"c.o l`":3}',
    String.raw`{"i":4,"long":null,"short":null,"byte":null,"day":null,"zoned":null,"plain":null,"single":1e-7,"double":0.30000000000000004,"dec":"99999999999999999999.999999999999999999","bytes":"6162","text":null,"flag":true,"odd \"c.o l${'`'}":4}`,
  ];
  const NESTED = [
    '{"i":1,"list":[],"map":[["a",null],["b",1]],"pos":{"at":null,"tags":[{"z":"q"}]}}',
    '{"i":2,"list":null,"map":null,"pos":null}',
    '{"i":3,"list":[1,null],"map":[],"pos":{"at":"2020-01-01T00:00:00.000000Z","tags":null}}',
  ];

  test.each(ENGINES)(
    '%s reads them all alike',
    async (engine) => {
      await using judge = await startJudge(engine);
      const scalars = { name: engine, rows: await judge.rows(join(folder, 'scalars'), 0) };
      assertSameRows(scalars, { name: 'expected', rows: SCALARS });
      const nested = judge.rows(join(folder, 'nested'));
      if (engine === 'chdb') {
        await expect(nested).rejects.toMatchObject({
          code: 'judge/unsupported',
          message: expect.stringMatching(/reads NULL as empty in the columns list, map, pos/),
        });
      } else {
        assertSameRows({ name: engine, rows: await nested }, { name: 'expected', rows: NESTED });
      }
    },
    TIMEOUT_MS,
  );
});
