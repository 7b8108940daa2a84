import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rowObjects } from '@cdc-demo/lake-core';
import { IcebergTable } from '../iceberg-table.ts';
import {
  TableFolder,
  deletes,
  inserts,
  point,
  schema,
  writer,
} from '../sink/table-folder.fixture.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';

let files: TableFolder;
beforeEach(async () => {
  files = await TableFolder.create();
});
afterEach(() => files[Symbol.asyncDispose]());

interface Lineage {
  readonly id: unknown;
  readonly updated: unknown;
}

/** Of each row by its key. */
async function lineage(): Promise<Map<number, Lineage>> {
  const table = await IcebergTable.open(files.path);
  const found = new Map<number, Lineage>();
  for await (const row of rowObjects(table.rows({ lineage: true }))) {
    const { _row_id: id, _last_updated_sequence_number: updated } = row;
    found.set(row['id'] as number, { id, updated });
  }
  return found;
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ put: fc.uniqueArray(fc.nat(12), { minLength: 1 }) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.uniqueArray(fc.nat(12), { minLength: 1 }) }) },
  { weight: 1, arbitrary: fc.record({ restart: fc.boolean() }) },
);

/** What rows are now, and what their ids have to be. */
class Model {
  readonly rows = new Map<number, Lineage>();
  sequence = 1n;

  follow(found: ReadonlyMap<number, Lineage>, put: readonly number[]): void {
    for (const key of put) {
      const now = found.get(key);
      const before = this.rows.get(key);
      expect(now?.id).toEqual(before?.id ?? now?.id);
      expect(now?.updated).toBe(this.sequence);
      this.rows.set(key, { id: now?.id, updated: this.sequence });
    }
    expect(new Map([...found].toSorted())).toEqual(new Map([...this.rows].toSorted()));
    expect(new Set(Array.from(found.values(), ({ id }) => id)).size).toBe(found.size);
  }
}

async function run(steps: readonly object[], partitionBy: readonly string[]): Promise<void> {
  await files[Symbol.asyncDispose]();
  files = await TableFolder.create();
  const options = { upkeep: { minFiles: 3, workShare: 1 }, partitionBy: () => partitionBy };
  let sink: TendedTableSink = await files.created(options);
  const model = new Model();
  let lsn = 100;
  for (const [i, each] of steps.entries()) {
    if ('restart' in each) {
      await sink.close();
      sink = files.sink(options);
      await sink.open(writer);
      continue;
    }
    lsn += 10;
    const put = 'put' in each ? (each.put as number[]) : [];
    const removed = 'remove' in each ? (each.remove as number[]) : [];
    const rows = put.map((key) => [key, `name ${(key + i) % 3}`, BigInt(i)]);
    await sink.write(put.length > 0 ? inserts(schema, lsn, rows) : deletes(lsn, removed));
    const done = await sink.commit(point(lsn));
    const isChange = [...put, ...removed].some((key) => put.length > 0 || model.rows.has(key));
    expect(done.outcome).toBe(isChange ? 'committed' : 'unchanged');
    if (done.outcome !== 'committed') continue;
    const { metadata } = await IcebergTable.open(files.path);
    const made = metadata.snapshots.find(({ id }) => id === done.version);
    model.sequence = made?.sequenceNumber ?? 0n;
    await sink.idle();
    for (const key of removed) model.rows.delete(key);
    model.follow(await lineage(), put);
  }
  await sink.close();
}

test.each([[[]], [['name', 'bucket(2, id)']]])(
  'I26: rows keep their ids through updates, merges and restarts; parted by %j',
  async (partitionBy) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) =>
        run(steps, partitionBy),
      ),
      { numRuns: 6 },
    );
  },
  120_000,
);

test('I26: an update shows as one of a row, also where the identifier is not asked for', async () => {
  const sink = await files.created({ upkeep: 'off' });
  await sink.write(
    inserts(schema, 110, [
      [1, 'a', 1n],
      [2, 'b', 1n],
    ]),
  );
  await sink.commit(point(110));
  await sink.write(
    inserts(schema, 120, [
      [2, 'B', 2n],
      [3, 'c', 2n],
    ]),
  );
  await sink.commit(point(120));
  await sink.close();
  const found = await lineage();
  expect(found.get(2)).toEqual({ id: 1n, updated: 3n });
  const live = await (await IcebergTable.open(files.path)).files();
  const ids = live.flatMap(({ firstRowId }) => firstRowId ?? []);
  // Every row of a file has its place among the ids, whether it uses it or not.
  expect(ids.toSorted()).toEqual([0n, 2n]);
  expect(found.get(3)?.id).toBe(3n);
});
