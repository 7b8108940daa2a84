import { describe, expect, test } from '@jest/globals';
import { createColumn } from '@cdc-demo/cdc-core';
import type { Column, Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { gatherColumn } from './gather-column.ts';
import type { RowRefs } from './row-plan.ts';

const field = (name: string, type: FieldType): Field => ({ id: 0, name, type, nullable: true });
const bytes = fc.uint8Array({ maxLength: 70 });

/** A type with values of it; nested ones to two levels. */
const TYPES: readonly (readonly [FieldType, fc.Arbitrary<FieldValue>])[] = [
  [{ kind: 'boolean' }, fc.boolean()],
  [{ kind: 'int', bits: 16 }, fc.integer({ min: -32_768, max: 32_767 })],
  [{ kind: 'int', bits: 64 }, fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)],
  [{ kind: 'float', bits: 32 }, fc.float()],
  [{ kind: 'float', bits: 64 }, fc.double()],
  [{ kind: 'decimal', precision: 9, scale: 2 }, fc.bigInt(-999_999_999n, 999_999_999n)],
  [{ kind: 'decimal', precision: 20, scale: 2 }, fc.bigInt(-(10n ** 19n), 10n ** 19n)],
  [{ kind: 'decimal', precision: 38, scale: 0 }, fc.bigInt(-(10n ** 37n), 10n ** 37n)],
  [{ kind: 'uuid' }, fc.uuid()],
  [{ kind: 'string' }, fc.string({ maxLength: 60 })],
  [{ kind: 'binary' }, bytes],
  [{ kind: 'date' }, fc.integer({ min: -100_000, max: 100_000 })],
  [{ kind: 'time' }, fc.bigInt(0n, 86_400_000_000n)],
];
const maybe = (value: fc.Arbitrary<FieldValue>): fc.Arbitrary<FieldValue> =>
  fc.option(value, { nil: null });
const LEAF = TYPES[9]!;
const NESTED: readonly (readonly [FieldType, fc.Arbitrary<FieldValue>])[] = TYPES.flatMap(
  ([type, value]): (readonly [FieldType, fc.Arbitrary<FieldValue>])[] => [
    [{ kind: 'list', element: field('element', type) }, fc.array(maybe(value), { maxLength: 4 })],
    [
      { kind: 'map', key: field('key', LEAF[0]), value: field('value', type) },
      fc.array(fc.tuple(LEAF[1], maybe(value)), { maxLength: 3 }),
    ],
    [
      {
        kind: 'struct',
        fields: [
          field('a', type),
          field('b', { kind: 'list', element: field('element', LEAF[0]) }),
        ],
      },
      fc.record({ a: maybe(value), b: maybe(fc.array(maybe(LEAF[1]), { maxLength: 3 })) }),
    ],
  ],
);

function columnOf(type: FieldType, values: readonly FieldValue[]): Column {
  const column = createColumn(type, 1);
  for (const value of values) column.appendValue(value);
  return column;
}

function refsOf(pairs: readonly (readonly [number, number])[]): RowRefs {
  return {
    length: pairs.length,
    source: Uint32Array.from(pairs, ([source]) => source),
    row: Uint32Array.from(pairs, ([, row]) => row),
  };
}

describe('gatherColumn', () => {
  test('gives the rows named, for every type, in runs and at random', () => {
    const cases = fc.constantFrom(...TYPES, ...NESTED).chain(([type, value]) =>
      fc.record({
        type: fc.constant(type),
        sources: fc.array(fc.array(maybe(value), { minLength: 1, maxLength: 12 }), {
          minLength: 1,
          maxLength: 3,
        }),
        picks: fc.array(fc.tuple(fc.nat(20), fc.nat(20), fc.integer({ min: 1, max: 5 })), {
          maxLength: 12,
        }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ type, sources, picks }) => {
        // One source more, which has no values at all.
        const columns = [...sources.map((values) => columnOf(type, values)), createColumn(type, 0)];
        const pairs = picks.flatMap(([source, row, run]) => {
          const at = source % columns.length;
          const length = sources[at]?.length ?? 100;
          const first = row % length;
          return Array.from(
            { length: Math.min(run, length - first) },
            (_, i) => [at, first + i] as const,
          );
        });
        const out = gatherColumn(type, columns, refsOf(pairs));
        const expected = columnOf(
          type,
          pairs.map(([source, row]) =>
            source < sources.length ? columns[source]!.value(row) : null,
          ),
        );
        expect(out.length).toBe(pairs.length);
        for (let i = 0; i < pairs.length; i++) expect(out.equalAt(i, expected, i)).toBe(true);
        // It is a column like any other: it takes further values.
        out.appendNull();
        out.appendFrom(expected as never, 0 as never);
      }),
      { numRuns: 1_000 },
    );
  });

  test('bytes that lie at odd places are gathered all the same', () => {
    const column = columnOf({ kind: 'uuid' }, ['00000000-0000-0000-0000-000000000001']);
    const shifted = createColumn({ kind: 'uuid' }, 1) as typeof column & { data: Uint8Array };
    shifted.appendFrom(column as never, 0);
    const odd = new Uint8Array(17);
    odd.set(shifted.data, 1);
    shifted.data = odd.subarray(1);
    const out = gatherColumn(
      { kind: 'uuid' },
      [column, shifted],
      refsOf([
        [1, 0],
        [0, 0],
      ]),
    );
    expect(out.equalAt(0, out, 1)).toBe(true);
    expect(out.value(0)).toBe('00000000-0000-0000-0000-000000000001');
  });

  test('an UNCHANGED value is never written', () => {
    const column = columnOf({ kind: 'string' }, ['a']);
    column.appendUnchanged();
    expect(() => gatherColumn({ kind: 'string' }, [column], refsOf([[0, 1]]))).toThrow(/UNCHANGED/);
    expect(gatherColumn({ kind: 'string' }, [column], refsOf([[0, 0]])).value(0)).toBe('a');
  });

  test('sources of another class are refused', () => {
    const column = columnOf({ kind: 'string' }, ['a']);
    for (const [type] of [TYPES[0]!, TYPES[1]!, TYPES[2]!, TYPES[3]!, TYPES[8]!, NESTED[0]!]) {
      expect(() => gatherColumn(type, [column], refsOf([[0, 0]]))).toThrow(TypeError);
    }
    const one = field('a', LEAF[0]);
    const struct = columnOf({ kind: 'struct', fields: [one] }, [{ a: 'x' }]);
    const wider: FieldType = { kind: 'struct', fields: [one, field('b', LEAF[0])] };
    expect(() => gatherColumn(wider, [struct], refsOf([[0, 0]]))).toThrow(/fewer fields/);
  });
});
