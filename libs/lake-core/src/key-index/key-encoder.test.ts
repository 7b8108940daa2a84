import { describe, expect, test } from '@jest/globals';
import { ColumnBatch, NULL, PRESENT, UNCHANGED } from '@cdc-demo/cdc-core';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { KeyBlock } from './key-block.ts';
import { KeyEncoder } from './key-encoder.ts';

const secret = Uint8Array.from({ length: 16 }, (_, i) => i * 11);
const field = (type: FieldType, i: number) => ({
  id: i,
  name: `c${String(i)}`,
  type,
  nullable: true,
});

/** Few values of each type, so that equal keys happen, the hard ones among them. */
const VALUES: readonly (readonly [FieldType, readonly FieldValue[]])[] = [
  [{ kind: 'boolean' }, [true, false]],
  [{ kind: 'int', bits: 8 }, [0, -1, 127, -128]],
  [{ kind: 'int', bits: 16 }, [0, -1, 256]],
  [{ kind: 'int', bits: 32 }, [0, -1, 2 ** 31 - 1]],
  [{ kind: 'int', bits: 64 }, [0n, -1n, 1n << 32n, 1n, -(1n << 63n)]],
  [{ kind: 'float', bits: 32 }, [0, 1, Infinity, NaN]],
  [{ kind: 'float', bits: 64 }, [0, 1e300, -Infinity, NaN]],
  [{ kind: 'decimal', precision: 5, scale: 2 }, [0n, -1n, 99999n]],
  [{ kind: 'decimal', precision: 18, scale: 0 }, [0n, -1n, 10n ** 17n]],
  [{ kind: 'decimal', precision: 20, scale: 3 }, [0n, -1n, 256n, 10n ** 19n]],
  [{ kind: 'decimal', precision: 38, scale: 10 }, [0n, -1n, 10n ** 37n, 1n << 64n]],
  [{ kind: 'string' }, ['', 'a', 'aa', '\0', 'ä', 'x'.repeat(40)]],
  [{ kind: 'json' }, ['{}', '[]']],
  [
    { kind: 'uuid' },
    ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000001'],
  ],
  [{ kind: 'binary' }, [Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(0, 0)]],
  [{ kind: 'date' }, [0, -719_528]],
  [{ kind: 'time' }, [0n, 86_400_000_000n]],
  [{ kind: 'timestamp', zone: 'utc' }, [0n, -1n]],
  [{ kind: 'timestamp', zone: 'none' }, [0n, 1n << 50n]],
];

const keys = fc.array(fc.nat(VALUES.length - 1), { minLength: 1, maxLength: 4 }).chain((kinds) =>
  fc.record({
    types: fc.constant(kinds.map((kind) => VALUES[kind]![0])),
    rows: fc.array(fc.tuple(...kinds.map((kind) => fc.constantFrom(...VALUES[kind]![1]))), {
      minLength: 2,
      maxLength: 30,
    }),
  }),
);

const textOf = (row: readonly FieldValue[]): string =>
  row
    .map((value) =>
      value instanceof Uint8Array ? `b${value.join()}` : JSON.stringify(String(value as unknown)),
    )
    .join('|');

function wordsOf(block: KeyBlock, i: number): string {
  return block.words.subarray(i * block.width, (i + 1) * block.width).join();
}

describe('KeyEncoder', () => {
  test('gives equal words exactly for equal keys, for every type and combination', () => {
    fc.assert(
      fc.property(keys, fc.nat(5), ({ types, rows }, skip) => {
        const encoder = new KeyEncoder(types.map(field), secret);
        const batch = new ColumnBatch(types.map(field));
        for (const row of rows) batch.appendRow(row);
        const block = new KeyBlock(encoder.width);
        const start = Math.min(skip, rows.length - 1);
        expect(encoder.encode(batch.columns, { start, end: rows.length }, block)).toBe(0);
        expect(block.length).toBe(rows.length - start);
        const byText = new Map<string, string>();
        for (let i = 0; i < block.length; i++) {
          const text = textOf(rows[start + i]!);
          expect(byText.get(text) ?? wordsOf(block, i)).toBe(wordsOf(block, i));
          byText.set(text, wordsOf(block, i));
        }
        expect(new Set(byText.values()).size).toBe(byText.size);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    [['int16'], 1, false],
    [['int64'], 2, false],
    [['int32', 'int32'], 2, false],
    [['int64', 'int32'], 4, false],
    [['int64', 'int64'], 4, false],
    [['uuid'], 4, false],
    [['uuid', 'int32'], 4, true],
    [['string'], 4, true],
  ] as const)('a key of %j takes %i words', (names, width, isHashed) => {
    const types: Record<string, FieldType> = {
      int16: { kind: 'int', bits: 16 },
      int32: { kind: 'int', bits: 32 },
      int64: { kind: 'int', bits: 64 },
      uuid: { kind: 'uuid' },
      string: { kind: 'string' },
    };
    const encoder = new KeyEncoder(
      names.map((name, i) => field(types[name]!, i)),
      secret,
    );
    expect([encoder.width, encoder.isHashed]).toEqual([width, isHashed]);
  });

  test('fixed-width keys are kept as they are', () => {
    const encoder = new KeyEncoder([field({ kind: 'int', bits: 64 }, 0)], secret);
    const batch = new ColumnBatch([field({ kind: 'int', bits: 64 }, 0)]);
    batch.appendRow([(5n << 32n) | 9n]);
    const block = new KeyBlock(2);
    encoder.encode(batch.columns, { start: 0, end: 1 }, block);
    expect([...block.words.subarray(0, 2)]).toEqual([9, 5]);
  });

  test('-0 is 0 and every NaN is one NaN, plain and hashed', () => {
    const otherNaN = new Float64Array(new Uint32Array([1, 0xfff00000]).buffer)[0]!;
    for (const bits of [32, 64] as const) {
      for (const extra of [[], ['x']]) {
        const types: FieldType[] = [{ kind: 'float', bits }];
        if (extra.length > 0) types.push({ kind: 'string' });
        const batch = new ColumnBatch(types.map(field));
        for (const value of [0, -0, NaN, otherNaN]) batch.appendRow([value, ...extra]);
        const encoder = new KeyEncoder(types.map(field), secret);
        const block = new KeyBlock(encoder.width);
        encoder.encode(batch.columns, { start: 0, end: 4 }, block);
        expect(wordsOf(block, 1)).toBe(wordsOf(block, 0));
        expect(wordsOf(block, 3)).toBe(wordsOf(block, 2));
        expect(wordsOf(block, 2)).not.toBe(wordsOf(block, 0));
      }
    }
  });

  test('a hashed key depends on the secret', () => {
    const fields = [field({ kind: 'string' }, 0)];
    const batch = new ColumnBatch(fields);
    batch.appendRow(['a']);
    const [own, other] = [secret, secret.slice().fill(1)].map((key) => {
      const block = new KeyBlock(4);
      new KeyEncoder(fields, key).encode(batch.columns, { start: 0, end: 1 }, block);
      return wordsOf(block, 0);
    });
    expect(own).not.toBe(other);
  });

  test('says which keys have a NULL or an unknown part', () => {
    for (const second of [{ kind: 'int', bits: 32 }, { kind: 'string' }] as const) {
      const fields = [field({ kind: 'int', bits: 32 }, 0), field(second, 1)];
      const value = second.kind === 'int' ? 1 : 'a';
      const batch = new ColumnBatch(fields);
      batch.appendRow([1, value]);
      batch.appendRow([null, value]);
      batch.appendRow([1, null]);
      batch.columns[0]!.appendUnchanged();
      batch.columns[1]!.appendValue(value);
      batch.endRow();
      batch.columns[0]!.appendUnchanged();
      batch.columns[1]!.appendNull();
      batch.endRow();
      const encoder = new KeyEncoder(fields, secret);
      const block = new KeyBlock(encoder.width);
      expect(encoder.encode(batch.columns, { start: 0, end: 5 }, block)).toBe(4);
      expect([...block.presence.subarray(0, 5)]).toEqual([PRESENT, NULL, NULL, UNCHANGED, NULL]);
      expect(encoder.encode(batch.columns, { start: 0, end: 1 }, block)).toBe(0);
    }
  });

  test('a list is no key', () => {
    const element = field({ kind: 'int', bits: 32 }, 0);
    const list = field({ kind: 'list', element }, 0);
    expect(() => new KeyEncoder([list], secret)).toThrow(
      expect.objectContaining({ code: 'lake/key-type' }),
    );
    expect(() => new KeyEncoder([], secret)).toThrow(RangeError);
  });

  test('columns of another type than the fields are refused', () => {
    const text = new ColumnBatch([field({ kind: 'string' }, 0)]);
    const nested = field({ kind: 'struct', fields: [field({ kind: 'date' }, 0)] }, 0);
    const struct = new ColumnBatch([nested]);
    text.appendRow(['a']);
    struct.appendRow([{ c0: 1 }]);
    const row = { start: 0, end: 1 };
    const plain = new KeyEncoder([field({ kind: 'date' }, 0)], secret);
    expect(() => plain.encode(text.columns, row, new KeyBlock(1))).toThrow(TypeError);
    const hashed = new KeyEncoder([field({ kind: 'string' }, 0)], secret);
    expect(() => hashed.encode(struct.columns, row, new KeyBlock(4))).toThrow(TypeError);
  });
});
