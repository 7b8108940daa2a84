import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchResult } from './bench-result.ts';
import { SinkUnderTest, changesOf } from './sink-under-test.ts';

type Say = (line: string) => void;

/** One commit of 100 000 changes into a large table, beside MERGE by delta-rs. */
export async function mergeIntoLarge(rows: number, say: Say): Promise<BenchResult> {
  say(`writing ${rows.toLocaleString('en')} rows`);
  await using table = await SinkUnderTest.create('delta', rows);
  say('indexing, with a commit of 10 changes');
  const { seconds: indexing } = await table.commit(changesOf(10, rows, 50_000));
  const changes = changesOf(100_000, rows, 0);
  const cpu = process.cpuUsage();
  const { seconds: value } = await table.commit(changes);
  const { user, system } = process.cpuUsage(cpu);
  say('the same by MERGE of delta-rs');
  const peer = await deltaRsMerge(table.folder, rows);
  return {
    name: 'merge-100k-into-10m',
    value,
    unit: 's',
    limit: peer,
    ratio: peer === null ? null : peer / value,
    cpuSeconds: (user + system) / 1e6,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    note:
      `100 000 changes into ${rows.toLocaleString('en')} rows with change feed (the index was built ` +
      `before, in ${indexing.toFixed(1)} s); limit: MERGE by delta-rs`,
  };
}

/** Seconds of a MERGE of 100 000 rows by delta-rs, or null where it is not installed. */
async function deltaRsMerge(folder: string, rows: number): Promise<number | null> {
  const cache = process.env['CDC_CACHE'] ?? join(homedir(), '.cache/cdc-demo');
  const homes = existsSync(cache) ? await readdir(cache) : [];
  const home = homes.find((name) => /^judges-[0-9a-f]+$/.test(name));
  if (home === undefined) return null;
  const script = fileURLToPath(new URL('../merge_with_delta_rs.py', import.meta.url));
  const python = join(cache, home, 'venv/bin/python');
  const { stdout } = await promisify(execFile)(python, [script, folder, String(rows)]);
  return Number(stdout.trim());
}
