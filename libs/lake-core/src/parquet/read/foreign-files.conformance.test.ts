import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalRow } from '@cdc-demo/cdc-core';
import type { ColumnBatch, Field } from '@cdc-demo/cdc-core';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { describe, expect, test } from '@jest/globals';
import { fixturesFolder } from '@cdc-demo/cdc-testing';
import { openParquet } from './parquet-file.ts';
import type { ParquetFile } from './parquet-file.ts';
import { readAll } from './read-rows.fixture.ts';

const FIXTURES = fixturesFolder();
const GOLDEN = join(FIXTURES, 'delta/golden');

/** Files that are too large to be read twice. */
const LARGE_ROWS = 20_000;

interface LogAction {
  readonly add?: { readonly path: string };
  readonly remove?: { readonly path: string };
}

/** Data files of a table without checkpoints, as its log has them. */
function liveFiles(table: string): string[] {
  const log = join(GOLDEN, table, 'delta/_delta_log');
  const live = new Set<string>();
  for (const name of readdirSync(log).toSorted()) {
    if (!name.endsWith('.json')) continue;
    const lines = readFileSync(join(log, name), 'utf8').trimEnd().split('\n');
    for (const action of lines.map((line) => JSON.parse(line) as LogAction)) {
      if (action.add) live.add(decodeURIComponent(action.add.path));
      if (action.remove) live.delete(decodeURIComponent(action.remove.path));
    }
  }
  return [...live];
}

const parquetFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.parquet'),
  );

/** The rows of files as JSON, sorted. */
async function rowsOf(
  folder: string,
  files: readonly string[],
  fields: readonly Field[],
): Promise<string[]> {
  const store = new LocalObjectStore(folder);
  const rows: string[] = [];
  for (const name of files) {
    const read = await readAll(await openParquet(store, name), { fields, match: 'name' });
    for (const row of read) rows.push(canonicalRow(fields, row));
  }
  return rows.toSorted();
}

const onlyFile = async (folder: string): Promise<ParquetFile> =>
  openParquet(new LocalObjectStore(folder), parquetFiles(folder)[0] ?? '');

const tables = [
  'parquet-all-types',
  'parquet-all-types-legacy-format',
  'parquet-decimal-type',
  'kernel-timestamp-int96',
  'kernel-timestamp-pst',
  'kernel-timestamp-timestamp_micros',
  'kernel-timestamp-timestamp_millis',
  'data-reader-array-complex-objects',
  'data-reader-array-primitives',
  'data-reader-date-types-America',
  'data-reader-date-types-Asia',
  'data-reader-date-types-Etc',
  'data-reader-date-types-Iceland',
  'data-reader-date-types-Jst',
  'data-reader-date-types-Pst',
  'data-reader-date-types-utc',
  'data-reader-escaped-chars',
  'data-reader-map',
  'data-reader-nested-struct',
  'data-reader-nullable-field-invalid-schema-key',
  'data-reader-partition-values',
  'data-reader-primitives',
  'data-reader-timestamp_ntz',
  'decimal-various-scale-precision',
  'basic-decimal-table',
  'basic-decimal-table-legacy',
] as const;

describe('golden tables', () => {
  test.each(tables)('%s holds the rows that Spark expects', async (table) => {
    const delta = join(GOLDEN, table, 'delta');
    const expected = join(GOLDEN, table, 'expected');
    const files = liveFiles(table);
    const first = await openParquet(new LocalObjectStore(delta), files[0] ?? '');
    const answer = await onlyFile(expected);
    // Columns of partitions are not in the data files.
    const stored = new Set(first.fields.map(({ name }) => name));
    const fields = answer.fields.filter(({ name }) => stored.has(name));
    expect(fields.length).toBeGreaterThan(0);
    const rows = await rowsOf(delta, files, fields);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows).toEqual(await rowsOf(expected, parquetFiles(expected), fields));
  });

  const large = ['parquet-decimal-dictionaries', 'parquet-decimal-dictionaries-v2'];
  test.each(large)('%s holds the rows that Spark expects, in their order', async (table) => {
    const file = await onlyFile(join(GOLDEN, table, 'delta'));
    const expected = await onlyFile(join(GOLDEN, table, 'expected'));
    const projection = { fields: file.fields, match: 'name' } as const;
    const answers = expected.read(projection)[Symbol.asyncIterator]();
    let compared = 0;
    for await (const { rows: batch } of file.read(projection)) {
      const answer = (await answers.next()).value as { rows: ColumnBatch };
      batch.columns.forEach((column, i) => {
        const other = answer.rows.columns[i]!;
        for (let row = 0; row < batch.length; row++) {
          if (!column.equalAt(row, other, row)) throw new Error(`Row ${String(compared + row)}`);
        }
      });
      compared += batch.length;
    }
    expect(compared).toBe(expected.rows);
  });
});

describe.each(['delta', 'iceberg'])('every Parquet file below %s', (folder) => {
  const root = join(FIXTURES, folder);

  test('gives the same rows by position as in full', async () => {
    const store = new LocalObjectStore(root);
    const files = parquetFiles(root);
    expect(files.length).toBeGreaterThan(50);
    for (const name of files) {
      const file = await openParquet(store, name);
      const projection = { fields: file.fields, match: 'name' } as const;
      const full = await readAll(file, { ...projection, rows: { start: 0, end: LARGE_ROWS } });
      expect(full).toHaveLength(Math.min(file.rows, LARGE_ROWS));
      const positions = Uint32Array.from({ length: Math.ceil(full.length / 7) }, (_, i) => i * 7);
      const some = await file.readRows(positions, projection);
      expect(some.length).toBe(positions.length);
      const differs = positions.findIndex(
        (position, i) =>
          canonicalRow(file.fields, some.row(i)) !==
          canonicalRow(file.fields, full[position] ?? []),
      );
      expect({ name, differs }).toEqual({ name, differs: -1 });
    }
  }, 120_000);
});
