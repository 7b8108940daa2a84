import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { FieldValue } from '@cdc-demo/cdc-core';
import { assertSameRows, startJudge } from '@cdc-demo/judges';
import type { Judge } from '@cdc-demo/judges';
import { DeltaTable } from '../delta-table.ts';
import { DeltaTableWriter } from '../delta-table-writer.ts';
import { FIXTURES } from '../fixtures.fixture.ts';
import { toFields } from '../schema/to-fields.ts';
import { changeLines, tableRows } from '../sink/sink.fixture.ts';
import { temporaryStore, tickingClock } from '../storage.fixture.ts';

const TIMEOUT_MS = 240_000;
/** Tables that Spark wrote, and the column whose values are different in every row. */
const TABLES: readonly {
  readonly name: string;
  readonly key: string;
  /** Rows to begin with where the table has none left. */
  readonly seed: readonly (readonly FieldValue[])[];
}[] = [
  {
    name: 'cdf_merge_plain',
    key: 'id',
    seed: Array.from({ length: 8 }, (_, id) => [BigInt(id), `seed ${id}`]),
  },
  { name: 'dv_cdf_partitioned', key: 'id', seed: [] },
];

describe.each(TABLES)('$name, which Spark wrote, continued here', ({ name, key, seed }) => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let judge: Judge;
  let first: bigint;
  let last: bigint;
  beforeAll(async () => {
    judge = await startJudge('spark');
    files = await temporaryStore();
    await cp(join(FIXTURES, 'delta/spark', name), files.folder, { recursive: true });
    const options = { clock: tickingClock(Date.now()), key: [key] };
    const snapshot = await (await DeltaTable.open(files.store)).snapshot();
    first = snapshot.version + 1n;
    const fields = toFields(snapshot.schema);
    const at = fields.findIndex((field) => field.name === key);
    const known = new Set<FieldValue>();
    const kept: FieldValue[][] = [];
    for await (const batch of (await DeltaTable.open(files.store)).rows()) {
      for (let row = 0; row < batch.length; row++) {
        known.add(batch.row(row)[at] ?? null);
        kept.push(batch.row(row));
      }
    }
    expect(known.size).toBe(kept.length);
    const rowsOf = (rows: readonly (readonly FieldValue[])[]): ColumnBatch => {
      const batch = new ColumnBatch(fields);
      for (const row of rows) batch.appendRow(row);
      return batch;
    };
    const shifted = (row: readonly FieldValue[], by: number): FieldValue[] =>
      row.map((value, i) => {
        if (i !== at) return value;
        return typeof value === 'bigint' ? value + BigInt(by) : Number(value) + by;
      });
    const table = await DeltaTableWriter.open(files.store, options);
    if (seed.length > 0) await table.append(rowsOf(seed));
    for (const row of seed) kept.push([...row]);
    await table.append(rowsOf(kept.slice(0, 3).map((row) => shifted(row, 1_000_000))));
    // The values of other rows under these keys: some move to other partitions.
    const turned = kept.slice(0, 4).map((row, i) => {
      return (kept[kept.length - 1 - i] ?? row).map((value, k) => (k === at ? row[at]! : value));
    });
    await table.upsert(rowsOf([...turned, shifted(kept[0]!, 2_000_000)]));
    const keys = new ColumnBatch([fields[at]!]);
    for (const row of kept.slice(2, 5)) keys.appendRow([row[at]!]);
    await table.delete(keys);
    await table.close();
    last = (await (await DeltaTable.open(files.store)).snapshot()).version;
  }, TIMEOUT_MS);
  afterAll(async () => {
    await judge.close();
    await files[Symbol.asyncDispose]();
  }, TIMEOUT_MS);

  test(
    'has the rows and the feed that Spark reads',
    async () => {
      expect(last).toBe(first + (seed.length > 0 ? 3n : 2n));
      for (let version = first; version <= last; version++) {
        const rows = await tableRows(files.store, version);
        const theirs = { name: judge.version, rows: await judge.rows(files.folder, version) };
        assertSameRows({ name: `version ${version}`, rows }, theirs);
        const feed = await changeLines(files.store, version);
        assertSameRows(
          { name: `feed ${version}`, rows: feed },
          { name: judge.version, rows: await judge.changes(files.folder, version, version) },
        );
      }
    },
    TIMEOUT_MS,
  );
});
