import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { NodeProcess, seededRandom, startWorkload } from '@cdc-demo/cdc-testing';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { SURE_CHANGES, SourceUnderTest, randomStatement } from './source-under-test.ts';

const CLI = fileURLToPath(new URL('../../../apps/cli/bin/cdc-demo.js', import.meta.url));
const ROUNDS = Number(process.env['CDC_ROUNDS'] ?? 8);
const SEED = Number(process.env['CDC_SEED'] ?? Date.now() % 1_000_000);
const TIMEOUT_MS = 180_000;

const FENCED = { code: 5, signal: null };
/** Files of a table that all the sleepers may leave behind. */
const MAX_ORPHANS = 100;
const STOPPED = { code: 0, signal: null };

describe(`two runners of one pipeline, CDC_SEED=${SEED}`, () => {
  const runners: NodeProcess[] = [];
  let server: LocalPostgres;
  let source: SourceUnderTest;
  let config: string;

  beforeAll(async () => {
    server = await startPostgres({ version: 18 });
    source = await SourceUnderTest.create(server.url, 'shared', { rows: 2000 });
    config = join(source.folder, 'cdc-demo.yaml');
    await writeFile(
      config,
      `
pipelines:
  - id: shared
    source:
      type: postgres
      url: \${env:SOURCE_URL}
      tables: [public.whole, public.keyed, public.emptied]
    sink: { type: delta, location: '${source.folder}/{table}' }
    commit: { intervalMs: 30 }
    retry: { initialDelayMs: 50, maxDelayMs: 200 }
`,
    );
  }, TIMEOUT_MS);

  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.kill('SIGKILL');
  });

  afterAll(async () => {
    await source[Symbol.asyncDispose]();
    await server.stop();
  });

  const start = (...flags: readonly string[]): NodeProcess => {
    const args = [CLI, 'run', '--config', config, ...flags];
    const runner = new NodeProcess(args, { env: { SOURCE_URL: source.url } });
    runners.push(runner);
    return runner;
  };

  /** Changes a row, and waits until `runner` says that it has committed it. */
  const commitBy = async (runner: NodeProcess): Promise<void> => {
    const version = (await source.lake.table('whole').versions()).length;
    await source.transaction(...SURE_CHANGES);
    await runner.printed(new RegExp(`public\\.whole version ${version}:`));
  };

  const expectTruth = async (): Promise<void> => {
    const last = await start('--until-caught-up').exited;
    expect(last).toEqual(STOPPED);
    expect(await source.check({ upTo: 'now', maxOrphans: MAX_ORPHANS })).toEqual([]);
  };

  it(
    'the second stops with slot-in-use, and the first goes on',
    async () => {
      const first = start();
      await first.printed(/streaming/);
      await commitBy(first);
      const second = start();
      expect(await second.exited).toEqual({ code: 3, signal: null });
      expect(second.output).toMatch(/slot cdc_demo_shared is in use/);
      expect(second.output).toMatch(/--take-over/);
      await commitBy(first);
      expect(await first.kill('SIGTERM')).toEqual(STOPPED);
      await expectTruth();
    },
    TIMEOUT_MS,
  );

  it(
    'with --take-over the first stops as fenced, and the second goes on',
    async () => {
      const first = start();
      await first.printed(/streaming/);
      const second = start('--take-over');
      expect(await first.exited).toEqual(FENCED);
      expect(first.output).toMatch(/was replaced by run/);
      await second.printed(/streaming/);
      await commitBy(second);
      expect(await second.kill('SIGTERM')).toEqual(STOPPED);
      await expectTruth();
    },
    TIMEOUT_MS,
  );

  it(
    'a first that slept through the take-over stops as fenced when it wakes up',
    async () => {
      const first = start();
      await first.printed(/streaming/);
      await first.kill('SIGSTOP');
      await source.transaction(...SURE_CHANGES);
      const second = start('--take-over');
      await second.printed(/streaming/);
      await commitBy(second);
      await first.kill('SIGCONT');
      expect(await first.exited).toEqual(FENCED);
      expect(first.output).not.toMatch(/streaming[\s\S]*version/);
      await commitBy(second);
      expect(await second.kill('SIGTERM')).toEqual(STOPPED);
      await expectTruth();
    },
    TIMEOUT_MS,
  );

  it(
    `${ROUNDS} take-overs from runners that sleep at any instant double nothing`,
    async () => {
      const random = seededRandom(SEED);
      const workload = await startWorkload({
        url: source.url,
        seed: SEED,
        clients: 2,
        statement: randomStatement,
        statementsPerTransaction: 5,
        pauseMs: 15,
      });
      let owner = start('--take-over');
      await owner.printed(/streaming/);
      for (let round = 0; round < ROUNDS; round++) {
        await sleep(random() * 400);
        await owner.kill('SIGSTOP');
        const next = start('--take-over');
        await next.printed(/streaming/);
        // Some wake up at once, others after the new owner has committed for a while.
        await sleep(random() < 0.5 ? 0 : random() * 300);
        await owner.kill('SIGCONT');
        expect([await owner.exited, owner.output]).toEqual([FENCED, expect.any(String)]);
        owner = next;
      }
      await workload.stop();
      expect(await owner.kill('SIGTERM')).toEqual(STOPPED);
      await expectTruth();
    },
    TIMEOUT_MS + ROUNDS * 10_000,
  );
});
