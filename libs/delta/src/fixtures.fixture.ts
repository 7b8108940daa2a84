import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Field } from '@cdc-demo/cdc-core';
import { openParquet } from '@cdc-demo/lake-core';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { canonicalLines } from './canonical-rows.fixture.ts';

/** Tables that other engines wrote; see its README. */
export const FIXTURES =
  process.env['CDC_FIXTURES'] ?? join(import.meta.dirname, '../../../../shared/fixtures');

if (!existsSync(FIXTURES)) {
  throw new Error(`There are no fixtures at ${FIXTURES}: set CDC_FIXTURES to their folder`);
}

export function folders(path: string): string[] {
  const entries = readdirSync(join(FIXTURES, path), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** The lines of an expected file, sorted as rows are compared. */
export function expectedLines(path: string): string[] {
  const text = readFileSync(join(FIXTURES, path), 'utf8');
  return text.split('\n').filter((line) => line !== '');
}

/** The rows of a folder of Parquet files, in the table's fields. */
export async function canonicalParquet(path: string, fields: readonly Field[]): Promise<string[]> {
  const folder = join(FIXTURES, path);
  const store = new LocalObjectStore(folder);
  const lines: string[] = [];
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.parquet') || name.startsWith('.')) continue;
    const file = await openParquet(store, name);
    for await (const { rows } of file.read({ fields, match: 'name' })) {
      lines.push(...canonicalLines(rows));
    }
  }
  return lines.sort();
}

/** The versions whose commits are in the folder of a log, ascending. */
export function versionsIn(log: string): number[] {
  const commits = readdirSync(log).filter((name) => /^\d{20}\.json$/.test(name));
  return commits.map((name) => Number(name.slice(0, 20))).sort((a, b) => a - b);
}
