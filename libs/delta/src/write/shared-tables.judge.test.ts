import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field } from '@cdc-demo/cdc-core';
import { assertSameRows, startJudge, withoutCommitTimestamp } from '@cdc-demo/judges';
import type { Judge, WriteStep } from '@cdc-demo/judges';
import { DeltaTable } from '../delta-table.ts';
import { DeltaTableWriter } from '../delta-table-writer.ts';
import { changeLines, tableRows } from '../sink/sink.fixture.ts';
import { temporaryStore, tickingClock } from '../storage.fixture.ts';

const TIMEOUT_MS = 240_000;

type Row = readonly [id: number, name: string | null, day: string];

const field = (name: string, type: Field['type'], nullable = true): Field => {
  return { id: 0, name, type, nullable };
};
const FIELDS = [
  field('id', { kind: 'int', bits: 64 }),
  field('name', { kind: 'string' }),
  field('day', { kind: 'string' }),
];

function rowsOf(...rows: readonly Row[]): ColumnBatch {
  const batch = new ColumnBatch(FIELDS);
  for (const [id, name, day] of rows) batch.appendRow([BigInt(id), name, day]);
  return batch;
}

const literal = (value: string | null): string => (value === null ? 'NULL' : `'${value}'`);
const select = (rows: readonly Row[]): string =>
  rows
    .map(
      ([id, name, day]) =>
        `SELECT CAST(${id} AS BIGINT) AS id, CAST(${literal(name)} AS STRING) AS name, ` +
        `CAST('${day}' AS STRING) AS day`,
    )
    .join(' UNION ALL ');

/** How another engine does what both have to do to one table. */
interface Other {
  readonly engine: 'spark' | 'delta-rs';
  readonly create: (rows: readonly Row[]) => readonly WriteStep[];
  readonly append: (rows: readonly Row[]) => WriteStep;
  readonly rename: (where: string, name: string) => WriteStep;
  readonly remove: (where: string) => WriteStep;
  readonly merge: (rows: readonly Row[]) => WriteStep;
  readonly optimize: readonly WriteStep[];
  /** What it says when it does not write tables that we made. */
  readonly refusesOurs?: RegExp;
}

const SPARK: Other = {
  engine: 'spark',
  create: (rows) => [
    `CREATE TABLE {table} (id BIGINT, name STRING, day STRING) USING delta PARTITIONED BY (day)
     TBLPROPERTIES (delta.enableChangeDataFeed = true, delta.enableDeletionVectors = true)`,
    `INSERT INTO {table} ${select(rows)}`,
  ],
  append: (rows) => `INSERT INTO {table} ${select(rows)}`,
  rename: (where, name) => `UPDATE {table} SET name = '${name}' WHERE ${where}`,
  remove: (where) => `DELETE FROM {table} WHERE ${where}`,
  merge: (rows) =>
    `MERGE INTO {table} target USING (${select(rows)}) source ON target.id = source.id
     WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *`,
  optimize: ['OPTIMIZE {table}', 'REORG TABLE {table} APPLY (PURGE)', 'VACUUM {table}'],
};

const DELTA_RS: Other = {
  engine: 'delta-rs',
  create: (rows) => [
    { append: select(rows), configuration: { 'delta.enableChangeDataFeed': 'true' } },
  ],
  append: (rows) => ({ append: select(rows) }),
  rename: (where, name) => ({ update: { name: `'${name}'` }, where }),
  remove: (where) => ({ delete: where }),
  merge: (rows) => ({ merge: select(rows), on: 'target.id = source.id' }),
  optimize: [{ optimize: true }, { checkpoint: true }],
  refusesOurs: /Unsupported table features required: \[.*InCommitTimestamp/,
};

/** The state of the table as both have left it, by id. */
class Model {
  readonly rows = new Map<number, Row>();

  put(...rows: readonly Row[]): readonly Row[] {
    for (const row of rows) this.rows.set(row[0], row);
    return rows;
  }

  rename(isIt: (row: Row) => boolean, name: string): void {
    for (const row of [...this.rows.values()].filter(isIt)) this.put([row[0], name, row[2]]);
  }

  remove(isIt: (row: Row) => boolean): void {
    for (const row of [...this.rows.values()].filter(isIt)) this.rows.delete(row[0]);
  }

  get lines(): string[] {
    return [...this.rows.values()].map(([id, name, day]) => JSON.stringify({ id, name, day }));
  }
}

const range = (from: number, to: number): Row[] =>
  Array.from(
    { length: to - from },
    (_, i): Row => [from + i, (from + i) % 7 === 0 ? null : `n${from + i}`, `d${(from + i) % 3}`],
  );

describe.each([SPARK, DELTA_RS])('a table that we and $engine write in turn', (other) => {
  let judge: Judge;
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let model: Model;
  beforeAll(async () => {
    judge = await startJudge(other.engine);
  }, TIMEOUT_MS);
  afterAll(() => judge.close());
  beforeEach(async () => {
    files = await temporaryStore();
    model = new Model();
  });
  afterEach(() => files[Symbol.asyncDispose]());

  const options = { clock: tickingClock(Date.now()), key: ['id'] };
  const theirs = (...steps: readonly WriteStep[]): Promise<void> =>
    judge.write(files.folder, steps);

  async function ours(work: (table: DeltaTableWriter) => Promise<unknown>): Promise<void> {
    const table = await DeltaTableWriter.open(files.store, {
      ...options,
      ...(other.engine === 'delta-rs' ? { readers: ['delta-rs'] } : {}),
    });
    await work(table);
    await table.close();
  }

  /** Everything that each of the two does to rows, by turns. */
  async function takeTurns(): Promise<void> {
    await ours(async (table) => {
      await table.append(rowsOf(...model.put(...range(100, 110))));
      await table.upsert(
        rowsOf(...model.put([1, 'ours', 'd2'], [2, null, 'd0'], [200, 'new', 'd1'])),
      );
      await table.delete(keysOf(3, 4, 105));
      model.remove(([id]) => [3, 4, 105].includes(id));
    });
    await theirs(
      other.rename('id BETWEEN 5 AND 8 OR id = 200', 'theirs'),
      other.remove('id = 9 OR id = 101'),
      other.merge(model.put([10, 'merged', 'd0'], [300, 'merged', 'd2'])),
      other.append(model.put(...range(400, 403))),
    );
    model.rename(([id]) => (id >= 5 && id <= 8) || id === 200, 'theirs');
    model.remove(([id]) => id === 9 || id === 101);
    await ours(async (table) => {
      await table.upsert(rowsOf(...model.put([5, 'again', 'd1'], [400, 'again', 'd0'])));
      await table.delete(keysOf(300));
      model.remove(([id]) => id === 300);
    });
    await theirs(...other.optimize);
    await ours((table) => table.upsert(rowsOf(...model.put([6, 'last', 'd0'], [500, 'x', 'd2']))));
    await (await DeltaTable.open(files.store)).optimize({ clock: options.clock });
    await theirs(other.remove('id = 7'), other.rename('id = 500', 'end'));
    model.remove(([id]) => id === 7);
    model.rename(([id]) => id === 500, 'end');
  }

  /** Both read the same rows and changes of every version, and the rows that there should be. */
  async function expectSame(): Promise<void> {
    assertSameRows(
      { name: 'ours', rows: await tableRows(files.store) },
      { name: 'wanted', rows: model.lines },
    );
    const { version } = await (await DeltaTable.open(files.store)).snapshot();
    for (let at = 0n; at <= version; at++) {
      assertSameRows(
        { name: `ours, version ${at}`, rows: await tableRows(files.store, at) },
        { name: judge.version, rows: await judge.rows(files.folder, at) },
      );
      assertSameRows(
        {
          name: `our feed, version ${at}`,
          rows: withoutCommitTimestamp(await changeLines(files.store, at)),
        },
        {
          name: judge.version,
          rows: withoutCommitTimestamp(await judge.changes(files.folder, at, at)),
        },
      );
    }
    expect(version).toBeGreaterThan(10n);
  }

  test(
    'and that it made',
    async () => {
      await theirs(...other.create(model.put(...range(1, 30))));
      await takeTurns();
      await expectSame();
    },
    TIMEOUT_MS,
  );

  test(
    'and that we made',
    async () => {
      const table = await DeltaTableWriter.create(
        files.store,
        { name: 't', fields: FIELDS, key: ['id'], partitionBy: ['day'] },
        { ...options, ...(other.engine === 'delta-rs' ? { readers: ['delta-rs'] } : {}) },
      );
      await table.append(rowsOf(...model.put(...range(1, 30))));
      await table.close();
      if (other.refusesOurs) {
        await expect(theirs(other.remove('id = 1'))).rejects.toThrow(other.refusesOurs);
        return;
      }
      await takeTurns();
      await expectSame();
    },
    TIMEOUT_MS,
  );
});

function keysOf(...ids: readonly number[]): ColumnBatch {
  const batch = new ColumnBatch(FIELDS.slice(0, 1));
  for (const id of ids) batch.appendRow([BigInt(id)]);
  return batch;
}
