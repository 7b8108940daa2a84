import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { assertSameRows, startJudge } from '@cdc-demo/judges';
import type { Judge } from '@cdc-demo/judges';
import { IcebergTable } from '../iceberg-table.ts';
import { IcebergTableWriter } from '../iceberg-table-writer.ts';
import { JUDGE_TIMEOUT_MS, batchOf, field, tickingClock } from '../judged-table.fixture.ts';

const FIELDS = [
  field('id', { kind: 'int', bits: 64 }, false),
  field('name', { kind: 'string' }),
  field('amount', { kind: 'decimal', precision: 12, scale: 2 }),
];
const KEY = FIELDS.slice(0, 1);

type Step = (writer: IcebergTableWriter) => Promise<unknown>;

const put =
  (from: number, to: number, name: string): Step =>
  (writer) =>
    writer.upsert(
      batchOf(
        FIELDS,
        Array.from({ length: to - from }, (_, i) => [BigInt(from + i), name, BigInt(i)]),
      ),
    );
const add =
  (from: number, to: number): Step =>
  (writer) =>
    writer.append(
      batchOf(
        FIELDS,
        Array.from({ length: to - from }, (_, i) => [BigInt(from + i), null, 1n]),
      ),
    );
const remove =
  (...ids: readonly number[]): Step =>
  (writer) =>
    writer.delete(
      batchOf(
        KEY,
        ids.map((id) => [BigInt(id)]),
      ),
    );

const APPENDS: readonly Step[] = [add(0, 20), add(20, 25), add(25, 60)];
const MIXED: readonly Step[] = [
  ...APPENDS,
  put(10, 30, 'changed'),
  remove(3, 4, 59),
  (writer) => writer.optimize(),
  put(0, 8, 'again'),
  remove(...Array.from({ length: 20 }, (_, i) => 20 + i)),
  put(58, 70, 'new'),
];

let judge: Judge;
let folder: string;
beforeAll(async () => {
  judge = await startJudge('spark');
}, JUDGE_TIMEOUT_MS);
afterAll(() => judge.close(), JUDGE_TIMEOUT_MS);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iceberg-changes-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(
  formatVersion: 2 | 3,
  steps: readonly Step[],
  properties: Readonly<Record<string, string>> = {},
): Promise<IcebergTable> {
  const table = { fields: FIELDS, key: ['id'], formatVersion, properties };
  const writer = await IcebergTableWriter.create(folder, table, { clock: tickingClock() });
  for (const step of steps) await step(writer);
  return IcebergTable.open(folder);
}

/** Pairs of a snapshot and one that came later; undefined: the beginning. */
function ranges(ids: readonly bigint[]): (readonly [bigint | undefined, bigint])[] {
  const [first = 0n] = ids;
  const last = ids.at(-1) ?? 0n;
  const steps = ids.slice(1).map((id, i) => [ids[i], id] as const);
  return [[undefined, first], ...steps, [undefined, last], [first, last]];
}

describe("Spark's changelog view and ours", () => {
  test.each([
    ['appended to', APPENDS],
    ['copied on write', MIXED],
  ])(
    'say the same of a table that is %s, of each snapshot and of all of them',
    async (_, steps) => {
      const table = await write(2, steps, { 'write.merge.mode': 'copy-on-write' });
      for (const [from, to] of ranges(table.snapshots.map(({ id }) => id))) {
        const range = {
          from: from === undefined ? undefined : { snapshotId: from },
          to: { snapshotId: to },
        };
        const name = `ours, ${from} to ${to}`;
        const request = { op: 'changes', table: folder, format: 'iceberg' } as const;
        const theirs = await judge.read({ ...request, from: from ?? 0, to, identifier: ['id'] });
        const ours = await canonicalRows(table.changes(range));
        assertSameRows({ name, rows: ours }, { name: judge.version, rows: theirs });
        const separate = await canonicalRows(table.changes({ ...range, updates: 'separate' }));
        const plain = await judge.read({ ...request, from: from ?? 0, to });
        assertSameRows({ name, rows: separate }, { name: judge.version, rows: plain });
      }
    },
    JUDGE_TIMEOUT_MS,
  );
});

describe("changes over delete files, which Spark's changelog view refuses", () => {
  test.each([
    [2, 'key'],
    [3, 'row id'],
  ] as const)(
    "are, in version %i, the difference of Spark's rows by their %s; rows that stay keep their ids",
    async (formatVersion, by) => {
      const table = await write(formatVersion, MIXED);
      await assertViewRefuses(table);
      await assertDifferences(table, by);
    },
    JUDGE_TIMEOUT_MS,
  );

  test(
    'are, of a table that Spark merges into, the difference of its rows by their row ids',
    async () => {
      const modes = ['delete', 'update', 'merge'].map((of) => `'write.${of}.mode'='merge-on-read'`);
      const changed = `SELECT id, 'merged' AS name, amount FROM {table} WHERE id % 3 = 0 UNION ALL
        SELECT id + 100, name, amount FROM {table} WHERE id < 5`;
      await judge.write(
        folder,
        [
          `CREATE TABLE {table} (id BIGINT, name STRING, amount DECIMAL(12, 2)) USING iceberg
           TBLPROPERTIES ('format-version'='3', ${modes.join(', ')})`,
          'INSERT INTO {table} SELECT id, string(id), 1.5 FROM range(0, 40, 1, 2)',
          "UPDATE {table} SET name = 'x' WHERE id BETWEEN 10 AND 14",
          'DELETE FROM {table} WHERE id % 7 = 1',
          `MERGE INTO {table} t USING (${changed}) s ON t.id = s.id
           WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *`,
          "CALL {catalog}.system.rewrite_data_files(table => '{name}', options => map('rewrite-all', 'true'))",
          "UPDATE {table} SET name = 'y' WHERE id > 30",
        ],
        'iceberg',
      );
      const table = await IcebergTable.open(folder);
      await assertViewRefuses(table);
      await assertDifferences(table, 'row id');
    },
    JUDGE_TIMEOUT_MS,
  );
});

async function assertViewRefuses({ snapshots }: IcebergTable): Promise<void> {
  const to = snapshots.at(-1)?.id ?? 0n;
  const view = judge.read({ op: 'changes', table: folder, format: 'iceberg', from: 0, to });
  await expect(view).rejects.toThrow('Delete files are currently not supported');
}

/** @param by what tells rows apart */
async function assertDifferences(table: IcebergTable, by: 'key' | 'row id'): Promise<void> {
  const columns = FIELDS.map(({ name }) => name);
  let before: readonly SparkRow[] = [];
  for (const { id, parentId, sequenceNumber } of table.snapshots) {
    const request = { op: 'rows', table: folder, format: 'iceberg', version: id } as const;
    const lineage = table.metadata.formatVersion === 3 ? ['_row_id'] : [];
    const lines = await judge.read({ ...request, columns: [...lineage, ...columns] });
    const after = lines.map(sparkRow);
    const from = parentId === undefined ? undefined : { snapshotId: parentId };
    const ours = await canonicalRows(table.changes({ from, to: { snapshotId: id }, columns }));
    const name = `ours, snapshot ${sequenceNumber}`;
    const rows = ours.map((line) => line.replace(/,"_change_ordinal".*/, '}'));
    const theirs = difference(before, after, by);
    assertSameRows({ name, rows }, { name: judge.version, rows: theirs });
    const known = new Map(before.map(({ rowId, row }) => [row, rowId]));
    const stayed = after.filter(({ row }) => known.has(row));
    expect(stayed.map(({ rowId }) => rowId)).toEqual(stayed.map(({ row }) => known.get(row)));
    before = after;
  }
}

interface SparkRow {
  /** Empty where the table has none. */
  readonly rowId: string;
  readonly key: string;
  /** Without its id. */
  readonly row: string;
}

function sparkRow(line: string): SparkRow {
  const [, rowId = '', row = ''] = /^\{(?:"_row_id":(\d+),)?(.*)\}$/.exec(line) ?? [];
  return { rowId, row, key: /"id":(\d+)/.exec(row)?.[1] ?? '' };
}

function difference(
  before: readonly SparkRow[],
  after: readonly SparkRow[],
  by: 'key' | 'row id',
): string[] {
  const told = (row: string, type: string): string => `{${row},"_change_type":"${type}"}`;
  const byId = (rows: readonly SparkRow[]): Map<string, string> =>
    new Map(rows.map(({ key, rowId, row }) => [by === 'key' ? key : rowId, row]));
  const [olds, news] = [byId(before), byId(after)];
  const lines: string[] = [];
  for (const [id, row] of news) {
    const old = olds.get(id);
    if (old === undefined) lines.push(told(row, 'INSERT'));
    else if (old !== row) lines.push(told(old, 'UPDATE_BEFORE'), told(row, 'UPDATE_AFTER'));
  }
  for (const [id, row] of olds) if (!news.has(id)) lines.push(told(row, 'DELETE'));
  return lines;
}
