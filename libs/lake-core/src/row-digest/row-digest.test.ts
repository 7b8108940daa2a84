import { describe, expect, test } from '@jest/globals';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { RowDigester, RowSetDigest, digestKey } from './row-digest.ts';

const fields: readonly Field[] = [
  { id: 1, name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
  { id: 2, name: 'text', type: { kind: 'string' }, nullable: true },
];

const anyRow = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.option(fc.string({ unit: 'binary' })));

function setOf(digester: RowDigester, rows: readonly (readonly FieldValue[])[]): RowSetDigest {
  const set = new RowSetDigest();
  for (const row of rows) set.add(digester.digest(fields, row));
  return set;
}

describe('digest of rows', () => {
  test('of a multiset does not depend on the order, and on nothing else less than its rows', () => {
    fc.assert(
      fc.property(fc.array(anyRow), fc.array(anyRow), (left, right) => {
        const digester = new RowDigester();
        const text = (rows: typeof left): string =>
          JSON.stringify(rows.map((row) => JSON.stringify(row)).toSorted());
        const sorted = left.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
        expect(setOf(digester, left).equals(setOf(digester, sorted))).toBe(true);
        if (text(left) === text(right)) return;
        expect(setOf(digester, left).equals(setOf(digester, right))).toBe(false);
      }),
    );
  });

  test('a row removed before or after it is added is not there', () => {
    fc.assert(
      fc.property(fc.array(anyRow), anyRow, (rows, row) => {
        const digester = new RowDigester();
        const set = setOf(digester, rows);
        const before = set.copy();
        before.remove(digester.digest(fields, row));
        expect(before.equals(set)).toBe(false);
        before.add(digester.digest(fields, row));
        expect(before.equals(set)).toBe(true);
      }),
    );
  });

  test('tells rows apart that differ in where a text ends, in NULL, or in one letter', () => {
    const digester = new RowDigester();
    const rows: FieldValue[][] = [
      [1, 'ab'],
      [1, 'abc'],
      [1, null],
      [1, 'null'],
      [11, 'ab'],
      [1, 'x'.repeat(5000)],
      [1, `${'x'.repeat(4999)}y`],
    ];
    const keys = rows.map((row) => digestKey(digester.digest(fields, row)));
    expect(new Set(keys).size).toBe(rows.length);
    expect(digestKey(digester.digest(fields, [1, 'ab']))).toBe(keys[0]);
  });
});
