import { describe, expect, it } from '@jest/globals';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { ownFile } from './own-file.fixture.ts';
import { openBytes, readAll, rowsOf } from './read-rows.fixture.ts';

const field = (name: string, type: FieldType): Field => ({ id: 0, name, type, nullable: true });
const struct = (...fields: Field[]): FieldType => ({ kind: 'struct', fields });
const list = (element: FieldType): FieldType => ({
  kind: 'list',
  element: field('element', element),
});

const BINARY = { kind: 'binary' } as const;
const STRING = { kind: 'string' } as const;
const VARIANT = { kind: 'variant' } as const;
const GROUP = struct(field('metadata', BINARY), field('value', BINARY));

const le = (value: bigint, width: number): number[] =>
  Array.from({ length: width }, (_, i) =>
    Number((BigInt.asUintN(width * 8, value) >> BigInt(i * 8)) & 255n),
  );
const double = (value: number): number[] => [...new Uint8Array(Float64Array.of(value).buffer)];
const float = (value: number): number[] => [...new Uint8Array(Float32Array.of(value).buffer)];
const primitive = (type: number, ...data: number[]): number[] => [type << 2, ...data];
const short = (text: string): number[] => [(text.length << 2) | 1, ...Buffer.from(text)];
const bytes = (value: readonly number[]): Uint8Array => Uint8Array.from(value);

/** Metadata with these names; offsets of one byte. */
const metadata = (...names: string[]): Uint8Array => {
  let end = 0;
  const offsets = [0, ...names.map((name) => (end += Buffer.byteLength(name)))];
  return bytes([0x01, names.length, ...offsets, ...Buffer.from(names.join(''))]);
};

/** An object by ids and values, the values stored backwards. */
const object = (...members: readonly (readonly [number, readonly number[]])[]): number[] => {
  const values = [...members].reverse().map(([, value]) => value);
  const offsets = members.map((_, i) =>
    values.slice(0, members.length - 1 - i).reduce((sum, value) => sum + value.length, 0),
  );
  const total = values.reduce((sum, value) => sum + value.length, 0);
  return [2, members.length, ...members.map(([id]) => id), ...offsets, total, ...values.flat()];
};

/** An array with four bytes for its count and two for each offset. */
const array = (...items: readonly (readonly number[])[]): number[] => {
  let end = 0;
  const offsets = [0, ...items.map((item) => (end += item.length))];
  const header = 3 | ((4 | 1) << 2);
  return [
    header,
    ...le(BigInt(items.length), 4),
    ...offsets.flatMap((o) => le(BigInt(o), 2)),
    ...items.flat(),
  ];
};

/** The JSON of variants that a file has in groups of type `group`. */
async function read(group: FieldType, rows: readonly FieldValue[]): Promise<FieldValue[]> {
  const file = await openBytes(
    await ownFile(
      [field('v', group)],
      rows.map((row) => [row]),
    ),
  );
  const options = { fields: [field('v', VARIANT)], match: 'name' } as const;
  const all = (await readAll(file, options)).map(([value]) => value ?? null);
  const last = await file.readRows(Uint32Array.of(rows.length - 1), options);
  expect(rowsOf(last)).toEqual([[all.at(-1)]]);
  return all;
}

const valueOf = (value: readonly number[], ...names: string[]): FieldValue => ({
  metadata: metadata(...names),
  value: bytes(value),
});

describe('a variant', () => {
  it.each<[string, string, readonly number[]]>([
    ['null', 'null', primitive(0)],
    ['true', 'true', primitive(1)],
    ['false', 'false', primitive(2)],
    ['int8', '-5', primitive(3, 0xfb)],
    ['int16', '-300', primitive(4, ...le(-300n, 2))],
    ['int32', '70000', primitive(5, ...le(70000n, 4))],
    ['int64', '-9223372036854775808', primitive(6, ...le(-(2n ** 63n), 8))],
    ['double', '0.1', primitive(7, ...double(0.1))],
    ['a whole double', '3.0', primitive(7, ...double(3))],
    ['a large double', '1e+300', primitive(7, ...double(1e300))],
    ['negative zero', '-0.0', primitive(7, ...double(-0))],
    ['not a number', '"NaN"', primitive(7, ...double(NaN))],
    ['infinity', '"-Infinity"', primitive(7, ...double(-Infinity))],
    ['float', '0.1', primitive(14, ...float(0.1))],
    ['decimal4', '-1.23', primitive(8, 2, ...le(-123n, 4))],
    ['decimal8', '12345678901.50', primitive(9, 2, ...le(1234567890150n, 8))],
    [
      'decimal16',
      '-12345678901234567890123456789012345.678',
      primitive(10, 3, ...le(-12345678901234567890123456789012345678n, 16)),
    ],
    ['date', '"1969-12-31"', primitive(11, ...le(-1n, 4))],
    ['timestamp', '"1970-01-01T00:00:01.000002+00:00"', primitive(12, ...le(1000002n, 8))],
    ['timestamp_ntz', '"1969-12-31T23:59:59.999999"', primitive(13, ...le(-1n, 8))],
    ['binary', '"AQL/"', primitive(15, ...le(3n, 4), 1, 2, 255)],
    ['string', '"a\\"\\nä"', primitive(16, ...le(5n, 4), ...Buffer.from('a"\nä'))],
    ['time', '"00:00:01.500000"', primitive(17, ...le(1500000n, 8))],
    ['nanoseconds', '"1969-12-31T23:59:59.999999999+00:00"', primitive(18, ...le(-1n, 8))],
    ['nanoseconds, no zone', '"1970-01-01T00:00:00.000001001"', primitive(19, ...le(1001n, 8))],
    [
      'uuid',
      '"00010203-0405-0607-0809-0a0b0c0d0e0f"',
      primitive(20, ...Array.from({ length: 16 }, (_, i) => i)),
    ],
    ['short string', '"häh"', [(4 << 2) | 1, ...Buffer.from('häh')]],
    ['empty string', '""', short('')],
    ['array', '[1,[],"x"]', array(primitive(3, 1), array(), short('x'))],
  ])('of type %s is exactly %s', async (_, json, value) => {
    expect(await read(GROUP, [valueOf(value)])).toEqual([json]);
  });

  it('has objects in the order of their names, and NULL beside the variant null', async () => {
    const value = object([1, primitive(1)], [0, object([2, short('x')])]);
    expect(await read(GROUP, [valueOf(value, 'b', 'a', 'ü'), null, valueOf(primitive(0))])).toEqual(
      ['{"a":true,"b":{"ü":"x"}}', null, 'null'],
    );
  });

  it('stands in lists, maps and structs too, and is NULL where a file is older', async () => {
    const groups = [
      field('l', list(GROUP)),
      field('m', {
        kind: 'map',
        key: { ...field('key', STRING), nullable: false },
        value: field('value', GROUP),
      }),
      field('s', struct(field('v', GROUP))),
    ];
    const one = valueOf(primitive(3, 1));
    const file = await openBytes(
      await ownFile(groups, [
        [[one, null], [['k', one]], { v: one }],
        [null, null, null],
      ]),
    );
    const wanted = [
      field('l', list(VARIANT)),
      field('m', {
        kind: 'map',
        key: { ...field('key', STRING), nullable: false },
        value: field('value', VARIANT),
      }),
      field('s', struct(field('v', VARIANT), field('w', VARIANT))),
      field('absent', VARIANT),
    ];
    expect(await readAll(file, { fields: wanted, match: 'name' })).toEqual([
      [['1', null], [['k', '1']], { v: '1', w: null }, null],
      [null, null, null, null],
    ]);
  });

  it.each<[string, RegExp, FieldType, FieldValue]>([
    ['another version', /version 1/, GROUP, { metadata: bytes([2, 0, 0]), value: bytes([0]) }],
    ['no metadata', /no metadata/, GROUP, { metadata: null, value: bytes([0]) }],
    ['an unknown type', /type 21/, GROUP, valueOf(primitive(21))],
    ['too few bytes', /bounds/, GROUP, valueOf(primitive(6, 1))],
    ['a short text', /too early/, GROUP, valueOf([(9 << 2) | 1, 65])],
    ['a count without bytes', /too early/, GROUP, valueOf([3 | (4 << 2), 255, 255, 255, 255])],
    ['a field without name', /without a name/, GROUP, valueOf(object([3, primitive(1)]), 'a')],
    [
      'two values at once',
      /two values/,
      struct(field('metadata', BINARY), field('value', BINARY), field('typed_value', STRING)),
      { metadata: metadata(), value: bytes(primitive(1)), typed_value: 'x' },
    ],
    [
      'fields of what is no object',
      /no object/,
      struct(
        field('metadata', BINARY),
        field('value', BINARY),
        field('typed_value', struct(field('a', struct(field('typed_value', STRING))))),
      ),
      {
        metadata: metadata(),
        value: bytes(primitive(1)),
        typed_value: { a: { typed_value: 'x' } },
      },
    ],
  ])('with %s is damaged, and the column named', async (_, says, group, row) => {
    await expect(read(group, [row])).rejects.toMatchObject({
      code: 'lake/parquet-corrupt',
      message: expect.stringMatching(says),
      context: { column: 'v' },
    });
  });

  it('is refused where the file has something else', async () => {
    await expect(read(STRING, ['x'])).rejects.toMatchObject({ code: 'lake/parquet-type' });
    const other = struct(field('value', BINARY));
    await expect(read(other, [{ value: null }])).rejects.toMatchObject({
      code: 'lake/parquet-type',
    });
  });
});

describe('a shredded variant', () => {
  const shredded = (typed: FieldType): FieldType =>
    struct(field('metadata', BINARY), field('value', BINARY), field('typed_value', typed));
  const typed = (value: FieldValue): FieldValue => ({
    metadata: metadata(),
    value: null,
    typed_value: value,
  });

  it.each<[FieldType, FieldValue, string]>([
    [{ kind: 'boolean' }, true, 'true'],
    [{ kind: 'int', bits: 8 }, -1, '-1'],
    [{ kind: 'int', bits: 64 }, 2n ** 60n, '1152921504606846976'],
    [{ kind: 'float', bits: 32 }, Math.fround(0.1), '0.1'],
    [{ kind: 'float', bits: 64 }, 2, '2.0'],
    [{ kind: 'decimal', precision: 5, scale: 2 }, 150n, '1.50'],
    [{ kind: 'decimal', precision: 12, scale: 2 }, -150n, '-1.50'],
    [{ kind: 'decimal', precision: 38, scale: 0 }, 10n ** 37n, '1' + '0'.repeat(37)],
    [{ kind: 'date' }, 1, '"1970-01-02"'],
    [{ kind: 'time' }, 1n, '"00:00:00.000001"'],
    [{ kind: 'timestamp', zone: 'utc' }, 0n, '"1970-01-01T00:00:00.000000+00:00"'],
    [{ kind: 'timestamp', zone: 'none' }, 0n, '"1970-01-01T00:00:00.000000"'],
    [BINARY, bytes([1]), '"AQ=="'],
    [STRING, 'x"', '"x\\""'],
    [
      { kind: 'uuid' },
      '00010203-0405-0607-0809-0a0b0c0d0e0f',
      '"00010203-0405-0607-0809-0a0b0c0d0e0f"',
    ],
  ])('into %j has what does not fit beside it', async (type, value, json) => {
    const rows = [
      typed(value),
      { ...(valueOf(short('n/a')) as object), typed_value: null },
      typed(null),
      null,
    ];
    expect(await read(shredded(type), rows)).toEqual([json, '"n/a"', 'null', null]);
  });

  it('into an array has elements of every kind', async () => {
    const element = struct(field('value', BINARY), field('typed_value', STRING));
    const items = [
      { value: null, typed_value: 'a' },
      { value: bytes(primitive(0)), typed_value: null },
      { value: bytes(primitive(3, 7)), typed_value: null },
    ];
    expect(await read(shredded(list(element)), [typed(items), typed([])])).toEqual([
      '["a",null,7]',
      '[]',
    ]);
  });

  it('into an object has shredded, other and missing fields, sorted by name', async () => {
    const nested = struct(
      field('value', BINARY),
      field('typed_value', struct(field('deep', struct(field('typed_value', STRING))))),
    );
    const type = shredded(
      struct(
        field('c', struct(field('value', BINARY), field('typed_value', STRING))),
        field('a', nested),
      ),
    );
    const names = metadata('a', 'b', 'c', 'deep');
    const row = (value: readonly number[] | null, c: FieldValue, a: FieldValue): FieldValue => ({
      metadata: names,
      value: value && bytes(value),
      typed_value: { c, a },
    });
    const missing = { value: null, typed_value: null };
    const deep = { value: null, typed_value: { deep: { typed_value: 'd' } } };
    const rows = [
      row(object([1, primitive(1)]), { value: null, typed_value: 'x' }, deep),
      row(null, { value: bytes(primitive(0)), typed_value: null }, missing),
      row(null, missing, missing),
      { metadata: names, value: bytes(short('no object')), typed_value: null },
    ];
    expect(await read(type, rows)).toEqual([
      '{"a":{"deep":"d"},"b":true,"c":"x"}',
      '{"c":null}',
      '{}',
      '"no object"',
    ]);
  });
});
