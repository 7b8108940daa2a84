import { describeType } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { describe, expect, it } from '@jest/globals';
import type { SchemaElement } from 'hyparquet';
import { madeFile, plain } from './made-file.fixture.ts';
import { openBytes, readAll } from './read-rows.fixture.ts';

type Leaf = Omit<SchemaElement, 'name'>;
type Case = readonly [what: string, leaf: Leaf, values: Uint8Array, wanted: FieldType];

const int = (bits: 8 | 16 | 32 | 64): FieldType => ({ kind: 'int', bits });
const float = (bits: 32 | 64): FieldType => ({ kind: 'float', bits });
const decimal = (precision: number, scale: number): FieldType => ({
  kind: 'decimal',
  precision,
  scale,
});
const timestamp = (zone: 'utc' | 'none'): FieldType => ({ kind: 'timestamp', zone });
const kind = (
  name: 'boolean' | 'string' | 'json' | 'binary' | 'uuid' | 'date' | 'time',
): FieldType => ({ kind: name });

const integer = (bitWidth: number, isSigned: boolean): Leaf => ({
  type: bitWidth === 64 ? 'INT64' : 'INT32',
  logical_type: { type: 'INTEGER', bitWidth, isSigned },
});
const decimalLeaf = (leaf: Leaf, precision: number, scale: number): Leaf => ({
  ...leaf,
  converted_type: 'DECIMAL',
  precision,
  scale,
});
const fixed = (type_length: number): Leaf => ({ type: 'FIXED_LEN_BYTE_ARRAY', type_length });
const INT32: Leaf = { type: 'INT32' };
const INT64: Leaf = { type: 'INT64' };
const BYTE_ARRAY: Leaf = { type: 'BYTE_ARRAY' };
const UTF8: Leaf = { type: 'BYTE_ARRAY', converted_type: 'UTF8' };
const DATE: Leaf = { type: 'INT32', converted_type: 'DATE' };
const stamp = (unit: 'MILLIS' | 'MICROS' | 'NANOS', isAdjustedToUTC: boolean): Leaf => ({
  type: 'INT64',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC, unit },
});
const time = (unit: 'MILLIS' | 'MICROS' | 'NANOS'): Leaf => ({
  type: unit === 'MILLIS' ? 'INT32' : 'INT64',
  logical_type: { type: 'TIME', isAdjustedToUTC: false, unit },
});
const UUID: Leaf = { ...fixed(16), logical_type: { type: 'UUID' } };
const HALF: Leaf = { ...fixed(2), logical_type: { type: 'FLOAT16' } };

const MAX64 = 2n ** 63n - 1n;
const MIN64 = -(2n ** 63n);
const UUID_BYTES = Array.from({ length: 16 }, (_, i) => i * 17);
const UUID_TEXT = '00112233-4455-6677-8899-aabbccddeeff';
/** 12 bytes: nanoseconds of the day, Julian day. */
const int96 = (nanos: bigint, day: number): number[] => [
  ...new Uint8Array(BigInt64Array.of(nanos).buffer),
  ...new Uint8Array(Int32Array.of(day).buffer),
];

// prettier-ignore
const exact: readonly (readonly [...Case, expected: readonly FieldValue[]])[] = [
  ['int8', { type: 'INT32', converted_type: 'INT_8' }, plain.int32(-128, 127), int(8), [-128, 127]],
  ['int8 as int64', integer(8, true), plain.int32(-128, 127), int(64), [-128n, 127n]],
  ['int16 as int32', integer(16, true), plain.int32(-5, 5), int(32), [-5, 5]],
  ['int32 as int64', INT32, plain.int32(-(2 ** 31), 7), int(64), [-(2n ** 31n), 7n]],
  ['int32 that fits int8', INT32, plain.int32(-128, 127), int(8), [-128, 127]],
  ['int64', INT64, plain.int64(MIN64, MAX64), int(64), [MIN64, MAX64]],
  ['int64 that fits int32', INT64, plain.int64(-(2n ** 31n), 3n), int(32), [-(2 ** 31), 3]],
  ['uint8 as int16', integer(8, false), plain.int32(0, 255), int(16), [0, 255]],
  ['uint32 as int64', integer(32, false), plain.int32(-1, 1), int(64), [2n ** 32n - 1n, 1n]],
  ['uint32 that fits int32', integer(32, false), plain.int32(7), int(32), [7]],
  ['uint64 that fits int64', integer(64, false), plain.int64(MAX64), int(64), [MAX64]],
  ['uint64 as decimal', { type: 'INT64', converted_type: 'UINT_64' }, plain.int64(-1n), decimal(20, 0), [2n ** 64n - 1n]],
  ['uint32 as decimal', integer(32, false), plain.int32(-1), decimal(12, 2), [429_496_729_500n]],
  ['int32 as float64', INT32, plain.int32(-3), float(64), [-3]],
  ['uint32 as float64', integer(32, false), plain.int32(-1), float(64), [2 ** 32 - 1]],
  ['int64 as decimal', INT64, plain.int64(MIN64), decimal(21, 2), [MIN64 * 100n]],
  ['float', { type: 'FLOAT' }, plain.float(-0, NaN, 1e-40), float(32), [-0, NaN, Math.fround(1e-40)]],
  ['float as double', { type: 'FLOAT' }, plain.float(0.1, -0), float(64), [Math.fround(0.1), -0]],
  ['double', { type: 'DOUBLE' }, plain.double(0.1, -0, Infinity), float(64), [0.1, -0, Infinity]],
  ['half float', HALF, plain.fixed([0, 0x3c], [1, 0], [0, 0x80], [0, 0xfc]), float(32), [1, 2 ** -24, -0, -Infinity]],
  ['half float NaN as double', HALF, plain.fixed([1, 0x7c]), float(64), [NaN]],
  ['decimal in INT32', decimalLeaf(INT32, 5, 2), plain.int32(-12345), decimal(5, 2), [-12345n]],
  ['decimal in INT32, wider', decimalLeaf(INT32, 5, 2), plain.int32(-12345), decimal(18, 2), [-12345n]],
  ['decimal in INT32, more scale', decimalLeaf(INT32, 5, 2), plain.int32(-12345), decimal(8, 4), [-1234500n]],
  ['decimal in INT32, far wider', decimalLeaf(INT32, 9, 2), plain.int32(-7), decimal(38, 4), [-700n]],
  ['decimal in INT64', decimalLeaf(INT64, 18, 0), plain.int64(-MAX64), decimal(18, 0), [-MAX64]],
  ['decimal in INT64 of few digits', decimalLeaf(INT64, 5, 1), plain.int64(-99999n), decimal(5, 1), [-99999n]],
  ['decimal in fixed bytes', decimalLeaf(fixed(16), 38, 3), plain.fixed([...Array<number>(15).fill(255), 0x7f]), decimal(38, 3), [-129n]],
  ['decimal in more fixed bytes than needed', decimalLeaf(fixed(16), 20, 0), plain.fixed([...Array<number>(15).fill(0), 9]), decimal(20, 0), [9n]],
  ['decimal in fewer fixed bytes', decimalLeaf(fixed(9), 20, 0), plain.fixed([255, ...Array<number>(8).fill(0)]), decimal(38, 0), [-(2n ** 64n)]],
  ['decimal of few digits in fixed bytes', decimalLeaf(fixed(3), 5, 2), plain.fixed([0xff, 0xff, 0xfe]), decimal(5, 2), [-2n]],
  ['decimal in byte arrays', decimalLeaf(BYTE_ARRAY, 30, 2), plain.byteArrays([1, 0], [0xff], []), decimal(30, 2), [256n, -1n, 0n]],
  ['decimal by its logical type alone', { ...INT32, logical_type: { type: 'DECIMAL', precision: 4, scale: 1 } }, plain.int32(15), decimal(4, 1), [15n]],
  ['decimal of 40 digits as bytes', decimalLeaf(fixed(2), 40, 0), plain.fixed([1, 2]), kind('binary'), [Uint8Array.of(1, 2)]],
  ['decimal of 40 digits as integer', decimalLeaf(INT32, 40, 0), plain.int32(5), int(32), [5]],
  ['decimal of 40 digits as long', decimalLeaf(INT64, 40, 0), plain.int64(5n), int(64), [5n]],
  ['date', DATE, plain.int32(-719162, 2932896), kind('date'), [-719162, 2932896]],
  ['date by its logical type alone', { ...INT32, logical_type: { type: 'DATE' } }, plain.int32(1), kind('date'), [1]],
  ['date as timestamp', DATE, plain.int32(-1), timestamp('none'), [-86_400_000_000n]],
  ['time in ms', time('MILLIS'), plain.int32(86_399_999), kind('time'), [86_399_999_000n]],
  ['time in ms, converted type', { ...INT32, converted_type: 'TIME_MILLIS' }, plain.int32(1), kind('time'), [1000n]],
  ['time in µs', time('MICROS'), plain.int64(1n), kind('time'), [1n]],
  ['time in µs, converted type', { ...INT64, converted_type: 'TIME_MICROS' }, plain.int64(1n), kind('time'), [1n]],
  ['time in ns', time('NANOS'), plain.int64(1000n), kind('time'), [1n]],
  ['timestamp in ms', stamp('MILLIS', true), plain.int64(-1n), timestamp('utc'), [-1000n]],
  ['timestamp in ms, converted type', { ...INT64, converted_type: 'TIMESTAMP_MILLIS' }, plain.int64(1n), timestamp('none'), [1000n]],
  ['timestamp in µs', stamp('MICROS', false), plain.int64(MAX64), timestamp('none'), [MAX64]],
  ['timestamp in µs, converted type', { ...INT64, converted_type: 'TIMESTAMP_MICROS' }, plain.int64(5n), timestamp('utc'), [5n]],
  ['timestamp without mark of UTC', stamp('MICROS', false), plain.int64(7n), timestamp('utc'), [7n]],
  ['timestamp in ns', stamp('NANOS', true), plain.int64(-1000n), timestamp('utc'), [-1n]],
  ['INT96', { type: 'INT96' }, plain.fixed(int96(1_000n, 2_440_588), int96(0n, 2_440_587)), timestamp('utc'), [1n, -86_400_000_000n]],
  ['text as json', UTF8, plain.byteArrays('{"a":1}', ''), kind('json'), ['{"a":1}', '']],
  ['json as text', { ...BYTE_ARRAY, converted_type: 'JSON' }, plain.byteArrays('[1]'), kind('string'), ['[1]']],
  ['enum as text', { ...BYTE_ARRAY, logical_type: { type: 'ENUM' } }, plain.byteArrays('A'), kind('string'), ['A']],
  ['plain bytes as text', BYTE_ARRAY, plain.byteArrays('é'), kind('string'), ['é']],
  ['bytes', BYTE_ARRAY, plain.byteArrays([0, 255], []), kind('binary'), [Uint8Array.of(0, 255), new Uint8Array()]],
  ['fixed bytes as binary', fixed(3), plain.fixed([1, 2, 3]), kind('binary'), [Uint8Array.of(1, 2, 3)]],
  ['uuid', UUID, plain.fixed(UUID_BYTES), kind('uuid'), [UUID_TEXT]],
  ['uuid as text', UUID, plain.fixed(UUID_BYTES), kind('string'), [UUID_TEXT]],
  ['uuid as binary', UUID, plain.fixed(UUID_BYTES), kind('binary'), [Uint8Array.from(UUID_BYTES)]],
  ['text as uuid', UTF8, plain.byteArrays(UUID_TEXT), kind('uuid'), [UUID_TEXT]],
  ['16 bytes as uuid', fixed(16), plain.fixed(UUID_BYTES), kind('uuid'), [UUID_TEXT]],
  ['boolean', { type: 'BOOLEAN' }, Uint8Array.of(0b101), kind('boolean'), [true, false, true]],
];

const HOLDS = /holds a value that the wanted type does not/;
// prettier-ignore
const refused: readonly (readonly [...Case, message: RegExp])[] = [
  ['int32 beyond int8', INT32, plain.int32(128), int(8), HOLDS],
  ['uint32 beyond int32', integer(32, false), plain.int32(-1), int(32), HOLDS],
  ['uint64 beyond int64', integer(64, false), plain.int64(-1n), int(64), HOLDS],
  ['int64 beyond int32', INT64, plain.int64(2n ** 31n), int(32), HOLDS],
  ['timestamp in ms beyond µs', stamp('MILLIS', true), plain.int64(MAX64), timestamp('utc'), HOLDS],
  ['timestamp in ns between µs', stamp('NANOS', true), plain.int64(1001n), timestamp('utc'), HOLDS],
  ['time in ns between µs', time('NANOS'), plain.int64(1n), kind('time'), HOLDS],
  ['INT96 between µs', { type: 'INT96' }, plain.fixed(int96(1n, 0)), timestamp('utc'), HOLDS],
  ['fixed decimal beyond its digits', decimalLeaf(fixed(4), 5, 0), plain.fixed([127, 0, 0, 0]), decimal(5, 0), HOLDS],
  ['wide decimal beyond its digits', decimalLeaf(fixed(16), 20, 0), plain.fixed([1, ...Array<number>(15).fill(0)]), decimal(20, 0), HOLDS],
  ['wide decimal beyond the sign', decimalLeaf(fixed(10), 20, 0), plain.fixed([0, 255, ...Array<number>(8).fill(0)]), decimal(20, 0), HOLDS],
  ['text that is no uuid', UTF8, plain.byteArrays('x'), kind('uuid'), /text that is no UUID/],
  ['upper-case uuid', UTF8, plain.byteArrays(UUID_TEXT.toUpperCase()), kind('uuid'), /no UUID/],
  ['double as float', { type: 'DOUBLE' }, plain.double(1), float(32), /has float64 \(DOUBLE\), the table float32/],
  ['int64 as double', INT64, plain.int64(1n), float(64), /has int64 \(INT64\), the table float64/],
  ['decimal of less scale', decimalLeaf(INT32, 5, 2), plain.int32(1), decimal(9, 1), /has decimal\(5, 2\)/],
  ['decimal of fewer digits', decimalLeaf(INT32, 5, 2), plain.int32(1), decimal(5, 3), /has decimal\(5, 2\)/],
  ['int32 as short decimal', INT32, plain.int32(1), decimal(9, 0), /has int32 \(INT32\), the table decimal/],
  ['uint64 as short decimal', integer(64, false), plain.int64(1n), decimal(19, 0), /has uint64/],
  ['double as decimal', { type: 'DOUBLE' }, plain.double(1), decimal(9, 0), /has float64/],
  ['UTC as no zone', stamp('MICROS', true), plain.int64(1n), timestamp('none'), /zone utc/],
  ['date as UTC', DATE, plain.int32(1), timestamp('utc'), /has date \(INT32\)/],
  ['integer as date', INT32, plain.int32(1), kind('date'), /has int32/],
  ['integer as time', INT64, plain.int64(1n), kind('time'), /has int64/],
  ['integer as timestamp', INT64, plain.int64(1n), timestamp('utc'), /has int64/],
  ['integer as boolean', INT32, plain.int32(1), kind('boolean'), /has int32/],
  ['date as integer', DATE, plain.int32(1), int(32), /has date/],
  ['time as text', time('MILLIS'), plain.int32(1), kind('string'), /has time in millis/],
  ['decimal as binary', decimalLeaf(BYTE_ARRAY, 5, 0), plain.byteArrays([1]), kind('binary'), /has decimal/],
  ['wide decimal as text', decimalLeaf(BYTE_ARRAY, 40, 0), plain.byteArrays([1]), kind('string'), /has decimal/],
  ['wide decimal as another integer', decimalLeaf(INT64, 40, 0), plain.int64(1n), int(32), /has decimal/],
  ['decimal as integer', decimalLeaf(INT32, 5, 0), plain.int32(1), int(32), /has decimal/],
  ['half float as binary', HALF, plain.fixed([0, 0]), kind('binary'), /has float16/],
  ['uuid as json', UUID, plain.fixed(UUID_BYTES), kind('json'), /has uuid/],
  ['bytes as uuid', BYTE_ARRAY, plain.byteArrays(UUID_BYTES), kind('uuid'), /has binary/],
];

const field = (type: FieldType): Field => ({ id: 0, name: 'f', type, nullable: false });

function oneColumn(leaf: Leaf, values: Uint8Array, count: number): Uint8Array {
  const schema = [{ name: 'f', repetition_type: 'REQUIRED', ...leaf } as const];
  const columns = [{ pages: [{ entries: count, values }] }];
  return madeFile({ schema, columns, rows: count });
}

function oneColumnByDictionary(leaf: Leaf, values: Uint8Array, count: number): Uint8Array {
  const schema = [{ name: 'f', repetition_type: 'REQUIRED', ...leaf } as const];
  const page = {
    entries: count,
    encoding: 'RLE_DICTIONARY',
    values: plain.indexes(count),
  } as const;
  const columns = [{ dictionary: { count, values }, pages: [page] }];
  return madeFile({ schema, columns, rows: count });
}

describe.each([
  ['in place', oneColumn],
  ['in a dictionary', oneColumnByDictionary],
])('values %s', (_name, make) => {
  it.each(exact)('%s: every value comes exactly', async (_what, leaf, values, wanted, expected) => {
    const file = await openBytes(make(leaf, values, expected.length));
    const rows = await readAll(file, { fields: [field(wanted)], match: 'name' });
    expect(rows).toEqual(expected.map((value) => [value]));
  });

  it('come in runs of any length', async () => {
    const many = Array.from({ length: 100 }, (_, i) => (BigInt(i) * MAX64) / 100n);
    const file = await openBytes(make(INT64, plain.int64(...many), many.length));
    const rows = await readAll(file, { fields: [field(int(64))], match: 'name' });
    expect(rows).toEqual(many.map((value) => [value]));
  });
});

describe('values without an exact equal', () => {
  it.each(refused)('%s is refused', async (_what, leaf, values, wanted, message) => {
    const file = await openBytes(oneColumn(leaf, values, 1));
    const reading = readAll(file, { fields: [field(wanted)], match: 'name' });
    await expect(reading).rejects.toMatchObject({
      code: 'lake/parquet-type',
      message: expect.stringMatching(message),
      context: { file: 'file.parquet', column: 'f' },
    });
  });
});

describe("a file's own schema", () => {
  const own: readonly (readonly [Leaf, string])[] = [
    [integer(8, false), 'int16'],
    [integer(16, false), 'int32'],
    [integer(32, false), 'int64'],
    [integer(64, false), 'decimal(20, 0)'],
    [HALF, 'float32'],
    [{ type: 'INT96' }, 'timestamp with time zone'],
    [stamp('NANOS', false), 'timestamp without time zone'],
    [time('MILLIS'), 'time'],
    [decimalLeaf(fixed(20), 45, 2), 'binary'],
    [decimalLeaf(INT64, 45, 2), 'int64'],
    [decimalLeaf(INT32, 45, 2), 'int32'],
    [{ ...BYTE_ARRAY, logical_type: { type: 'JSON' } }, 'json'],
    [{ ...BYTE_ARRAY, logical_type: { type: 'BSON' } }, 'binary'],
    [fixed(12), 'binary'],
    [UUID, 'uuid'],
  ];

  it.each(own)('%j is offered as %s', async (leaf, type) => {
    const file = await openBytes(oneColumn(leaf, new Uint8Array(64), 0));
    expect(file.fields.map((f) => describeType(f.type))).toEqual([type]);
  });

  it.each<[Leaf, RegExp]>([
    [fixed(0), /its values have no length/],
    [{ ...UUID, type_length: 15 }, /its UUIDs are not 16 bytes/],
  ])('%j is refused', async (leaf, message) => {
    await expect(openBytes(oneColumn(leaf, new Uint8Array(), 0))).rejects.toThrow(message);
  });
});
