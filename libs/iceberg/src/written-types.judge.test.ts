import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { canonicalRow } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { assertSameRows, startJudge } from '@cdc-demo/judges';
import type { Judge, JudgeEngine } from '@cdc-demo/judges';
import { IcebergTableWriter } from './iceberg-table-writer.ts';
import { JUDGE_TIMEOUT_MS, batchOf, field, tickingClock } from './judged-table.fixture.ts';

const UUID: FieldType = { kind: 'uuid' };
const TIME: FieldType = { kind: 'time' };
const LONG: FieldType = { kind: 'int', bits: 64 };
const STRING: FieldType = { kind: 'string' };
const UTC: FieldType = { kind: 'timestamp', zone: 'utc' };
const LOCAL: FieldType = { kind: 'timestamp', zone: 'none' };
const decimal = (precision: number, scale: number): FieldType => {
  return { kind: 'decimal', precision, scale };
};
const list = (type: FieldType): FieldType => ({ kind: 'list', element: field('element', type) });
const map = (key: FieldType, value: FieldType): FieldType => {
  return { kind: 'map', key: field('key', key, false), value: field('value', value) };
};
/** Of each physical form, at both of its ends. */
const WIDTHS = [1, 2, 4, 5, 9, 10, 18, 19, 20, 37, 38];

const SINGLE: readonly Field[] = [
  field('id', LONG, false),
  field('key', UUID),
  field('bytes', { kind: 'binary' }),
  field('at', UTC),
  field('local', LOCAL),
  ...WIDTHS.map((width) => field(`d${width}`, decimal(width, width === 1 ? 0 : 2))),
];
const NESTED: readonly Field[] = [
  field('id', LONG, false),
  field('lists', list(list(LONG))),
  field('times', list(UTC)),
  field('amounts', map(STRING, decimal(20, 2))),
  field('days', map(LONG, list({ kind: 'date' }))),
  field('point', {
    kind: 'struct',
    fields: [
      field('key', UUID),
      field('local', LOCAL),
      field('tags', list(STRING)),
      field('inner', { kind: 'struct', fields: [field('b', { kind: 'binary' })] }),
    ],
  }),
];
const OF_DAY: readonly Field[] = [field('id', LONG, false), field('clock', TIME)];

const KEYS = ['00000000-0000-0000-0000-000000000000', 'f47ac10b-58cc-4372-a567-0e02b2c3d479'];
const MICROS = [
  -62_135_596_800_000_000n,
  -1n,
  0n,
  1_709_290_800_123_456n,
  253_402_300_799_999_999n,
];

const singleRow = (i: number): FieldValue[] => [
  BigInt(i),
  KEYS[i % 2] ?? null,
  [Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(255, 0, 128)][i % 3] ?? null,
  MICROS[i % 5] ?? null,
  MICROS[(i + 1) % 5] ?? null,
  ...WIDTHS.map(
    (width) => [10n ** BigInt(width) - 1n, 1n - 10n ** BigInt(width), 0n][i % 3] ?? null,
  ),
];
const nestedRow = (i: number): FieldValue[] => [
  BigInt(i),
  [[[1n, null], [], null], [], [[2n ** 62n]]][i % 3] ?? null,
  [[MICROS[3] ?? null, null], []][i % 2] ?? null,
  [
    [
      ['a', 10n ** 19n],
      ['é', null],
    ],
    [],
  ][i % 2] ?? null,
  [[[7n, [19000, null]]], [[-1n, null]]][i % 2] ?? null,
  {
    key: KEYS[i % 2] ?? null,
    local: MICROS[i % 5] ?? null,
    tags: i % 2 === 0 ? ['x', null] : null,
    inner: i % 2 === 0 ? { b: Uint8Array.of(1, i) } : null,
  },
];
const dayRow = (i: number): FieldValue[] => [
  BigInt(i),
  [0n, 1n, 43_200_000_000n, 86_399_999_999n, null][i % 5] ?? null,
];

interface Written {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly row: (i: number) => FieldValue[];
}

const TABLES: readonly Written[] = [
  { name: 'single values', fields: SINGLE, row: singleRow },
  { name: 'nested values', fields: NESTED, row: nestedRow },
  { name: 'times of the day', fields: OF_DAY, row: dayRow },
];

/** What an engine does not read, by its own fault; asserted, so that a newer one shows. */
const REFUSED: readonly {
  readonly engine: JudgeEngine;
  readonly table: string;
  readonly message: RegExp;
  readonly reason: string;
}[] = [
  {
    engine: 'spark',
    table: 'times of the day',
    message: /Spark does not support time fields/,
    reason: 'Spark has no type for the time of a day',
  },
  {
    engine: 'chdb',
    table: 'times of the day',
    message: /no exact form of time/,
    reason: 'ClickHouse has no type for the time of a day',
  },
  {
    engine: 'chdb',
    table: 'nested values',
    message: /reads NULL as empty in the columns/,
    reason: 'ClickHouse has no NULL lists, maps and structs',
  },
];

describe.each<JudgeEngine>(['pyiceberg', 'duckdb', 'spark', 'chdb'])('%s', (engine) => {
  let judge: Judge;
  let folder: string;
  beforeAll(async () => {
    judge = await startJudge(engine);
  }, JUDGE_TIMEOUT_MS);
  afterAll(() => judge.close(), JUDGE_TIMEOUT_MS);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'iceberg-types-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test.each(TABLES)(
    'I16: reads $name of every type as they were written, or refuses as listed',
    async ({ name, fields, row }) => {
      const nulls = [100n, ...fields.slice(1).map(() => null)];
      const rows = [...Array.from({ length: 30 }, (_, i) => row(i)), nulls];
      const table = { fields, key: ['id'], formatVersion: 2 as const };
      const writer = await IcebergTableWriter.create(folder, table, { clock: tickingClock() });
      await writer.append(batchOf(fields, rows));
      await writer.upsert(batchOf(fields, rows.slice(5, 20)));
      const read = judge.read({ op: 'rows', table: folder, format: 'iceberg' });
      const refused = REFUSED.find((each) => each.engine === engine && each.table === name);
      if (refused) {
        await expect(read).rejects.toThrow(refused.message);
        return;
      }
      const expected = rows.map((each) => canonicalRow(fields, each));
      assertSameRows({ name, rows: expected }, { name: judge.version, rows: await read });
    },
    JUDGE_TIMEOUT_MS,
  );
});
