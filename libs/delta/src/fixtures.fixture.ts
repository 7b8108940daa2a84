import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Field } from '@cdc-demo/cdc-core';
import { canonicalLines, fixturesFolder } from '@cdc-demo/cdc-testing';
import { openParquet } from '@cdc-demo/lake-core';
import { LocalObjectStore } from '@cdc-demo/object-store';

/** Tables that other engines wrote; see its README. */
export const FIXTURES = fixturesFolder();

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
