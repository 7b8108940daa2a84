import { mkdirSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startPostgres } from '@cdc-demo/local-servers';
import { formatReport, reportJson } from './format-report.ts';
import { PLACES, Places } from './places.ts';
import { torture } from './random-torture.ts';

const REPORT = fileURLToPath(new URL('../../../dist/', import.meta.url));

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    place: { type: 'string', multiple: true, default: ['files'] },
    seed: { type: 'string', default: process.env['CDC_SEED'] ?? String(Date.now() % 1_000_000) },
  },
});

const seed = Number(values.seed);
const seconds = Number(values.seconds);
if (!Number.isSafeInteger(seed) || !(seconds > 0)) {
  throw new Error('Give a whole number as --seed, and --seconds above 0');
}
const names = values.place.flatMap((name) => PLACES.find((place) => place === name) ?? []);
if (names.length < values.place.length) throw new Error(`Give as --place ${PLACES.join(', ')}`);
await using places = await Places.start(names);
await using server = await startPostgres({ version: 18 });
const startedMs = performance.now();
const elapsed = (): number => (performance.now() - startedMs) / 1000;
const report = await torture({
  serverUrl: server.url,
  seed,
  places,
  isEnough: () => elapsed() >= seconds,
});
process.stdout.write(`${formatReport(report, elapsed())}\n`);
mkdirSync(REPORT, { recursive: true });
writeFileSync(`${REPORT}torture.json`, reportJson(report, elapsed()));
if (report.violations.length > 0) process.exitCode = 1;
