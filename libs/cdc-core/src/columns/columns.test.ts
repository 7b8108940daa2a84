import { arbitraryType, arbitraryValue } from '@cdc-demo/cdc-testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Field, FieldType } from '../schema/field.ts';
import { ColumnBatch } from './column-batch.ts';
import { NULL, PRESENT, UNCHANGED } from './column.ts';
import { createColumn } from './create-column.ts';
import type { FieldValue } from './field-value.ts';
import type { BytesColumn } from './bytes-columns.ts';
import type { Int64Column } from './fixed-width-columns.ts';

const typed = arbitraryType.chain((type) =>
  fc.tuple(fc.constant(type), fc.array(arbitraryValue(type), { maxLength: 40 })),
);

function filled(type: FieldType, values: readonly FieldValue[]): ReturnType<typeof createColumn> {
  const column = createColumn(type, 1);
  for (const value of values) column.appendValue(value);
  return column;
}

describe('columns of every type', () => {
  it('give back the values that were appended', () => {
    fc.assert(
      fc.property(typed, ([type, values]) => {
        const column = filled(type, values);
        expect(values.map((_, row) => column.value(row))).toEqual(values);
        expect(column.length).toBe(values.length);
        expect(column.byteSize).toBeGreaterThanOrEqual(values.length);
      }),
    );
  });

  it('keep a byte order mark at the beginning of a text', () => {
    const column = filled({ kind: 'string' }, ['\ufefftext']);
    expect(column.value(0)).toBe('\ufefftext');
  });

  it('copy rows from one another, presence included', () => {
    fc.assert(
      fc.property(typed, ([type, values]) => {
        const source = filled(type, values);
        source.appendUnchanged();
        const copy = createColumn(type);
        for (let row = source.length - 1; row >= 0; row--) copy.appendFrom(source, row);
        for (let row = 0; row < source.length; row++) {
          expect(copy.equalAt(source.length - 1 - row, source, row)).toBe(true);
        }
        expect(copy.presence[0]).toBe(UNCHANGED);
        expect(copy.value(0)).toBeNull();
      }),
    );
  });

  it('forget what is truncated, whatever is appended after', () => {
    fc.assert(
      fc.property(typed, typed, fc.nat(40), ([type, values], _other, at) => {
        const kept = Math.min(at, values.length);
        const column = filled(type, values);
        column.truncate(kept);
        for (const value of values) column.appendValue(value);
        const expected = [...values.slice(0, kept), ...values];
        expect(expected.map((_, row) => column.value(row))).toEqual(expected);
      }),
    );
  });

  it('keep their values when room is reserved', () => {
    fc.assert(
      fc.property(typed, fc.nat(100), ([type, values], rows) => {
        const column = filled(type, values);
        column.reserve(rows);
        expect(column.capacity).toBeGreaterThanOrEqual(values.length + rows);
        expect(column.length).toBe(values.length);
        for (const value of values) column.appendValue(value);
        const expected = [...values, ...values];
        expect(expected.map((_, row) => column.value(row))).toEqual(expected);
      }),
    );
  });

  it('are equal exactly where their values are', () => {
    fc.assert(
      fc.property(typed, ([type, values]) => {
        const column = filled(type, values);
        values.forEach((a, i) => {
          values.forEach((b, j) => {
            const same = JSON.stringify(a, stable) === JSON.stringify(b, stable);
            expect(column.equalAt(i, column, j)).toBe(same);
          });
        });
      }),
      { numRuns: 50 },
    );
  });

  it.each<[FieldType, FieldValue, string]>([
    [{ kind: 'boolean' }, 1, 'boolean column takes boolean, not number'],
    [{ kind: 'int', bits: 32 }, 'x', 'int32 column takes number, not string'],
    [{ kind: 'int', bits: 64 }, 1, 'int64 column takes bigint, not number'],
    [{ kind: 'float', bits: 64 }, true, 'float64 column takes number'],
    [{ kind: 'decimal', precision: 5, scale: 2 }, 1, 'decimal(5, 2) column takes bigint'],
    [{ kind: 'decimal', precision: 30, scale: 2 }, 'x', 'decimal(30, 2) column takes bigint'],
    [{ kind: 'string' }, 1, 'string column takes string'],
    [{ kind: 'binary' }, 'x', 'binary column takes bytes, not string'],
    [{ kind: 'uuid' }, 'x', 'UUID'],
    [listOf({ kind: 'date' }), 'x', 'list<date> column takes array'],
    [mapOf({ kind: 'date' }), 1, 'map<string, date> column takes array of pairs'],
    [structOf({ kind: 'date' }), [], 'struct<a: date> column takes object, not array'],
    [structOf({ kind: 'date' }), new Uint8Array(1), 'object, not bytes'],
  ])('refuse a value of another type: %j', (type, value, message) => {
    expect(() => createColumn(type).appendValue(value)).toThrow(message);
  });
});

describe('the layout', () => {
  it('of strings is the PLAIN encoding of Parquet', () => {
    const column = filled({ kind: 'string' }, ['ab', null, '']) as BytesColumn;
    expect([...column.data.subarray(0, column.ends[3])]).toEqual([2, 0, 0, 0, 97, 98, 0, 0, 0, 0]);
    expect([...column.ends.subarray(0, 4)]).toEqual([0, 6, 6, 10]);
    expect([...column.presence.subarray(0, 3)]).toEqual([PRESENT, NULL, PRESENT]);
  });

  it('of 64-bit integers takes halves', () => {
    const column = createColumn({ kind: 'int', bits: 64 }) as Int64Column;
    column.append(-1, -1);
    column.append(0, -0x80000000);
    expect([...column.bigints.subarray(0, 2)]).toEqual([-1n, -(2n ** 63n)]);
  });

  it('of long strings is copied whole', () => {
    const text = 'x'.repeat(100_000);
    expect(filled({ kind: 'string' }, [text, 'y']).value(0)).toBe(text);
  });
});

describe('ColumnBatch', () => {
  const fields: readonly Field[] = [
    { id: 1, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
    { id: 2, name: 'name', type: { kind: 'string' }, nullable: true },
  ];

  it('takes rows, copies them and takes back those that were begun', () => {
    const batch = new ColumnBatch(fields);
    expect(batch.appendRow([1n, 'a'])).toBe(0);
    expect(batch.appendRow([2n])).toBe(1);
    batch.columns[0]?.appendValue(3n);
    batch.truncate(2);
    expect(batch.columns.map(({ length }) => length)).toEqual([2, 2]);

    const copy = new ColumnBatch(fields);
    copy.appendRowFrom(batch, 1);
    expect(copy.row(0)).toEqual([2n, null]);
    expect(copy.byteSize).toBeGreaterThan(0);
  });

  it('stands over columns that exist already', () => {
    const source = new ColumnBatch(fields);
    source.appendRow([1n, 'a']);
    const view = ColumnBatch.of(fields, source.columns, 1);
    expect(view).toBeInstanceOf(ColumnBatch);
    expect(view.row(0)).toEqual([1n, 'a']);
    expect(view.byteSize).toBe(source.byteSize);
  });
});

function listOf(type: FieldType): FieldType {
  return { kind: 'list', element: { id: 0, name: 'element', type, nullable: true } };
}

function mapOf(type: FieldType): FieldType {
  const key: Field = { id: 0, name: 'key', type: { kind: 'string' }, nullable: false };
  return { kind: 'map', key, value: { id: 0, name: 'value', type, nullable: true } };
}

function structOf(type: FieldType): FieldType {
  return { kind: 'struct', fields: [{ id: 0, name: 'a', type, nullable: true }] };
}

/** Tells -0, NaN, infinities, bigint and bytes apart in JSON. */
function stable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value.toString()}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return value instanceof Uint8Array ? `x${Buffer.from(value).toString('hex')}` : value;
}
