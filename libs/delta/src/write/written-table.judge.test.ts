import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { canonicalRow, ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { assertSameRows, startJudge } from '@cdc-demo/judges';
import type { Judge, JudgeEngine } from '@cdc-demo/judges';
import { DEFAULT_LAYOUT } from '@cdc-demo/lake-core';
import { temporaryStore, tickingClock } from '../storage.fixture.ts';
import { LogWriter } from './log-writer.ts';
import { newTableActions, newTableLayout } from './new-table.ts';
import { rowFormat } from './row-format.ts';
import { tableWriter } from './table-files.ts';

const ENGINES: readonly JudgeEngine[] = ['delta-rs', 'chdb', 'duckdb', 'spark'];
const TIMEOUT_MS = 120_000;

let nextId = 0;
const field = (name: string, type: FieldType, nullable = true): Field => ({
  id: ++nextId,
  name,
  type,
  nullable,
});

const FIELDS: readonly Field[] = [
  field('id', { kind: 'int', bits: 64 }, false),
  field('flag', { kind: 'boolean' }),
  field('byte', { kind: 'int', bits: 8 }),
  field('short', { kind: 'int', bits: 16 }),
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
];

const micros = (iso: string): bigint => BigInt(Date.parse(iso)) * 1000n;

const ROWS: readonly (readonly FieldValue[])[] = [
  [
    9007199254740993n,
    true,
    -128,
    32767,
    -2147483648,
    1.5,
    -0.1,
    -123456789n,
    10n ** 17n,
    10n ** 37n + 7n,
    `${'a'.repeat(40)}😀`,
    Uint8Array.of(0, 255),
    19000,
    micros('2024-03-01T10:00:00.123Z') + 1n,
    micros('2024-03-01T10:00:00.123Z') + 999n,
  ],
  [1n, ...FIELDS.slice(1).map(() => null)],
  [
    2n,
    false,
    127,
    -32768,
    2147483647,
    0,
    Number.NaN,
    999999999n,
    -(10n ** 17n),
    -(10n ** 37n),
    '',
    Uint8Array.of(),
    20000,
    micros('1999-12-31T23:59:59.999Z') + 999n,
    micros('2030-01-01'),
  ],
];

describe.each(ENGINES)('%s reads', (engine) => {
  let judge: Judge;
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  beforeAll(async () => {
    judge = await startJudge(engine);
    files = await temporaryStore();
    const { store } = files;
    const clock = tickingClock();
    const format = rowFormat(newTableLayout(FIELDS, []), FIELDS);
    const options = { store, format, layout: DEFAULT_LAYOUT, clock, prefix: 'part-' };
    const writer = tableWriter(options);
    const rows = new ColumnBatch(FIELDS);
    for (const row of ROWS) rows.appendRow(row);
    await writer.write(rows);
    const written = await writer.finish();
    const outcome = await new LogWriter(store, clock).commit(undefined, {
      operation: 'WRITE',
      isBlindAppend: true,
      actions: [
        ...newTableActions(FIELDS, { name: 't', nowMs: clock.nowMs() }),
        ...written.map(({ file }) => ({ add: file })),
      ],
    });
    expect(outcome.outcome).toBe('committed');
  }, TIMEOUT_MS);
  afterAll(async () => {
    await judge.close();
    await files[Symbol.asyncDispose]();
  }, TIMEOUT_MS);

  /** Spark quotes otherwise; chDB has literals of times to the second only. */
  function inTheirs(where: string): string {
    if (engine === 'spark') return where.replace('"at"', '`at`');
    if (engine !== 'chdb') return where;
    return where.replace(/timestamp '(.*)\+00'/, "toDateTime64('$1', 6, 'UTC')");
  }

  const expected = ROWS.map((row) => canonicalRow(FIELDS, row));

  test(
    'every type as it was written',
    async () => {
      const rows = await judge.rows(files.folder);
      assertSameRows({ name: 'written', rows: expected }, { name: judge.version, rows });
    },
    TIMEOUT_MS,
  );

  test.each([
    ['D20: by a long string', `text = '${'a'.repeat(40)}😀'`],
    ['D20: by a time between milliseconds', `"at" > timestamp '2024-03-01 10:00:00.123000+00'`],
    ['D20: by a large integer', 'id = 9007199254740993'],
    ['D20: by the greatest decimal', `small = cast('9999999.99' as decimal(9, 2))`],
    ['D20: by the greatest float', 'small > 9999999'],
  ])(
    '%s',
    async (_, where) => {
      const rows = await judge.read({ op: 'rows', table: files.folder, where: inTheirs(where) });
      expect(rows.length).toBe(1);
    },
    TIMEOUT_MS,
  );
});
