import { describe, expect, test } from '@jest/globals';
import type { Field, FieldType } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { pageIndexes, readFlat, writeFile } from './written-file.fixture.ts';
import type { Rows, WrittenFile } from './written-file.fixture.ts';

const field = (name: string, type: FieldType, nullable = true): Field => ({
  id: 0,
  name,
  type,
  nullable,
});
const text: FieldType = { kind: 'string' };
const int: FieldType = { kind: 'int', bits: 32 };

const oneColumn = (type: FieldType, values: readonly unknown[]) => ({
  fields: [field('a', type)],
  rows: values.map((value) => [value]) as Rows,
});

/** First row and rows of each page of the first chunk. */
function pagesOf({ bytes, metadata }: WrittenFile, rowGroup = 0): [number, number][] {
  const group = metadata.row_groups[rowGroup]!;
  const { offsets } = pageIndexes(bytes, group.columns[0]!);
  const firsts = offsets.page_locations.map(({ first_row_index: first }) => Number(first));
  return firsts.map((first, i) => [first, (firsts[i + 1] ?? Number(group.num_rows)) - first]);
}

const chunkOf = ({ metadata }: WrittenFile, column = 0) =>
  metadata.row_groups[0]!.columns[column]!.meta_data!;

describe('row groups and pages', () => {
  test('end at their number of rows', async () => {
    const rows = oneColumn(
      int,
      Array.from({ length: 25 }, (_, i) => i),
    );
    const file = await writeFile(rows, { rowGroupRows: 10, pageRows: 4 }, [3, 9, 17]);
    expect(file.metadata.row_groups.map((group) => Number(group.num_rows))).toEqual([10, 10, 5]);
    expect(pagesOf(file)).toEqual([
      [0, 4],
      [4, 4],
      [8, 2],
    ]);
    expect(pagesOf(file, 2)).toEqual([
      [0, 4],
      [4, 1],
    ]);
  });

  test('a page of large values ends at a mebibyte, but holds a row at least', async () => {
    const sizes = [400_000, 400_000, 400_000, 3_000_000, 10, 10];
    const values = sizes.map((size, i) => String(i).repeat(size));
    const file = await writeFile(oneColumn(text, values));
    expect(pagesOf(file)).toEqual([
      [0, 2],
      [2, 1],
      [3, 1],
      [4, 2],
    ]);
    const nested = { kind: 'list', element: field('element', text) } as const;
    const lists = await writeFile(oneColumn(nested, Array(200).fill(['x'.repeat(20_000)])));
    expect(pagesOf(lists)[0]).toEqual([0, 64]);
  });

  test('a row group of large values ends at its number of bytes', async () => {
    const values = Array.from({ length: 30 }, (_, i) => String(i % 10).repeat(1000));
    const table = oneColumn(text, values);
    const given = { compression: 'uncompressed', pageRows: 5, rowGroupBytes: 9000 } as const;
    const file = await writeFile(table, given);
    expect(file.metadata.row_groups.map((group) => Number(group.num_rows))).toEqual([10, 10, 10]);
    expect(await readFlat(file.bytes, table.fields)).toEqual(table.rows);
  });

  test('the pages of a chunk follow each other, and the sizes are theirs', async () => {
    const values = Array.from({ length: 900 }, (_, i) => (i < 300 ? 'same' : `other ${i * i}`));
    const file = await writeFile(oneColumn(text, values), { pageRows: 100 });
    const chunk = chunkOf(file);
    const { offsets } = pageIndexes(file.bytes, file.metadata.row_groups[0]!.columns[0]!);
    let at = chunk.data_page_offset;
    for (const { offset, compressed_page_size: size } of offsets.page_locations) {
      expect(offset).toBe(at);
      at += BigInt(size);
    }
    expect(chunk.dictionary_page_offset).toBe(4n);
    expect(chunk.total_compressed_size).toBe(at - 4n);
    expect(file.summary.columns[0]!.bytes).toBe(Number(chunk.total_compressed_size));
    const [group] = file.metadata.row_groups;
    expect(group).toMatchObject({
      file_offset: 4n,
      ordinal: 0,
      total_compressed_size: chunk.total_compressed_size,
      total_byte_size: chunk.total_uncompressed_size,
    });
  });
});

describe('dictionaries', () => {
  const counts = (file: WrittenFile, column = 0) =>
    chunkOf(file, column).encoding_stats?.map(({ page_type, encoding, count }) =>
      [page_type, encoding, count].join(' '),
    );

  test('hold columns of few distinct values', async () => {
    const types: [FieldType, (i: number) => unknown][] = [
      [text, (i) => `value ${i % 20}`],
      [int, (i) => i % 20],
      [{ kind: 'float', bits: 32 }, (i) => i % 20],
      [{ kind: 'float', bits: 64 }, (i) => [Number.NaN, -0, 0][i % 3]],
      [{ kind: 'timestamp', zone: 'utc' }, (i) => BigInt(i % 20)],
      [{ kind: 'decimal', precision: 30, scale: 2 }, (i) => BigInt(i % 20)],
      [{ kind: 'uuid' }, (i) => `00000000-0000-4000-8000-00000000000${i % 10}`],
    ];
    const fields = types.map(([type], i) => field(`c${i}`, type));
    const rows = Array.from({ length: 500 }, (_, i) => types.map(([, value]) => value(i))) as Rows;
    const file = await writeFile({ fields, rows }, { pageRows: 250 });
    types.forEach((_, i) => {
      expect(counts(file, i)).toEqual([
        'DICTIONARY_PAGE PLAIN_DICTIONARY 1',
        'DATA_PAGE PLAIN_DICTIONARY 2',
      ]);
      expect(chunkOf(file, i).encodings).toEqual(['PLAIN_DICTIONARY', 'RLE']);
    });
    expect(await readFlat(file.bytes, fields)).toEqual(rows);
  });

  test('are left out for columns of many distinct values, and for booleans', async () => {
    const fields = [field('t', text), field('b', { kind: 'boolean' })];
    const rows = Array.from({ length: 500 }, (_, i) => [`value ${i}`, i % 2 === 0]);
    const file = await writeFile({ fields, rows });
    expect(counts(file)).toEqual(['DATA_PAGE PLAIN 1']);
    expect(counts(file, 1)).toEqual(['DATA_PAGE PLAIN 1']);
    expect(chunkOf(file).dictionary_page_offset).toBeUndefined();
  });

  test('end in the middle of a chunk whose values become distinct, and begin anew', async () => {
    const values = Array.from({ length: 900 }, (_, i) => (i < 300 || i >= 600 ? 'same' : `v${i}`));
    const table = oneColumn(text, values);
    const file = await writeFile(table, { pageRows: 100, rowGroupRows: 600 });
    expect(counts(file)).toEqual([
      'DICTIONARY_PAGE PLAIN_DICTIONARY 1',
      'DATA_PAGE PLAIN_DICTIONARY 3',
      'DATA_PAGE PLAIN 3',
    ]);
    expect(await readFlat(file.bytes, table.fields)).toEqual(table.rows);
  });

  test('end when they take too much space', async () => {
    const values = Array.from({ length: 40 }, (_, i) => `${i >> 1}`.repeat(40_000));
    const table = oneColumn(text, values);
    const file = await writeFile(table, { pageRows: 10 });
    expect(counts(file)?.at(-1)).toMatch(/^DATA_PAGE PLAIN \d+$/);
    expect(await readFlat(file.bytes, table.fields)).toEqual(table.rows);
  });

  test('give every value back, however many are distinct', async () => {
    const column = fc
      .integer({ min: 1, max: 300 })
      .chain((distinct) => fc.array(fc.nat(distinct), { minLength: 200, maxLength: 900 }));
    await fc.assert(
      fc.asyncProperty(column, fc.integer({ min: 20, max: 400 }), async (values, pageRows) => {
        const table = oneColumn(int, values);
        const file = await writeFile(table, { pageRows });
        expect(await readFlat(file.bytes, table.fields)).toEqual(table.rows);
      }),
      { numRuns: 60 },
    );
  });
});
