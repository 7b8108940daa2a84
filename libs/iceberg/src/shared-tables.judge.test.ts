import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { canonicalRow } from '@cdc-demo/cdc-core';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { assertSameRows, startJudge } from '@cdc-demo/judges';
import type { Judge } from '@cdc-demo/judges';
import { IcebergTable } from './iceberg-table.ts';
import { IcebergTableWriter } from './iceberg-table-writer.ts';
import {
  JUDGE_TIMEOUT_MS,
  assertReadAlike,
  batchOf,
  field,
  tickingClock,
} from './judged-table.fixture.ts';

const INT: FieldType = { kind: 'int', bits: 32 };
const LONG: FieldType = { kind: 'int', bits: 64 };
const FIELDS = [
  field('id', LONG, false),
  field('name', { kind: 'string' }),
  field('amount', { kind: 'decimal', precision: 10, scale: 2 }),
];
const KEY = FIELDS.slice(0, 1);

let spark: Judge;
let others: readonly Judge[];
let folder: string;
beforeAll(async () => {
  [spark, ...others] = (await Promise.all(
    (['spark', 'pyiceberg', 'duckdb'] as const).map((engine) => startJudge(engine)),
  )) as [Judge, ...Judge[]];
}, JUDGE_TIMEOUT_MS);
afterAll(async () => {
  for (const judge of [spark, ...others]) await judge.close();
}, JUDGE_TIMEOUT_MS);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iceberg-shared-'));
});
afterEach(() => rm(folder, { recursive: true }));

const clock = tickingClock();
const ours = (): Promise<IcebergTableWriter> =>
  IcebergTableWriter.open(folder, { clock, key: ['id'] });
const theirs = (...steps: readonly string[]): Promise<void> =>
  spark.write(folder, steps, 'iceberg');

/** What both have made of the table, by id. */
class Model {
  readonly rows = new Map<number, FieldValue[]>();

  put(from: number, to: number, name: string): FieldValue[][] {
    const rows = Array.from({ length: to - from }, (_, i): FieldValue[] => [
      BigInt(from + i),
      name,
      BigInt(100 * i),
    ]);
    for (const row of rows) this.rows.set(Number(row[0]), row);
    return rows;
  }

  update(isIt: (id: number) => boolean, name: string): void {
    for (const [id, row] of this.rows)
      if (isIt(id)) this.rows.set(id, [row[0] ?? null, name, row[2] ?? null]);
  }

  remove(isIt: (id: number) => boolean): void {
    for (const id of [...this.rows.keys()]) if (isIt(id)) this.rows.delete(id);
  }
}

const select = (from: number, to: number, name: string): string =>
  `SELECT id, '${name}' AS name, CAST((id - ${from}) AS DECIMAL(10, 2)) AS amount FROM range(${from}, ${to}, 1, 1)`;

const create = (version: 2 | 3, mode: 'merge-on-read' | 'copy-on-write'): string => {
  const modes = ['delete', 'update', 'merge'].map((of) => `'write.${of}.mode'='${mode}'`);
  return `CREATE TABLE {table} (id BIGINT NOT NULL, name STRING, amount DECIMAL(10, 2)) USING iceberg
    TBLPROPERTIES ('format-version'='${version}', ${modes.join(', ')})`;
};

async function assertSameEverywhere(model: Model): Promise<void> {
  const fields = FIELDS.map((each) => ({ ...each }));
  const rows = Array.from(model.rows.values(), (row) => canonicalRow(fields, row));
  const table = await IcebergTable.open(folder);
  const read = await canonicalRows(table.rows());
  assertSameRows({ name: 'the model', rows }, { name: 'ours', rows: read });
  for (const judge of [spark, ...others]) await assertReadAlike(judge, folder);
}

describe.each([
  [2, 'copy-on-write'],
  [3, 'merge-on-read'],
  [3, 'copy-on-write'],
] as const)('a table of version %i that Spark writes by %s', (version, mode) => {
  test(
    'goes on under our writer and back again: each snapshot is the same in every engine',
    async () => {
      const model = new Model();
      await theirs(create(version, mode), `INSERT INTO {table} ${select(0, 40, 'spark')}`);
      model.put(0, 40, 'spark');
      let writer = await ours();
      await writer.upsert(batchOf(FIELDS, model.put(30, 50, 'ours')));
      await writer.delete(batchOf(KEY, [[3n], [31n]]));
      model.remove((id) => id === 3 || id === 31);
      await theirs(
        "UPDATE {table} SET name = 'updated' WHERE id BETWEEN 5 AND 9 OR id = 45",
        'DELETE FROM {table} WHERE id = 10 OR id = 46',
        `MERGE INTO {table} t USING (${select(48, 60, 'merged')}) s ON t.id = s.id
         WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *`,
      );
      model.update((id) => (id >= 5 && id <= 9) || id === 45, 'updated');
      model.remove((id) => id === 10 || id === 46);
      model.put(48, 60, 'merged');
      // The writer that was open goes on from what Spark left.
      await writer.upsert(batchOf(FIELDS, model.put(8, 12, 'again')));
      await writer.optimize({ deletedShare: 0.01 });
      await theirs(`INSERT INTO {table} ${select(100, 110, 'spark')}`);
      model.put(100, 110, 'spark');
      writer = await ours();
      await writer.delete(batchOf(KEY, [[100n], [59n], [8n]]));
      model.remove((id) => [100, 59, 8].includes(id));
      await theirs(
        "CALL {catalog}.system.rewrite_data_files(table => '{name}', options => map('rewrite-all', 'true'))",
        'DELETE FROM {table} WHERE id = 109',
      );
      model.remove((id) => id === 109);
      await writer.upsert(batchOf(FIELDS, model.put(105, 107, 'last')));
      await assertSameEverywhere(model);
    },
    JUDGE_TIMEOUT_MS,
  );
});

test(
  'I23: columns that Spark and we add, rename, drop and widen by turns are the same in every engine',
  async () => {
    await theirs(create(3, 'merge-on-read'), `INSERT INTO {table} ${select(0, 10, 'spark')}`);
    const writer = await ours();
    await writer.addColumn(field('n', INT));
    await writer.append(batchOf([...FIELDS, field('n', INT)], [[20n, 'ours', 1n, 5]]));
    await theirs(
      "ALTER TABLE {table} ADD COLUMN note STRING COMMENT 'said by Spark'",
      'ALTER TABLE {table} ALTER COLUMN n TYPE BIGINT',
      "INSERT INTO {table} VALUES (21, 'spark', 2.5, 5000000000, 'note')",
    );
    const again = await ours();
    await again.renameColumn('name', 'title');
    await again.widenColumn('amount', { kind: 'decimal', precision: 20, scale: 2 });
    await again.upsert(
      batchOf(
        [
          KEY[0]!,
          field('title', { kind: 'string' }),
          field('amount', { kind: 'decimal', precision: 20, scale: 2 }),
        ],
        [[21n, 'ours', 10n ** 19n]],
      ),
    );
    await theirs(
      'ALTER TABLE {table} DROP COLUMN n',
      "UPDATE {table} SET title = 'end' WHERE id < 3",
      'ALTER TABLE {table} ADD COLUMN n STRING',
    );
    const last = await ours();
    await last.dropColumn('n');
    await last.addColumn(field('n', INT));
    await last.upsert(batchOf([KEY[0]!, field('n', INT)], [[22n, 7]]));
    const { metadata } = await IcebergTable.open(folder);
    const ids = metadata.schemas.flatMap(({ columns }) =>
      columns.map(({ id, name }) => `${id} ${name}`),
    );
    expect([...new Set(ids)].sort()).toEqual([
      '1 id',
      '2 name',
      '2 title',
      '3 amount',
      '4 n',
      '5 note',
      '6 n',
      '7 n',
    ]);
    const described = await IcebergTable.open(folder);
    expect(await canonicalRows(described.rows())).toHaveLength(13);
    for (const judge of [spark, ...others]) await assertReadAlike(judge, folder);
  },
  JUDGE_TIMEOUT_MS,
);

test(
  'I31: branches, tags and what expiry leaves are the same in Spark and here, whoever made them',
  async () => {
    await theirs(create(3, 'merge-on-read'), `INSERT INTO {table} ${select(0, 10, 'spark')}`);
    const writer = await ours();
    await writer.createTag('our-tag', { maxRefAgeMs: 7 * 24 * 3600 * 1000 });
    await writer.upsert(batchOf(FIELDS, [[1n, 'ours', 5n]]));
    await writer.createBranch('our-branch', { minSnapshotsToKeep: 2 });
    await theirs(
      'ALTER TABLE {table} CREATE TAG `their-tag` RETAIN 30 DAYS',
      'DELETE FROM {table} WHERE id = 2',
      "INSERT INTO {table}.`branch_our-branch` VALUES (99, 'on the branch', 1)",
    );
    await writer.upsert(
      batchOf(FIELDS, [
        [3n, 'ours', 6n],
        [4n, 'ours', 7n],
      ]),
    );
    await writer.optimize({ deletedShare: 0.01 });
    const done = await writer.expire({ maxSnapshots: 1, olderThanMs: 1 });
    expect(done.expiredSnapshots).toBeGreaterThan(0);
    const table = await IcebergTable.open(folder);
    expect(table.refs.map(({ name, type }) => `${type} ${name}`).sort()).toEqual([
      'branch main',
      'branch our-branch',
      'tag our-tag',
      'tag their-tag',
    ]);
    for (const { name: ref } of table.refs) {
      const rows = await canonicalRows(table.rows({ ref }));
      const read = await spark.read({ op: 'rows', table: folder, format: 'iceberg', ref });
      assertSameRows({ name: `ours at ${ref}`, rows }, { name: spark.version, rows: read });
    }
    for (const judge of [spark, ...others]) await assertReadAlike(judge, folder);
    await theirs(
      'ALTER TABLE {table} DROP TAG `our-tag`',
      'ALTER TABLE {table} DROP BRANCH `our-branch`',
      "INSERT INTO {table} VALUES (50, 'end', 0)",
    );
    await writer.upsert(batchOf(FIELDS, [[50n, 'END', 1n]]));
    for (const judge of [spark, ...others]) await assertReadAlike(judge, folder);
  },
  JUDGE_TIMEOUT_MS,
);
