import { describeType } from '@cdc-demo/cdc-core';
import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { LakeError } from '../errors.ts';
import { isComparable } from './comparable.ts';
import type { Comparable } from './comparable.ts';
import { literalValue } from './literal.ts';
import type { ColumnPath, ComparisonOperator, Predicate } from './predicate.ts';

/** A column of a predicate, found among fields. */
export interface BoundColumn {
  /** The index among the fields, then those among the fields of structs. */
  readonly path: readonly number[];
  readonly name: string;
  readonly type: FieldType;
}

/** A predicate over certain fields, its literals in the form of their columns. */
export type BoundPredicate =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly BoundPredicate[] }
  | { readonly kind: 'not'; readonly term: BoundPredicate }
  | {
      readonly kind: 'compare';
      readonly column: BoundColumn;
      readonly is: ComparisonOperator;
      /** Undefined for NULL. */
      readonly value: Comparable | undefined;
    }
  | {
      readonly kind: 'in';
      readonly column: BoundColumn;
      readonly values: readonly Comparable[];
      readonly hasNull: boolean;
    }
  | { readonly kind: 'startsWith'; readonly column: BoundColumn; readonly prefix: Uint8Array }
  | { readonly kind: 'isNull'; readonly column: BoundColumn };

/**
 * Finds the columns of a predicate among fields, by exact name or else without regard to case.
 * @throws LakeError `lake/predicate` for a column that is not there or has no order, or a literal
 * that is none of its values
 */
export function bindPredicate(predicate: Predicate, fields: readonly Field[]): BoundPredicate {
  if ('and' in predicate) {
    return { kind: 'and', terms: predicate.and.map((term) => bindPredicate(term, fields)) };
  }
  if ('or' in predicate) {
    return { kind: 'or', terms: predicate.or.map((term) => bindPredicate(term, fields)) };
  }
  if ('not' in predicate) return { kind: 'not', term: bindPredicate(predicate.not, fields) };
  const column = findColumn(predicate.column, fields);
  if ('isNull' in predicate) {
    const term = { kind: 'isNull', column } as const;
    return predicate.isNull ? term : { kind: 'not', term };
  }
  const { type, name } = column;
  if (!isComparable(type)) {
    throw wrong(name, `has the type ${describeType(type)}, whose values have no order`);
  }
  if ('startsWith' in predicate) {
    if (type.kind !== 'string') throw wrong(name, 'is no string and begins with nothing');
    return { kind: 'startsWith', column, prefix: Buffer.from(predicate.startsWith) };
  }
  if ('in' in predicate) {
    const values = predicate.in.flatMap((value) =>
      value === null ? [] : [literalValue(type, value, name)],
    );
    return { kind: 'in', column, values, hasNull: values.length < predicate.in.length };
  }
  const { is, value } = predicate;
  const bound = value === null ? undefined : literalValue(type, value, name);
  return { kind: 'compare', column, is, value: bound };
}

/** The names of the columns that a predicate is about, from the top level, each once. */
export function predicateColumns(predicate: Predicate): readonly string[] {
  const names = new Set<string>();
  const visit = (one: Predicate): void => {
    if ('and' in one) one.and.forEach(visit);
    else if ('or' in one) one.or.forEach(visit);
    else if ('not' in one) visit(one.not);
    else names.add(namesOf(one.column)[0] ?? '');
  };
  visit(predicate);
  return [...names];
}

/** The columns of a bound predicate, each path once. */
export function boundColumns(predicate: BoundPredicate): readonly BoundColumn[] {
  const columns = new Map<string, BoundColumn>();
  const visit = (one: BoundPredicate): void => {
    if ('terms' in one) one.terms.forEach(visit);
    else if ('term' in one) visit(one.term);
    else columns.set(one.column.path.join('.'), one.column);
  };
  visit(predicate);
  return [...columns.values()];
}

function namesOf(path: ColumnPath): readonly string[] {
  return typeof path === 'string' ? [path] : path;
}

/**
 * A column by exact name or else without regard to case.
 * @throws LakeError `lake/predicate` when it is not there
 */
export function findColumn(column: ColumnPath, fields: readonly Field[]): BoundColumn {
  const names = namesOf(column);
  const path: number[] = [];
  let level = fields;
  let type: FieldType | undefined;
  for (const name of names) {
    const at = indexOf(name, level);
    type = level[at]?.type;
    path.push(at);
    level = type?.kind === 'struct' ? type.fields : [];
  }
  const name = names.join('.');
  if (type) return { path, name, type };
  throw wrong(name, 'is not there');
}

function indexOf(name: string, fields: readonly Field[]): number {
  const exact = fields.findIndex((field) => field.name === name);
  if (exact >= 0) return exact;
  const folded = name.toLowerCase();
  return fields.findIndex((field) => field.name.toLowerCase() === folded);
}

function wrong(column: string, what: string): LakeError {
  return new LakeError('lake/predicate', `The predicate cannot be used: column ${column} ${what}`, {
    context: { column },
  });
}
