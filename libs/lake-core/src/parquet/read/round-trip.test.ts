import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { arbitraryType, arbitraryValue } from '@cdc-demo/cdc-testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hyparquetFile } from './hyparquet-file.fixture.ts';
import { ownFile } from './own-file.fixture.ts';
import { ParquetFileCache } from './parquet-file-cache.ts';
import { MemoryStore } from './memory-store.fixture.ts';
import { openBytes, readAll, rowsOf } from './read-rows.fixture.ts';

type Rows = readonly (readonly FieldValue[])[];

interface Table {
  readonly fields: readonly Field[];
  readonly rows: Rows;
}

const arbitraryField = fc
  .tuple(arbitraryType, fc.boolean(), fc.boolean())
  .map(([type, nullable, repeats]) => ({ type, nullable, repeats }));

/** Some columns hold few different values, which writers put into dictionaries. */
function arbitraryColumn({ type, nullable, repeats }: ColumnKind): fc.Arbitrary<FieldValue> {
  const value = arbitraryValue(type).filter((candidate) => nullable || candidate !== null);
  if (!repeats) return value;
  const [first = null, second = null] = fc.sample(value, { numRuns: 2, seed: 7 });
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(first, second) }, value);
}

interface ColumnKind {
  readonly type: FieldType;
  readonly nullable: boolean;
  readonly repeats: boolean;
}

const arbitraryTable: fc.Arbitrary<Table> = fc
  .array(arbitraryField, { minLength: 1, maxLength: 4 })
  .chain((kinds) =>
    fc.record({
      fields: fc.constant(
        kinds.map(({ type, nullable }, i) => ({
          id: i + 1,
          name: `c${String(i)}`,
          type,
          nullable,
        })),
      ),
      rows: fc.array(fc.tuple(...kinds.map(arbitraryColumn)), { maxLength: 80 }),
    }),
  );

type WriteFile = (table: Table) => Promise<Uint8Array>;

const hyparquetWriter: fc.Arbitrary<WriteFile> = fc
  .record({
    codec: fc.constantFrom('SNAPPY' as const, 'UNCOMPRESSED' as const, 'GZIP' as const),
    pageSize: fc.constantFrom(10, 100, 1_000_000),
    rowGroupSize: fc.constantFrom(7, 1000),
  })
  .map(
    (options) =>
      async ({ fields, rows }) =>
        hyparquetFile(fields, rows, options),
  );

const ownWriter: fc.Arbitrary<WriteFile> = fc
  .record({
    compression: fc.constantFrom('snappy' as const, 'zstd' as const, 'uncompressed' as const),
    pageRows: fc.constantFrom(1, 5, 2000),
    rowGroupRows: fc.constantFrom(7, 1000),
  })
  .map(
    (options) =>
      ({ fields, rows }) =>
        ownFile(fields, rows, options),
  );

const arbitraryPositions = (rows: number): fc.Arbitrary<Uint32Array> =>
  fc
    .uniqueArray(fc.nat(Math.max(0, rows - 1)), { maxLength: rows })
    .map((positions) => Uint32Array.from(positions.toSorted((a, b) => a - b)));

describe.each([
  ['hyparquet-writer', hyparquetWriter],
  ['our own encoder', ownWriter],
])('files of %s', (_name, writer) => {
  it('give back every value of every type, in batches of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryTable,
        writer,
        fc.integer({ min: 1, max: 90 }),
        async (table, write, batchRows) => {
          const { fields, rows } = table;
          const file = await openBytes(await write(table));
          expect(file.rows).toBe(rows.length);
          expect(await readAll(file, { fields, match: 'name', batchRows })).toEqual(rows);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('give the rows of a range', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryTable,
        writer,
        fc.tuple(fc.nat(80), fc.nat(80)),
        async (table, write, ends) => {
          const { fields, rows } = table;
          const [start = 0, end = 0] = ends.toSorted((a, b) => a - b);
          const file = await openBytes(await write(table));
          const range = { start, end: Math.min(end, rows.length) };
          const read = await readAll(file, { fields, match: 'id', rows: range, batchRows: 9 });
          expect(read).toEqual(rows.slice(start, range.end));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('give single rows by position, from the file and then from the cache', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryTable.chain((table) =>
          fc.tuple(fc.constant(table), arbitraryPositions(table.rows.length)),
        ),
        writer,
        async ([table, all], write) => {
          const { fields, rows } = table;
          const positions = all.filter((position) => position < rows.length);
          const store = new MemoryStore();
          store.files.set('a', await write(table));
          const cache = new ParquetFileCache(store.port, { pageBytes: 1 << 20 });
          for (let turn = 0; turn < 2; turn++) {
            const file = await cache.open('a');
            const read = await file.readRows(positions, { fields, match: 'id' });
            expect(rowsOf(read)).toEqual(Array.from(positions, (position) => rows[position]));
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('give a choice of columns, and NULL for those they do not have', async () => {
    const absent: Field = { id: 99, name: 'absent', type: { kind: 'string' }, nullable: true };
    await fc.assert(
      fc.asyncProperty(
        arbitraryTable.chain((table) =>
          fc.tuple(fc.constant(table), fc.shuffledSubarray([...table.fields.keys()])),
        ),
        writer,
        async ([table, chosen], write) => {
          const file = await openBytes(await write(table));
          const fields = [absent, ...chosen.flatMap((i) => table.fields[i] ?? [])];
          const read = await readAll(file, { fields, match: 'name' });
          expect(read).toEqual(table.rows.map((row) => [null, ...chosen.map((i) => row[i])]));
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('the schema of a file', () => {
  it('has the ids, names, types and metadata that were written', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTable, async ({ fields, rows }) => {
        const bytes = await ownFile(fields, rows, { keyValueMetadata: { made: 'here' } });
        const file = await openBytes(bytes);
        const kinds = fields.map(({ type }) => JSON.stringify(asStored(type)));
        expect(file.fields.map(({ type }) => JSON.stringify(asStored(type)))).toEqual(kinds);
        expect(file.fields.map(({ id, name, nullable }) => ({ id, name, nullable }))).toEqual(
          fields.map(({ id, name, nullable }) => ({ id, name, nullable })),
        );
        expect([...file.metadata]).toEqual([['made', 'here']]);
      }),
      { numRuns: 30 },
    );
  });
});

/** A type as a file tells it: json is text there. */
function asStored(type: FieldType): unknown {
  switch (type.kind) {
    case 'json':
      return { kind: 'string' };
    case 'list':
      return { kind: 'list', element: asStored(type.element.type) };
    case 'map':
      return { kind: 'map', key: asStored(type.key.type), value: asStored(type.value.type) };
    case 'struct':
      return {
        kind: 'struct',
        fields: type.fields.map((field) => [field.name, asStored(field.type)]),
      };
    default:
      return type;
  }
}
