import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isCdcError } from '@cdc-demo/cdc-core';
import { seededRandom, startWorkload } from '@cdc-demo/cdc-testing';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { formatViolation } from './format-report.ts';
import { RunningPipeline, isStreaming } from './running-pipeline.ts';
import { SURE_CHANGES, SourceUnderTest, randomStatement } from './source-under-test.ts';
import { TcpProxy } from './tcp-proxy.fixture.ts';
import type { Run } from './tortured-pipeline.ts';

const SEED = Number(process.env['CDC_SEED'] ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env['CDC_ROUNDS'] ?? 25);
/** Times that a server dies: each takes a second or two to come back. */
const SERVER_DEATHS = 6;
const TIMEOUT_MS = 300_000;
const MAX_ORPHANS = 200;

describe(`what surrounds a pipeline fails, CDC_SEED=${SEED}`, () => {
  let server: LocalPostgres;
  let random: () => number;
  beforeEach(async () => {
    random = seededRandom(SEED);
    server = await startPostgres({ version: 18 });
  }, TIMEOUT_MS);
  afterEach(() => server.stop());

  const runOf = (
    { name, url, folder, format }: SourceUnderTest,
    until: Run['until'],
    port?: number,
  ): Run => {
    const through = new URL(url);
    if (port !== undefined) through.port = String(port);
    return { pipeline: name, url: through.href, folder, format, until, commitIntervalMs: 10 };
  };
  const around: ConstructorParameters<typeof RunningPipeline>[1]['around'] = (_, proceed) =>
    proceed();

  /** A new run finds everything. */
  async function expectWhole(source: SourceUnderTest): Promise<void> {
    const run = new RunningPipeline(runOf(source, 'caught-up'), { around });
    expect(await run.ended).toBeUndefined();
    const found = await source.check({ upTo: 'now', maxOrphans: MAX_ORPHANS });
    expect(found.map(formatViolation)).toEqual([]);
  }

  const workload = (source: SourceUnderTest): ReturnType<typeof startWorkload> =>
    startWorkload({
      url: source.url,
      seed: SEED,
      clients: 2,
      statement: randomStatement,
      statementsPerTransaction: 6,
      pauseMs: 20,
    });

  it(
    'connections break, stall, are refused and are ended by the server, at any instant',
    async () => {
      await using source = await SourceUnderTest.create(server.url, 'network', { rows: 3000 });
      await using proxy = await TcpProxy.to(server.port);
      const traffic = await workload(source);
      const pipeline = new RunningPipeline(runOf(source, 'stopped', proxy.port), { around });
      try {
        for (let round = 0; round < ROUNDS; round++) {
          await sleep(10 + random() * 150);
          const kind = random();
          if (kind < 0.4) proxy.cut();
          else if (kind < 0.6) await proxy.stall(random() * 300);
          else if (kind < 0.8) {
            proxy.refusing = true;
            proxy.cut();
            await sleep(random() * 200);
            proxy.refusing = false;
          } else {
            await source.client.query(
              `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE backend_type = 'walsender' AND datname = current_database()`,
            );
          }
        }
        await pipeline.until(isStreaming);
      } finally {
        await traffic.stop();
        await pipeline.stop();
      }
      expect(traffic.committed).toBeGreaterThan(ROUNDS);
      await expectWhole(source);
    },
    TIMEOUT_MS,
  );

  it(
    'the server dies and comes back',
    async () => {
      await using source = await SourceUnderTest.create(server.url, 'deaths', { rows: 2000 });
      const pipeline = new RunningPipeline(runOf(source, 'stopped'), { around });
      try {
        for (let death = 0; death < SERVER_DEATHS; death++) {
          for (let i = 0; i < 10; i++) {
            const statements = Array.from({ length: 4 }, () => randomStatement(random));
            await source.transaction(...statements, ...SURE_CHANGES);
          }
          await sleep(random() * 100);
          await server.kill9();
          await server.restart();
          await source.reconnect();
        }
        await pipeline.until(isStreaming);
      } finally {
        await pipeline.stop();
      }
      await expectWhole(source);
    },
    TIMEOUT_MS,
  );

  it(
    'the disk is full, and later it is not',
    async () => {
      // The only way to a real disk that is full: needs the right to mount one.
      const disk = mkdtempSync(join(tmpdir(), 'small-disk-'));
      const mount = (...options: readonly string[]): Buffer =>
        execFileSync('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', disk]);
      mount('size=2m');
      try {
        await using source = await SourceUnderTest.create(server.url, 'full_disk', {
          rows: 500,
          place: { parent: disk },
        });
        const pipeline = new RunningPipeline(runOf(source, 'stopped'), { around });
        const noise = "(SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 90))";
        const over = new AbortController();
        void pipeline.ended.then(() => {
          over.abort();
        });
        for (let id = 30_000; !over.signal.aborted; id++) {
          await source.transaction(
            `INSERT INTO whole (id, note) SELECT ${id}, ${noise}`,
            ...SURE_CHANGES,
          );
          await sleep(5);
        }
        const error = await pipeline.ended;
        expect(isCdcError(error) && [error.code, error.remedy]).toEqual([
          'object-store/io',
          expect.stringContaining('free space'),
        ]);
        const found = await source.check({ upTo: 'earlier', maxOrphans: MAX_ORPHANS });
        expect(found.map(formatViolation)).toEqual([]);
        mount('remount', 'size=64m');
        await expectWhole(source);
      } finally {
        execFileSync('umount', [disk]);
        rmdirSync(disk);
      }
    },
    TIMEOUT_MS,
  );
});
