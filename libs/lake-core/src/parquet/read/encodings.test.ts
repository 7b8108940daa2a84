import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { arbitraryValue } from '@cdc-demo/cdc-testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Encoding } from 'hyparquet';
import { decodeHybrid, singleRun } from './hybrid-decoding.ts';
import { hyparquetFile } from './hyparquet-file.fixture.ts';
import { madeFile, plain } from './made-file.fixture.ts';
import { openBytes, readAll } from './read-rows.fixture.ts';

const field = (name: string, type: FieldType, nullable = true): Field => ({
  id: 0,
  name,
  type,
  nullable,
});
const INT32: FieldType = { kind: 'int', bits: 32 };
const INT64: FieldType = { kind: 'int', bits: 64 };
const FLOAT: FieldType = { kind: 'float', bits: 32 };
const DOUBLE: FieldType = { kind: 'float', bits: 64 };
const STRING: FieldType = { kind: 'string' };
const UUID: FieldType = { kind: 'uuid' };
const BOOLEAN: FieldType = { kind: 'boolean' };

describe('encodings that our own writer does not use', () => {
  it.each<[Encoding, FieldType]>([
    ['DELTA_BINARY_PACKED', INT32],
    ['DELTA_BINARY_PACKED', INT64],
    ['DELTA_LENGTH_BYTE_ARRAY', STRING],
    ['DELTA_BYTE_ARRAY', STRING],
    ['BYTE_STREAM_SPLIT', FLOAT],
    ['BYTE_STREAM_SPLIT', DOUBLE],
    ['BYTE_STREAM_SPLIT', INT32],
    ['BYTE_STREAM_SPLIT', INT64],
    ['BYTE_STREAM_SPLIT', UUID],
    ['RLE', BOOLEAN],
    ['RLE_DICTIONARY', STRING],
  ])('%s gives back every %j', async (encoding, type) => {
    const fields = [field('f', type)];
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryValue(type), { maxLength: 200 }), async (values) => {
        const rows = values.map((value) => [value]);
        const encodings = { f: encoding };
        const file = await openBytes(hyparquetFile(fields, rows, { encodings, pageSize: 200 }));
        expect(await readAll(file, { fields, match: 'name', batchRows: 50 })).toEqual(rows);
      }),
      { numRuns: 30 },
    );
  });

  it('of booleans stands in pages of the first version too', async () => {
    // A run of four times true, after the length of all runs.
    const values = Uint8Array.of(2, 0, 0, 0, 8, 1);
    const bytes = madeFile({
      schema: [{ name: 'f', type: 'BOOLEAN', repetition_type: 'REQUIRED' }],
      columns: [{ pages: [{ entries: 4, encoding: 'RLE', values }] }],
      rows: 4,
    });
    const rows = await readAll(await openBytes(bytes), {
      fields: [field('f', BOOLEAN, false)],
      match: 'name',
    });
    expect(rows).toEqual([[true], [true], [true], [true]]);
  });

  it.each<[Encoding, Uint8Array]>([
    ['DELTA_BINARY_PACKED', Uint8Array.of(0x80)],
    ['DELTA_BYTE_ARRAY', plain.int32(1)],
    ['BYTE_STREAM_SPLIT', Uint8Array.of(1)],
  ])('%s that is damaged is an error of ours', async (encoding, values) => {
    const bytes = madeFile({
      schema: [{ name: 'f', type: 'INT32', repetition_type: 'REQUIRED' }],
      columns: [{ pages: [{ entries: 3, encoding, values }] }],
      rows: 3,
    });
    const file = await openBytes(bytes);
    await expect(
      readAll(file, { fields: [field('f', INT32)], match: 'name' }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^lake\/parquet-/) });
  });
});

describe('runs of the hybrid encoding', () => {
  const arbitraryRuns = fc.integer({ min: 0, max: 32 }).chain((width) => {
    const value = width === 0 ? fc.constant(0) : fc.integer({ min: 0, max: 2 ** width - 1 });
    const packed = fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.array(value, { minLength: 24, maxLength: 24 }))
      .map(([groups, values]) => packedRun(values.slice(0, groups * 8), width));
    const repeated = fc
      .tuple(fc.integer({ min: 1, max: 300 }), value)
      .map(([count, v]) => repeatedRun(v, count, width));
    return fc.tuple(fc.constant(width), fc.array(fc.oneof(packed, repeated), { minLength: 1 }));
  });

  it('give back the values of any width', () => {
    fc.assert(
      fc.property(arbitraryRuns, fc.nat(7), ([width, runs], unused) => {
        const bytes = Uint8Array.from(runs.flatMap((run) => run.bytes));
        const values = runs.flatMap((run) => run.values);
        const count = Math.max(0, values.length - unused);
        const out = new Uint32Array(count);
        decodeHybrid({ bytes, at: 0, end: bytes.length, width }, out);
        expect([...out]).toEqual(values.slice(0, count));
      }),
    );
  });

  it('that end too early are an error, whatever follows them', () => {
    fc.assert(
      fc.property(arbitraryRuns, ([width, runs]) => {
        const bytes = Uint8Array.from([...runs.flatMap((run) => run.bytes), 2, 1, 0, 0, 0]);
        const values = runs.flatMap((run) => run.values);
        const out = new Uint32Array(values.length + 1);
        const end = bytes.length - 5;
        expect(() => decodeHybrid({ bytes, at: 0, end, width }, out)).toThrow(/end too early/);
      }),
    );
  });

  it('are one value at a glance only when the first of them is long enough', () => {
    const run = (bytes: number[], count: number): number | undefined =>
      singleRun({ bytes: Uint8Array.from(bytes), at: 0, end: bytes.length, width: 9 }, count);
    expect(run(repeatedRun(300, 200, 9).bytes, 200)).toBe(300);
    expect(run(repeatedRun(300, 200, 9).bytes, 201)).toBeUndefined();
    expect(run(packedRun([1, 1, 1, 1, 1, 1, 1, 1], 9).bytes, 8)).toBeUndefined();
    expect(run([0x80], 1)).toBeUndefined();
    expect(run([2, 1], 1)).toBeUndefined();
  });
});

interface Run {
  readonly bytes: number[];
  readonly values: number[];
}

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];

function repeatedRun(value: number, count: number, width: number): Run {
  const bytes = Array.from({ length: (width + 7) >> 3 }, (_, i) => (value >>> (8 * i)) & 255);
  return { bytes: [...varint(count * 2), ...bytes], values: Array<number>(count).fill(value) };
}

function packedRun(values: number[], width: number): Run {
  let bits = 0n;
  values.forEach((value, i) => (bits |= BigInt(value) << BigInt(i * width)));
  const bytes = Array.from({ length: (values.length / 8) * width }, (_, i) =>
    Number((bits >> BigInt(i * 8)) & 255n),
  );
  return { bytes: [...varint(((values.length / 8) << 1) | 1), ...bytes], values };
}

describe('levels and values apart', () => {
  it('rows that are all NULL need no values', async () => {
    const fields = [field('f', STRING), field('g', INT64)];
    const rows: FieldValue[][] = Array.from({ length: 30 }, () => [null, null]);
    const file = await openBytes(hyparquetFile(fields, rows));
    expect(await readAll(file, { fields, match: 'name' })).toEqual(rows);
  });
});
