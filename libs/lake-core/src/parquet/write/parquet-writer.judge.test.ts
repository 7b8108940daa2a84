import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { canonicalJson, canonicalRow } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue, MapEntries } from '@cdc-demo/cdc-core';
import { arbitraryType, arbitraryValue, seededRandom } from '@cdc-demo/cdc-testing';
import fc from 'fast-check';
import { isNested } from '../format/schema-element.ts';
import type { ParquetWriterOptions } from './parquet-writer.ts';
import { writeFile } from './written-file.fixture.ts';
import type { Rows } from './written-file.fixture.ts';

const TOOL = fileURLToPath(new URL('../../../../../tools/judges', import.meta.url));
const SCRIPT = fileURLToPath(new URL('parquet-judge.py', import.meta.url));
const FILES = 80;
const TIMEOUT_MS = 300_000;

interface Table {
  readonly fields: readonly Field[];
  readonly rows: Rows;
  readonly options: Partial<ParquetWriterOptions>;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parquet-judge-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Spark 4.1 refuses UUID as a logical type; it reads TIME columns with a preview switch only. */
const unknownToSpark = ['uuid', 'time'];

function holds(type: FieldType, kinds: readonly string[]): boolean {
  if (!isNested(type)) return kinds.includes(type.kind);
  if (type.kind === 'list') return holds(type.element.type, kinds);
  if (type.kind === 'map') return holds(type.key.type, kinds) || holds(type.value.type, kinds);
  return type.fields.some((field) => holds(field.type, kinds));
}

/** A value without repeated keys in maps, which the engines resolve or refuse. */
function withUniqueKeys(type: FieldType, value: FieldValue): FieldValue {
  if (value === null || !isNested(type)) return value;
  if (type.kind === 'list') {
    return (value as FieldValue[]).map((item) => withUniqueKeys(type.element.type, item));
  }
  if (type.kind === 'struct') {
    const object = value as Record<string, FieldValue>;
    const entries = type.fields.map(({ name, type: t }) => [
      name,
      withUniqueKeys(t, object[name]!),
    ]);
    return Object.fromEntries(entries) as FieldValue;
  }
  const byKey = new Map(
    (value as MapEntries).map(([k, v]) => [canonicalJson(type.key.type, k), [k, v]]),
  );
  return [...byKey.values()].map(([k, v]) => [k!, withUniqueKeys(type.value.type, v!)] as const);
}

const arbitraryTable: fc.Arbitrary<Table> = fc
  .array(fc.record({ type: arbitraryType, nullable: fc.boolean(), repeats: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  })
  .chain((columns) => {
    const values = columns.map(({ type, nullable, repeats }) => {
      const value = arbitraryValue(type)
        .filter((candidate) => nullable || candidate !== null)
        .map((candidate) => withUniqueKeys(type, candidate));
      return repeats ? fc.constantFrom(...fc.sample(value, { numRuns: 3, seed: 5 })) : value;
    });
    const fields = columns.map(({ type, nullable }, i) => ({
      id: i + 1,
      name: `c${i}`,
      type,
      nullable,
    }));
    return fc.record({
      fields: fc.constant(fields),
      rows: fc.array(fc.tuple(...values), { minLength: 1, maxLength: 60, size: 'max' }),
      options: fc.record({
        compression: fc.constantFrom('snappy' as const, 'zstd' as const, 'uncompressed' as const),
        pageRows: fc.constantFrom(1, 7, 2000),
        rowGroupRows: fc.constantFrom(11, 128_000),
      }),
    });
  });

interface Failure {
  readonly file: string;
  readonly error: string;
}

function ask(
  engine: string,
  request: { readonly rows: readonly object[]; readonly lookups: readonly string[] },
): Failure[] {
  const installed = spawnSync('bash', [join(TOOL, 'install.sh'), '--path'], { encoding: 'utf8' });
  if (installed.status !== 0) throw new Error('Run tools/judges/install.sh once');
  const python = join(installed.stdout.trim(), 'venv', 'bin', 'python');
  const { stdout, stderr, status } = spawnSync(python, [SCRIPT, engine, TOOL], {
    encoding: 'utf8',
    input: JSON.stringify(request),
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${engine} ended with ${String(status)}: ${stderr}`);
  return (JSON.parse(stdout) as { failed: Failure[] }).failed;
}

describe.each(['pyarrow', 'duckdb', 'spark'])('%s', (engine) => {
  const isRead = (type: FieldType) => engine !== 'spark' || !holds(type, unknownToSpark);
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const path = (name: string): string => join(folder, `${engine}-${name}.parquet`);
  const linesOf = (name: string): string[] =>
    readFileSync(`${path(name)}.lines`, 'utf8')
      .split('\n')
      .slice(0, -1);
  let tables: readonly Table[] = [];
  let failed: readonly Failure[] = [];

  // One process for all: Spark takes its time to start.
  beforeAll(async () => {
    tables = fc.sample(
      arbitraryTable.filter(({ fields }) => fields.every(({ type }) => isRead(type))),
      { numRuns: FILES, seed },
    );
    const write = async (name: string, table: Table): Promise<void> =>
      writeFileSync(path(name), (await writeFile(table, table.options, [5, 40])).bytes);
    for (const [i, table] of tables.entries()) await write(String(i), table);
    await write('empty', EMPTY);
    await write('lookups', lookupTable());
    const names = [...tables.map((_, i) => String(i)), 'empty'];
    const rows = names.map((name) => ({ file: path(name), out: `${path(name)}.lines` }));
    failed = ask(engine, { rows, lookups: [path('lookups')] });
  }, TIMEOUT_MS);

  test('reads every value of every type as it was written', () => {
    const isTable = ({ file }: Failure) => /-\d+\.parquet$/.test(file);
    expect({ seed, failed: failed.filter(isTable) }).toEqual({ seed, failed: [] });
    for (const [i, table] of tables.entries()) {
      const lines = table.rows.map((row) => canonicalRow(table.fields, row));
      expect({ seed, i, lines: linesOf(String(i)) }).toEqual({ seed, i, lines });
    }
  });

  test('reads a file without rows', () => {
    expect(failed.filter(({ file }) => file === path('empty'))).toEqual([]);
    expect(linesOf('empty')).toEqual([]);
  });

  test('finds single values through the statistics of row groups and pages', () => {
    expect(failed.filter(({ file }) => file === path('lookups'))).toEqual([]);
  });
});

const EMPTY: Table = {
  fields: [{ id: 1, name: 'a', type: { kind: 'string' }, nullable: true }],
  rows: [],
  options: {},
};

/** Columns in order and out of it, whose bounds are short, long, shared and hard to shorten. */
function lookupTable(): Table {
  const random = seededRandom(3);
  const nat = (below: number): number => Math.floor(random() * below);
  const columns: [string, FieldType, (i: number) => FieldValue][] = [
    ['ascending', { kind: 'int', bits: 64 }, (i) => BigInt(i >> 2) - 1000n],
    ['scattered', { kind: 'int', bits: 64 }, () => BigInt(nat(2000)) - 2n ** 40n],
    ['small', { kind: 'int', bits: 16 }, (i) => (i >> 3) - 900],
    ['price', { kind: 'decimal', precision: 12, scale: 2 }, (i) => BigInt(i - 4000)],
    ['wide', { kind: 'decimal', precision: 30, scale: 2 }, (i) => BigInt(i - 4000) * 10n ** 20n],
    ['day', { kind: 'date' }, (i) => (i >> 4) - 200],
    ['at', { kind: 'timestamp', zone: 'utc' }, (i) => BigInt(i) * 1_000_001n - 10n ** 9n],
    ['score', { kind: 'float', bits: 64 }, (i) => (i - 4000) / 8],
    ['city', { kind: 'string' }, () => `city ${nat(40)}`],
    ['long', { kind: 'string' }, (i) => `${'same '.repeat(20)}${i >> 2}`],
    ['edge', { kind: 'string' }, (i) => '\u{10ffff}'.repeat(15) + String(i >> 2).padStart(9, 'é')],
    ['bytes', { kind: 'binary' }, (i) => new Uint8Array(70).fill(i & 1 ? 255 : 128)],
  ];
  return {
    options: { rowGroupRows: 4000, pageRows: 500 },
    fields: columns.map(([name, type], i) => ({ id: i + 1, name, type, nullable: true })),
    rows: Array.from({ length: 9000 }, (_, i) =>
      columns.map(([, , value]) => (nat(10) === 0 ? null : value(i))),
    ),
  };
}
