import { describe, expect, test } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { BytesColumn, Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { arbitraryType, arbitraryValue } from '@cdc-demo/cdc-testing';
import fc from 'fast-check';
import { openBytes, readAll } from '../read/read-rows.fixture.ts';
import { isNested } from '../format/schema-element.ts';
import { MemoryOutput } from './memory-output.fixture.ts';
import { ParquetWriter } from './parquet-writer.ts';
import type { ParquetWriterOptions } from './parquet-writer.ts';
import { batchOf, readFlat, writeFile } from './written-file.fixture.ts';
import type { Rows } from './written-file.fixture.ts';

interface Table {
  readonly fields: readonly Field[];
  readonly rows: Rows;
}

const field = (name: string, type: FieldType, nullable = true): Field => ({
  id: 0,
  name,
  type,
  nullable,
});

function tableOf(type: fc.Arbitrary<FieldType>): fc.Arbitrary<Table> {
  const column = fc.record({ type, nullable: fc.boolean(), repeats: fc.boolean() });
  return fc.array(column, { minLength: 1, maxLength: 5 }).chain((columns) => {
    const values = columns.map(({ type: kind, nullable, repeats }) => {
      const value = arbitraryValue(kind).filter((candidate) => nullable || candidate !== null);
      // Few distinct values go through a dictionary, many do not.
      return repeats ? fc.constantFrom(...fc.sample(value, { numRuns: 3, seed: 1 })) : value;
    });
    return fc.record({
      fields: fc.constant(
        columns.map((kind, i) => ({ ...field(`c${i}`, kind.type, kind.nullable), id: i + 1 })),
      ),
      rows: fc.array(fc.tuple(...values), { maxLength: 150, size: 'max' }),
    });
  });
}

const options: fc.Arbitrary<Partial<ParquetWriterOptions>> = fc.record({
  compression: fc.constantFrom('snappy' as const, 'zstd' as const, 'uncompressed' as const),
  pageRows: fc.constantFrom(1, 7, 64, 2000),
  rowGroupRows: fc.constantFrom(1, 50, 128_000),
});

const cuts = fc
  .array(fc.nat(150), { maxLength: 4 })
  .map((positions) => positions.toSorted((a, b) => a - b));

describe('a written file', () => {
  test('gives every value of every flat type back, however it was cut into writes', async () => {
    const flat = arbitraryType.filter((type) => !isNested(type));
    await fc.assert(
      fc.asyncProperty(tableOf(flat), options, cuts, async (table, chosen, pieces) => {
        const { bytes, summary } = await writeFile(table, chosen, pieces);
        expect(await readFlat(bytes, table.fields)).toEqual(table.rows);
        expect(summary).toMatchObject({ rows: table.rows.length, bytes: bytes.length });
      }),
      { numRuns: 150 },
    );
  });

  test('gives every value of nested types back, however it was cut into writes', async () => {
    await fc.assert(
      fc.asyncProperty(tableOf(arbitraryType), options, cuts, async (table, chosen, pieces) => {
        const { bytes } = await writeFile(table, chosen, pieces);
        const file = await openBytes(bytes);
        const read = await readAll(file, { fields: table.fields, match: 'name' });
        expect(read).toEqual(table.rows);
      }),
      { numRuns: 150 },
    );
  });

  test('is the same when the same rows are written again', async () => {
    await fc.assert(
      fc.asyncProperty(tableOf(arbitraryType), options, cuts, async (table, chosen, pieces) => {
        const whole = await writeFile(table, chosen);
        const again = await writeFile(table, chosen, pieces);
        expect(Buffer.compare(whole.bytes, again.bytes)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test('without rows has its schema and no row group', async () => {
    const fields = [field('a', { kind: 'string' }), field('b', { kind: 'uuid' }, false)];
    const { bytes, summary, metadata } = await writeFile({ fields, rows: [] });
    expect(metadata).toMatchObject({ num_rows: 0n, row_groups: [] });
    expect(metadata.schema.map(({ name }) => name)).toEqual(['schema', 'a', 'b']);
    expect(summary).toMatchObject({ rows: 0, bytes: bytes.length });
    expect(summary.columns).toMatchObject([
      { path: ['a'], valueCount: 0, nullCount: 0, min: 'none', max: 'none', bytes: 0 },
      { path: ['b'], valueCount: 0 },
    ]);
  });

  test('names the application and carries entries for its readers', async () => {
    const table = { fields: [field('a', { kind: 'date' })], rows: [[1]] };
    const { metadata } = await writeFile(table, {
      createdBy: 'test version 7',
      keyValueMetadata: { one: '1', two: 'é' },
    });
    expect(metadata.created_by).toBe('test version 7');
    expect(metadata.key_value_metadata).toEqual([
      { key: 'one', value: '1' },
      { key: 'two', value: 'é' },
    ]);
    expect((await writeFile(table)).metadata.created_by).toMatch(/^cdc-demo version \d/);
  });

  test('holds what the batch held when it was written, not what it holds later', async () => {
    const fields = [field('a', { kind: 'string' }), field('b', { kind: 'int', bits: 64 })];
    const output = new MemoryOutput();
    const writer = new ParquetWriter(output, fields, { compression: 'snappy' });
    const batch = batchOf(fields, [['first', 1n]]);
    await writer.write(batch);
    (batch.columns[0] as BytesColumn).data.fill(0);
    batch.truncate(0);
    batch.appendRow(['second', 2n]);
    await writer.write(batch);
    await writer.finish();
    expect(await readFlat(output.bytes(), fields)).toEqual([
      ['first', 1n],
      ['second', 2n],
    ]);
  });

  test('of few rows is one write to the output', async () => {
    const output = new MemoryOutput();
    const fields = [field('a', { kind: 'date' })];
    const writer = new ParquetWriter(output, fields, { compression: 'snappy' });
    await writer.write(batchOf(fields, [[1], [2]]));
    expect(writer).toMatchObject({ rows: 2, bytes: 4 + 8 });
    const { bytes } = await writer.finish();
    expect(output.writes).toBe(1);
    expect(output.size).toBe(bytes);
    expect(writer.bytes).toBe(bytes);
  });

  test('compresses large pages beside the caller, in the same order', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => [`${i}`.repeat(50_000), i]);
    const fields = [field('text', { kind: 'string' }), field('n', { kind: 'int', bits: 32 })];
    const { bytes, metadata } = await writeFile({ fields, rows }, { compression: 'snappy' });
    expect(await readFlat(bytes, fields)).toEqual(rows);
    expect(metadata.row_groups).toHaveLength(1);
  });
});

const bits64: FieldType = { kind: 'int', bits: 64 };

describe('rows that a file cannot hold', () => {
  const element = field('element', { kind: 'date' }, false);
  const value = field('value', { kind: 'date' });
  test.each<[string, Field, FieldValue]>([
    ['a', field('a', bits64, false), null],
    ['l.element', field('l', { kind: 'list', element }), [1, null]],
    ['m.key', field('m', { kind: 'map', key: value, value }), [[null, 1]]],
    ['s.a', field('s', { kind: 'struct', fields: [field('a', bits64, false)] }), { a: null }],
    ['s', field('s', { kind: 'struct', fields: [value] }, false), null],
  ])('NULL in the required column %s is an error that names it', async (name, column, given) => {
    const writer = new ParquetWriter(new MemoryOutput(), [column], { compression: 'snappy' });
    await expect(writer.write(batchOf([column], [[given]]))).rejects.toMatchObject({
      code: 'lake/null-in-required-column',
      context: { column: name },
      message: expect.stringContaining(`column ${name},`),
    });
    await expect(writer.finish()).rejects.toThrow('while it is failed');
  });

  test('NULL around a required field is none in it', async () => {
    const inner = field('a', bits64, false);
    const fields = [field('s', { kind: 'struct', fields: [inner] })];
    const { summary } = await writeFile({ fields, rows: [[null], [{ a: 1n }]] });
    expect(summary.columns).toMatchObject([{ path: ['s', 'a'], nullCount: 1, valueCount: 2 }]);
  });

  test.each<[string, FieldType]>([
    ['flat', bits64],
    ['nested', { kind: 'list', element }],
  ])('UNCHANGED in a %s column fails an assertion', async (_, type) => {
    const fields = [field('a', type)];
    const batch = new ColumnBatch(fields);
    batch.columns[0]!.appendUnchanged();
    batch.endRow();
    const writer = new ParquetWriter(new MemoryOutput(), fields, { compression: 'snappy' });
    await expect(writer.write(batch)).rejects.toThrow('The column a holds UNCHANGED');
  });

  test('columns of other types, in other numbers or of too few rows fail an assertion', async () => {
    const list = field('l', { kind: 'list', element: field('element', bits64) });
    const wide = field('d', { kind: 'decimal', precision: 38, scale: 0 });
    const write = (fields: readonly Field[], batch: ColumnBatch, end = 0) =>
      new ParquetWriter(new MemoryOutput(), fields, { compression: 'snappy' }).write(batch, 0, end);
    const given = (type: FieldType): ColumnBatch => new ColumnBatch([field('x', type)]);
    await expect(write([field('a', bits64)], given({ kind: 'date' }))).rejects.toThrow(
      'The column a has another type',
    );
    const dates: FieldType = { kind: 'list', element: field('element', { kind: 'date' }) };
    await expect(write([list], given(dates))).rejects.toThrow('The column l has another type');
    await expect(write([wide], given({ kind: 'uuid' }))).resolves.toBeUndefined();
    const narrow: FieldType = { kind: 'decimal', precision: 20, scale: 0 };
    await expect(write([wide], given(narrow))).rejects.toThrow('The column d has another type');
    await expect(write([wide, list], given({ kind: 'uuid' }))).rejects.toThrow('other columns');
    await expect(write([list], given(list.type), 1)).rejects.toThrow('fewer rows');
  });

  test('a schema with a struct of no fields, or none at all, fails an assertion', () => {
    const open = (fields: readonly Field[]) =>
      new ParquetWriter(new MemoryOutput(), fields, { compression: 'snappy' });
    expect(() => open([])).toThrow('There are no fields in schema');
    const empty: FieldType = { kind: 'struct', fields: [] };
    expect(() => open([field('s', empty)])).toThrow('There are no fields in s');
  });

  test('the next call before the last has resolved fails an assertion', async () => {
    const fields = [field('a', bits64)];
    const writer = new ParquetWriter(new MemoryOutput(), fields, { compression: 'snappy' });
    const first = writer.write(batchOf(fields, [[1n]]));
    await expect(writer.finish()).rejects.toThrow('while it is busy');
    await first;
    await writer.finish();
    await expect(writer.finish()).rejects.toThrow('while it is finished');
  });

  test('an output that fails ends the writer with its error', async () => {
    const fields = [field('a', bits64)];
    const output = new MemoryOutput();
    output.write = () => Promise.reject(new Error('disk full'));
    const writer = new ParquetWriter(output, fields, { compression: 'snappy' });
    await writer.write(batchOf(fields, [[1n]]));
    await expect(writer.finish()).rejects.toThrow('disk full');
    await expect(writer.write(batchOf(fields, [[1n]]))).rejects.toThrow('while it is failed');
  });
});
