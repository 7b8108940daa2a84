import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ColumnBatch, canonicalRow } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { assertSameRows, startJudge } from '@cdc-demo/judges';
import type { Judge, JudgeEngine } from '@cdc-demo/judges';
import { IcebergTable } from './iceberg-table.ts';
import { IcebergTableWriter } from './iceberg-table-writer.ts';
import {
  TableFolder,
  clock,
  deletes,
  inserts,
  point,
  schema,
} from './sink/table-folder.fixture.ts';

const ENGINES: readonly JudgeEngine[] = ['pyiceberg', 'duckdb', 'spark'];
const TIMEOUT_MS = 120_000;

const field = (name: string, type: FieldType, nullable = true): Field => {
  return { id: 0, name, type, nullable };
};

const STRING = field('element', { kind: 'string' });
const FIELDS: readonly Field[] = [
  field('id', { kind: 'int', bits: 64 }, false),
  field('flag', { kind: 'boolean' }),
  field('int', { kind: 'int', bits: 32 }),
  field('float', { kind: 'float', bits: 32 }),
  field('double', { kind: 'float', bits: 64 }),
  field('small', { kind: 'decimal', precision: 9, scale: 2 }),
  field('medium', { kind: 'decimal', precision: 18, scale: 4 }),
  field('large', { kind: 'decimal', precision: 38, scale: 10 }),
  field('text', { kind: 'string' }),
  field('bytes', { kind: 'binary' }),
  field('day', { kind: 'date' }),
  field('at', { kind: 'timestamp', zone: 'utc' }),
  field('local', { kind: 'timestamp', zone: 'none' }),
  field('tags', { kind: 'list', element: STRING }),
  field('point', {
    kind: 'struct',
    fields: [field('x', { kind: 'int', bits: 32 }), field('y', { kind: 'string' })],
  }),
];

const micros = (iso: string): bigint => BigInt(Date.parse(iso)) * 1000n;
const LONG_TEXT = `${'a'.repeat(40)}😀`;

/** A row whose values depend on its id and on how often it was written. */
function rowOf(id: number, version: number): FieldValue[] {
  if (id % 7 === 3) return [BigInt(id), ...FIELDS.slice(1).map(() => null)];
  const odd = (id + version) % 2 === 1;
  return [
    id === 0 ? 9007199254740993n : BigInt(id),
    odd,
    odd ? -2147483648 : 2147483647,
    odd ? 1.5 : 0,
    odd ? Number.NaN : -0.1 * version,
    odd ? -123456789n : 999999999n,
    odd ? 10n ** 17n : -(10n ** 17n),
    odd ? 10n ** 37n + 7n : -(10n ** 37n),
    odd ? LONG_TEXT : '',
    odd ? Uint8Array.of(0, 255, version) : Uint8Array.of(),
    odd ? 19000 : 20000 + id,
    micros('2024-03-01T10:00:00.123Z') + BigInt(id),
    micros('1999-12-31T23:59:59.999Z') + 999n,
    odd ? ['a', null, ''] : [],
    { x: id, y: odd ? null : 'é' },
  ];
}

/** What the table has at each of its snapshots. */
interface Written {
  readonly name: string;
  readonly snapshotId: bigint;
  readonly rows: readonly string[];
}

/** @param shown so many columns are told */
async function writeTable(
  folder: string,
  formatVersion: 2 | 3,
  shown = FIELDS.length,
): Promise<Written[]> {
  const table = { fields: FIELDS, key: ['id'], formatVersion };
  const options = { clock, targetFileRows: 400 };
  const writer = await IcebergTableWriter.create(folder, table, options);
  const model = new Map<number, FieldValue[]>();
  const written: Written[] = [];
  const note = (name: string, snapshotId: bigint | undefined): void => {
    const fields = FIELDS.slice(0, shown);
    const rows = Array.from(model.values(), (row) => canonicalRow(fields, row.slice(0, shown)));
    written.push({ name, snapshotId: snapshotId ?? 0n, rows });
  };
  const put = (ids: readonly number[], version: number): ColumnBatch => {
    const rows = new ColumnBatch(FIELDS);
    for (const id of ids) {
      model.set(id, rowOf(id, version));
      rows.appendRow(rowOf(id, version));
    }
    return rows;
  };
  const drop = (ids: readonly number[]): ColumnBatch => {
    const keys = new ColumnBatch(FIELDS.slice(0, 1));
    for (const id of ids) {
      keys.appendRow(rowOf(id, 0).slice(0, 1));
      model.delete(id);
    }
    return keys;
  };
  const ids = (from: number, to: number, step = 1): number[] =>
    Array.from({ length: to - from }, (_, i) => from + i).filter((id) => id % step === 0);
  note('rows are added', await writer.append(put(ids(0, 1000), 0)));
  note('rows are updated and added', await writer.upsert(put(ids(900, 1100, 3), 1)));
  note('rows are deleted', await writer.delete(drop(ids(0, 500, 5))));
  note('more rows of the same files are deleted', await writer.delete(drop(ids(1, 500, 3))));
  note('a whole file is deleted', await writer.delete(drop(ids(0, 400))));
  note('deleted rows come back', await writer.upsert(put(ids(0, 50), 2)));
  for (let i = 0; i < 14; i++) {
    const id = 600 + 7 * i;
    note(`small commit ${i}, manifests are merged`, await writer.upsert(put([id, 2000 + i], 3)));
  }
  return written;
}

describe.each(ENGINES)('%s reads what was written', (engine) => {
  let judge: Judge;
  beforeAll(async () => {
    judge = await startJudge(engine);
  }, TIMEOUT_MS);
  afterAll(() => judge.close(), TIMEOUT_MS);

  test.each([2, 3] as const)(
    'in version %i, at every snapshot',
    async (formatVersion) => {
      const folder = await mkdtemp(join(tmpdir(), 'iceberg-written-'));
      for (const { name, snapshotId, rows } of await writeTable(folder, formatVersion)) {
        const request = { op: 'rows', table: folder, format: 'iceberg' } as const;
        const read = await judge.read({ ...request, version: snapshotId });
        assertSameRows({ name, rows }, { name: judge.version, rows: read });
      }
      await rm(folder, { recursive: true });
    },
    TIMEOUT_MS,
  );

  test.each([2, 3] as const)(
    'in version %i, of a table that was merged beside its commits, and of one without rows',
    async (formatVersion) => {
      await using files = await TableFolder.create();
      const sink = await files.created({ formatVersion, upkeep: { minFiles: 3, workShare: 1 } });
      for (let i = 1; i <= 12; i++) {
        const lsn = 100 + 10 * i;
        const rows = [i % 3, 10 + i, 50 + i].map((id) => [id, `n${i}`, BigInt(i)]);
        await sink.write(i % 4 === 0 ? deletes(lsn, [8 + i, 48 + i]) : inserts(schema, lsn, rows));
        await sink.commit(point(lsn));
        await sink.idle();
      }
      await sink.close();
      const table = await IcebergTable.open(files.path);
      const operations = table.snapshots.map(({ operation }) => operation);
      expect(operations).toContain('replace');
      for (const { id, sequenceNumber } of table.snapshots) {
        const rows = await canonicalRows(table.rows({ snapshotId: id }));
        const request = { op: 'rows', table: files.path, format: 'iceberg' } as const;
        const read = await judge.read({ ...request, version: id });
        const name = `snapshot ${sequenceNumber}`;
        assertSameRows({ name, rows }, { name: judge.version, rows: read });
      }
    },
    TIMEOUT_MS,
  );
});

describe('chdb reads what was written', () => {
  const SINGLE_VALUES = FIELDS.findIndex(({ name }) => name === 'tags');
  let judge: Judge;
  beforeAll(async () => {
    judge = await startJudge('chdb');
  }, TIMEOUT_MS);
  afterAll(() => judge.close(), TIMEOUT_MS);

  const columns = FIELDS.slice(0, SINGLE_VALUES).map(({ name }) => name);
  const read = (table: string, version: bigint): Promise<string[]> =>
    judge.read({ op: 'rows', table, format: 'iceberg', version, columns });

  test(
    'in version 2, at every snapshot, but for columns whose NULL it reads as empty',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'iceberg-written-'));
      for (const { name, snapshotId, rows } of await writeTable(folder, 2, SINGLE_VALUES)) {
        const found = await read(folder, snapshotId);
        assertSameRows({ name, rows }, { name: judge.version, rows: found });
      }
      await rm(folder, { recursive: true });
    },
    TIMEOUT_MS,
  );

  test(
    'in version 3 until there is a deletion vector, which it refuses',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'iceberg-written-'));
      const [first, second] = await writeTable(folder, 3, SINGLE_VALUES);
      if (!first || !second) throw new Error('nothing was written');
      const { name, rows, snapshotId } = first;
      assertSameRows({ name, rows }, { name: judge.version, rows: await read(folder, snapshotId) });
      await expect(read(folder, second.snapshotId)).rejects.toThrow(
        'Position deletes are supported only for parquet format',
      );
      await rm(folder, { recursive: true });
    },
    TIMEOUT_MS,
  );
});
