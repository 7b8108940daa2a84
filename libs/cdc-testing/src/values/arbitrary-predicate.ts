import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import fc from 'fast-check';

type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';
type Value = boolean | number | bigint | string | Uint8Array | null;

/** Predicates in the form in which tables take them; literals are values as rows have them. */
export type TestPredicate =
  | { readonly and: readonly TestPredicate[] }
  | { readonly or: readonly TestPredicate[] }
  | { readonly not: TestPredicate }
  | { readonly column: readonly string[]; readonly is: Operator; readonly value: Value }
  | { readonly column: readonly string[]; readonly in: readonly Value[] }
  | { readonly column: readonly string[]; readonly startsWith: string }
  | { readonly column: readonly string[]; readonly isNull: boolean };

/** A row as `ColumnBatch.row` gives it. */
type Row = readonly FieldValue[];

const OPERATORS: readonly Operator[] = ['=', '!=', '<', '<=', '>', '>='];
const WITHOUT_ORDER: ReadonlySet<string> = new Set(['list', 'map', 'struct', 'json', 'variant']);

/**
 * Predicates over fields, structs among them, whose literals are values of `rows`: others would
 * seldom choose anything.
 */
export function arbitraryPredicate(
  fields: readonly Field[],
  rows: readonly Row[],
): fc.Arbitrary<TestPredicate> {
  const columns = leaves(fields).map(({ path, type }) => {
    const values = rows.map((row) => valueAt(row, path, fields).value as Value);
    return { path, type, values: values.length === 0 ? [null] : values };
  });
  const leaf = fc.constantFrom(...columns).chain(({ path, type, values }) => {
    const isNull = fc.boolean().map((is): TestPredicate => ({ column: path, isNull: is }));
    if (WITHOUT_ORDER.has(type.kind)) return isNull;
    const value = fc.constantFrom(...values);
    const compared = fc
      .record({ is: fc.constantFrom(...OPERATORS), value })
      .map((one): TestPredicate => ({ column: path, ...one }));
    const listed = fc
      .array(value, { maxLength: 3 })
      .map((list): TestPredicate => ({ column: path, in: list }));
    if (type.kind !== 'string') return fc.oneof({ weight: 4, arbitrary: compared }, listed, isNull);
    const prefix = fc
      .tuple(value, fc.nat(4))
      .map(([text, length]): TestPredicate => ({ column: path, startsWith: cut(text, length) }));
    return fc.oneof({ weight: 4, arbitrary: compared }, listed, isNull, prefix);
  });
  return fc.letrec<{ predicate: TestPredicate }>((tie) => ({
    predicate: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      { weight: 3, arbitrary: leaf },
      fc.array(tie('predicate'), { maxLength: 3 }).map((and): TestPredicate => ({ and })),
      fc.array(tie('predicate'), { maxLength: 3 }).map((or): TestPredicate => ({ or })),
      tie('predicate').map((not): TestPredicate => ({ not })),
    ),
  })).predicate;
}

/** SQL's answer for one row, worked out value by value; null for unknown. */
export function satisfies(
  predicate: TestPredicate,
  row: Row,
  fields: readonly Field[],
): boolean | null {
  if ('and' in predicate) {
    const each = predicate.and.map((term) => satisfies(term, row, fields));
    return each.includes(false) ? false : each.includes(null) ? null : true;
  }
  if ('or' in predicate) {
    const each = predicate.or.map((term) => satisfies(term, row, fields));
    return each.includes(true) ? true : each.includes(null) ? null : false;
  }
  if ('not' in predicate) {
    const answer = satisfies(predicate.not, row, fields);
    return answer === null ? null : !answer;
  }
  const { value, type } = valueAt(row, predicate.column, fields);
  if ('isNull' in predicate) return (value === null) === predicate.isNull;
  if (value === null) return null;
  if ('startsWith' in predicate) return (value as string).startsWith(predicate.startsWith);
  if ('in' in predicate) {
    const isIn = predicate.in.some((one) => one !== null && order(value, one, type) === 0);
    return isIn ? true : predicate.in.includes(null) ? null : false;
  }
  if (predicate.value === null) return null;
  const found = order(value, predicate.value, type);
  switch (predicate.is) {
    case '=':
      return found === 0;
    case '!=':
      return found !== 0;
    case '<':
      return found < 0;
    case '<=':
      return found <= 0;
    case '>':
      return found > 0;
    case '>=':
      return found >= 0;
  }
}

function cut(text: Value, length: number): string {
  return Array.from((text as string | null) ?? '')
    .slice(0, length)
    .join('');
}

function order(a: FieldValue, b: Value, type: FieldType): number {
  if (type.kind === 'string') return orderOfLists(codePoints(a as string), codePoints(b as string));
  if (type.kind === 'binary') return orderOfLists([...(a as Uint8Array)], [...(b as Uint8Array)]);
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

function orderOfLists(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  if (at < 0) return a.length - b.length;
  return at < b.length ? (a[at] ?? 0) - (b[at] ?? 0) : 1;
}

function leaves(
  fields: readonly Field[],
  above: readonly string[] = [],
): { readonly path: readonly string[]; readonly type: FieldType }[] {
  return fields.flatMap(({ name, type }) => {
    const path = [...above, name];
    const below = type.kind === 'struct' ? leaves(type.fields, path) : [];
    return [{ path, type }, ...below];
  });
}

function valueAt(
  row: Row,
  [first = '', ...rest]: readonly string[],
  fields: readonly Field[],
): { readonly value: FieldValue; readonly type: FieldType } {
  const at = fields.findIndex(({ name }) => name === first);
  let value = row[at] ?? null;
  let type = fields[at]?.type ?? { kind: 'string' };
  for (const name of rest) {
    const nested =
      type.kind === 'struct' ? type.fields.find((one) => one.name === name) : undefined;
    type = nested?.type ?? type;
    value = (value as Readonly<Record<string, FieldValue>> | null)?.[name] ?? null;
  }
  return { value, type };
}
