import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { formatViolation } from './format-report.ts';
import { PLACES, Places } from './places.ts';
import { torture } from './random-torture.ts';

const KILLS = Number(process.env['CDC_KILLS'] ?? 144);
const SEED = Number(process.env['CDC_SEED'] ?? Date.now() % 1_000_000);

describe(`kill -9 at any instant, ${KILLS} times, CDC_SEED=${SEED}`, () => {
  let server: LocalPostgres;
  let places: Places;

  beforeAll(async () => {
    server = await startPostgres({ version: 18 });
    places = await Places.start();
  }, 60_000);

  afterAll(async () => {
    await places[Symbol.asyncDispose]();
    await server.stop();
  });

  it('loses nothing, doubles nothing, and needs no hand to go on', async () => {
    const report = await torture({
      serverUrl: server.url,
      seed: SEED,
      places,
      isEnough: ({ kills, violations }) => kills >= KILLS || violations.length > 0,
    });
    expect(report.violations.map(formatViolation)).toEqual([]);
    expect(report.kills).toBeGreaterThanOrEqual(KILLS);
    // One life after the other, each in the next place.
    const lives = Math.min(report.seeds.length, PLACES.length);
    expect(Object.keys(report.places)).toHaveLength(lives);
    expect(report.transactions).toBeGreaterThan(report.kills);
  }, 1_800_000);
});
