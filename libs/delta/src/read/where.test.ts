import { describe, expect, it } from '@jest/globals';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import {
  eq,
  formatExactJson,
  ge,
  gt,
  isNull,
  le,
  lt,
  ne,
  not,
  oneOf,
  or,
  startsWith,
} from '@cdc-demo/lake-core';
import type { Predicate } from '@cdc-demo/lake-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { DeltaTable } from '../delta-table.ts';
import { MemoryStore } from '../snapshot/memory-store.fixture.ts';
import { putParquet } from './parquet-file.fixture.ts';

const field = (name: string, type: FieldType): Field => ({ id: 0, name, type, nullable: true });

interface TestFile {
  readonly path: string;
  readonly rows?: FieldValue[][];
  readonly partitionValues?: Readonly<Record<string, string | null>>;
  readonly stats?: object | string;
}

/** A table with column `c` of a type, whose files have statistics as given and rows or none. */
async function tableOf(
  type: string,
  fieldType: FieldType,
  files: readonly TestFile[],
  more: {
    readonly fields?: object[];
    readonly partitionColumns?: readonly string[];
    readonly configuration?: object;
  } = {},
): Promise<{ readonly table: DeltaTable; readonly store: MemoryStore }> {
  const store = new MemoryStore();
  const fields = more.fields ?? [{ name: 'c', type, nullable: true, metadata: {} }];
  await store.commit(0, [
    { protocol: { minReaderVersion: 2, minWriterVersion: 5 } },
    {
      metaData: {
        id: 't',
        format: { provider: 'parquet', options: {} },
        schemaString: formatExactJson({ type: 'struct', fields }),
        partitionColumns: more.partitionColumns ?? [],
        configuration: { ...more.configuration },
      },
    },
    ...files.map(({ path, stats, partitionValues = {} }) => ({
      add: {
        path,
        partitionValues,
        size: 0,
        modificationTime: 0,
        dataChange: true,
        ...(stats === undefined
          ? {}
          : { stats: typeof stats === 'string' ? stats : JSON.stringify(stats) }),
      },
    })),
  ] as never);
  for (const { path, rows } of files) {
    if (rows) await putParquet(store, path, { fields: [field('c', fieldType)], rows });
  }
  return { table: await DeltaTable.open(store), store };
}

/** The files that may hold a row. */
async function filesOf(table: DeltaTable, where: Predicate): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of table.files({ where })) paths.push(path);
  return paths;
}

const bounds = (min: unknown, max: unknown, nulls = 0): object => ({
  numRecords: 3,
  minValues: { c: min },
  maxValues: { c: max },
  nullCount: { c: nulls },
});
const STRING = { kind: 'string' } as const;
const UTC = { kind: 'timestamp', zone: 'utc' } as const;

describe('D20: files are left out by statistics', () => {
  it('of integers, and what they leave out is not read', async () => {
    const { table, store } = await tableOf('long', { kind: 'int', bits: 64 }, [
      { path: 'low', stats: bounds(1, 10) },
      { path: 'high', stats: bounds(10, 20), rows: [[10n], [15n], [20n]] },
      { path: 'unknown', rows: [[0n], [15n]] },
      { path: 'broken', rows: [[16n]], stats: '{"numRecords":' },
    ]);
    expect(await filesOf(table, gt('c', 10))).toEqual(['high', 'unknown', 'broken']);
    store.reads.length = 0;
    expect(await canonicalRows(table.rows({ where: gt('c', 10) }))).toEqual([
      '{"c":15}',
      '{"c":15}',
      '{"c":16}',
      '{"c":20}',
    ]);
    expect(store.reads).not.toContain('low');
  });

  it('of integers that no double holds', async () => {
    const max = '9223372036854775806';
    const stats = `{"numRecords":1,"minValues":{"c":${max}},"maxValues":{"c":${max}},"nullCount":{"c":0}}`;
    const { table } = await tableOf('long', { kind: 'int', bits: 64 }, [{ path: 'a', stats }]);
    expect(await filesOf(table, eq('c', 2n ** 63n - 2n))).toEqual(['a']);
    expect(await filesOf(table, eq('c', 2n ** 63n - 1n))).toEqual([]);
    expect(await filesOf(table, lt('c', 2n ** 63n - 2n))).toEqual([]);
  });

  it('of decimals of 38 digits', async () => {
    const value = '1234567890123456789012345678.1234567891';
    const stats = `{"numRecords":1,"minValues":{"c":${value}},"maxValues":{"c":${value}}}`;
    const type = { kind: 'decimal', precision: 38, scale: 10 } as const;
    const { table } = await tableOf('decimal(38,10)', type, [{ path: 'a', stats }]);
    expect(await filesOf(table, eq('c', value))).toEqual(['a']);
    expect(await filesOf(table, gt('c', value))).toEqual([]);
    expect(await filesOf(table, ge('c', '1234567890123456789012345678.1234567890'))).toEqual(['a']);
  });

  it('of strings that were cut: what begins like the greatest may be greater', async () => {
    const long = 'x'.repeat(32);
    const pair = `${'y'.repeat(31)}\u{1f600}`;
    const { table } = await tableOf('string', STRING, [
      { path: 'cut', stats: bounds('a', `${long}\u007f`) },
      { path: 'old', stats: bounds('a', `${long}\ufffd`) },
      { path: 'pair', stats: bounds('a', pair) },
      { path: 'short', stats: bounds('a', 'x') },
    ]);
    expect(await filesOf(table, ge('c', `${long}\u{10ffff}z`))).toEqual(['cut', 'old', 'pair']);
    expect(await filesOf(table, eq('c', `${'y'.repeat(31)}\u{1f601}`))).toEqual(['pair']);
    expect(await filesOf(table, gt('c', 'xy'))).toEqual(['pair']);
    expect(await filesOf(table, startsWith('c', 'xx'))).toEqual(['cut', 'old', 'pair']);
    expect(await filesOf(table, startsWith('c', 'z'))).toEqual([]);
  });

  it('of timestamps that were cut to milliseconds', async () => {
    const stats = bounds('2026-01-01T00:00:00.000Z', '2026-01-01T02:00:00.001+02:00');
    const zoneless = bounds('2026-01-01T00:00:00.000', '2026-01-01T00:00:00.001');
    const { table } = await tableOf('timestamp', UTC, [
      { path: 'a', stats },
      { path: 'zoneless', stats: zoneless },
    ]);
    expect(await filesOf(table, gt('c', '2026-01-01T00:00:00.001998Z'))).toEqual(['a', 'zoneless']);
    expect(await filesOf(table, gt('c', '2026-01-01T00:00:00.001999Z'))).toEqual(['zoneless']);
    expect(await filesOf(table, lt('c', '2026-01-01T00:00:00Z'))).toEqual(['zoneless']);
  });

  it('of floats by their least value only, since NaN is greater than all and not counted', async () => {
    const { table } = await tableOf('float', { kind: 'float', bits: 32 }, [
      { path: 'a', stats: bounds(0.7, 2.5) },
      { path: 'nan', stats: bounds('NaN', 'NaN') },
    ]);
    expect(await filesOf(table, gt('c', 3))).toEqual(['a', 'nan']);
    expect(await filesOf(table, lt('c', 0.5))).toEqual(['nan']);
    expect(await filesOf(table, le('c', 0.7))).toEqual(['a', 'nan']);
  });

  it('of NULLs where they say none or all, also when a deletion vector hides rows', async () => {
    const wide = { tightBounds: false };
    const { table } = await tableOf('integer', { kind: 'int', bits: 32 }, [
      { path: 'none', stats: { ...bounds(1, 2, 0), ...wide } },
      { path: 'some', stats: { ...bounds(1, 2, 2), ...wide } },
      { path: 'all', stats: { numRecords: 3, nullCount: { c: 3 }, ...wide } },
      { path: 'uncounted', stats: { numRecords: 3, minValues: { c: 1 }, maxValues: { c: 2 } } },
    ]);
    expect(await filesOf(table, isNull('c'))).toEqual(['some', 'all', 'uncounted']);
    expect(await filesOf(table, not(isNull('c')))).toEqual(['none', 'some', 'uncounted']);
    expect(await filesOf(table, ne('c', 7))).toEqual(['none', 'some', 'uncounted']);
    expect(await filesOf(table, oneOf('c', [null]))).toEqual([]);
  });

  it('of columns that were of a narrower type when they were written', async () => {
    const { table } = await tableOf('timestamp_ntz', { kind: 'timestamp', zone: 'none' }, [
      { path: 'dates', stats: bounds('2026-01-01', '2026-01-02') },
    ]);
    expect(await filesOf(table, gt('c', '2026-01-02 00:00:00.001'))).toEqual([]);
    expect(await filesOf(table, ge('c', '2026-01-02 00:00:00'))).toEqual(['dates']);
  });
});

describe('files are left out', () => {
  it('D19: by partition values, NULL and another spelling among them', async () => {
    const { table } = await tableOf(
      'date',
      { kind: 'date' },
      [
        { path: 'a', partitionValues: { c: '2026-01-01' } },
        { path: 'b', partitionValues: { c: '2026-1-2' } },
        { path: 'null', partitionValues: { c: '' } },
      ],
      { partitionColumns: ['c'] },
    );
    expect(await filesOf(table, eq('c', '2026-01-02'))).toEqual(['b']);
    expect(await filesOf(table, isNull('c'))).toEqual(['null']);
    expect(await filesOf(table, ne('c', '2026-01-02'))).toEqual(['a']);
    expect(await filesOf(table, or(lt('c', '2026-01-02'), isNull('c')))).toEqual(['a', 'null']);
  });

  it('D22: by statistics and partition values under physical names, at any depth', async () => {
    const physical = (name: string, id: number): object => ({
      'delta.columnMapping.physicalName': name,
      'delta.columnMapping.id': id,
    });
    const nested = {
      type: 'struct',
      fields: [{ name: 'x', type: 'integer', nullable: true, metadata: physical('p-x', 2) }],
    };
    const { table } = await tableOf(
      '',
      STRING,
      [
        {
          path: 'a',
          partitionValues: { 'p-p': 'k' },
          stats: {
            numRecords: 1,
            minValues: { 'p-s': { 'p-x': 1 } },
            maxValues: { 'p-s': { 'p-x': 5 } },
          },
        },
        {
          path: 'named',
          partitionValues: { 'p-p': 'l' },
          stats: { numRecords: 1, minValues: { s: { x: 1 } }, maxValues: { s: { x: 5 } } },
        },
      ],
      {
        fields: [
          { name: 's', type: nested, nullable: true, metadata: physical('p-s', 1) },
          { name: 'p', type: 'string', nullable: true, metadata: physical('p-p', 3) },
        ],
        partitionColumns: ['p'],
        configuration: { 'delta.columnMapping.mode': 'name' },
      },
    );
    expect(await filesOf(table, gt(['s', 'x'], 5))).toEqual(['named']);
    expect(await filesOf(table, eq('P', 'k'))).toEqual(['a']);
  });
});

describe('rows with a predicate', () => {
  it('need not show its columns, and columns that no file has are NULL', async () => {
    const { table } = await tableOf(
      '',
      { kind: 'int', bits: 32 },
      [{ path: 'a', rows: [[1], [2], [null]], partitionValues: { p: 'x' } }],
      {
        fields: ['c', 'p', 'new'].map((name) => ({
          name,
          type: name === 'c' ? 'integer' : 'string',
          nullable: true,
          metadata: {},
        })),
        partitionColumns: ['p'],
      },
    );
    const rows = (where: Predicate, columns?: string[]): Promise<string[]> =>
      canonicalRows(table.rows({ where, columns }));
    expect(await rows(eq('C', 2), ['p'])).toEqual(['{"p":"x"}']);
    expect(await rows(eq('p', 'x'), ['c'])).toEqual(['{"c":1}', '{"c":2}', '{"c":null}']);
    expect(await rows(eq('p', 'y'))).toEqual([]);
    expect(await rows(isNull('new'), ['new', 'c'])).toHaveLength(3);
    expect(await rows(not(isNull('new')))).toEqual([]);
    const text = await canonicalRows(table.rows({ where: "c >= 2 AND p LIKE 'x%'" }));
    expect(text).toEqual(['{"c":2,"p":"x","new":null}']);
    await expect(canonicalRows(table.rows({ where: '' }))).rejects.toMatchObject({
      code: 'lake/predicate',
    });
    await expect(rows(eq('absent', 1))).rejects.toMatchObject({ code: 'delta/column-missing' });
    await expect(rows(eq('c', 'x'))).rejects.toMatchObject({ code: 'lake/predicate' });
  });
});
