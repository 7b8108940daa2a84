/** A column by its name, or a field of structs by the names from the column down to it. */
export type ColumnPath = string | readonly string[];

/**
 * A value to compare with, as rows have it (`FieldValue`: bigint for 64-bit integers, unscaled
 * decimals and microseconds, days for dates). For convenience also: a number for any integer, text
 * for decimals, dates and timestamps (`'12.50'`, `'2026-01-31'`, `'2026-01-31T12:00:00Z'`), a
 * `Date` for timestamps and for dates at midnight UTC. Null compares as in SQL: with nothing.
 */
export type Literal = boolean | number | bigint | string | Uint8Array | Date | null;

export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/**
 * A condition on rows, as plain data, with the three values of SQL: a comparison with NULL is
 * neither true nor false, and only rows of which the whole is true are chosen.
 *
 * Strings compare by code point, binary by unsigned byte, false before true. Floats compare as in
 * Spark and Postgres: NaN equals itself and is greater than everything, both zeros are equal.
 */
export type Predicate =
  | { readonly and: readonly Predicate[] }
  | { readonly or: readonly Predicate[] }
  | { readonly not: Predicate }
  | {
      readonly column: ColumnPath;
      readonly is: ComparisonOperator;
      readonly value: Literal;
    }
  | { readonly column: ColumnPath; readonly in: readonly Literal[] }
  | { readonly column: ColumnPath; readonly startsWith: string }
  | { readonly column: ColumnPath; readonly isNull: boolean };

/** True when all are; of none it is true. */
export const and = (...predicates: readonly Predicate[]): Predicate => ({ and: predicates });
/** True when one is; of none it is false. */
export const or = (...predicates: readonly Predicate[]): Predicate => ({ or: predicates });
export const not = (predicate: Predicate): Predicate => ({ not: predicate });

const comparison =
  (is: ComparisonOperator) =>
  (column: ColumnPath, value: Literal): Predicate => ({ column, is, value });

export const eq = comparison('=');
export const ne = comparison('!=');
export const lt = comparison('<');
export const le = comparison('<=');
export const gt = comparison('>');
export const ge = comparison('>=');

/** SQL's `IN`: with a null among the values it is never false. */
export const oneOf = (column: ColumnPath, values: readonly Literal[]): Predicate => ({
  column,
  in: values,
});
export const startsWith = (column: ColumnPath, prefix: string): Predicate => ({
  column,
  startsWith: prefix,
});
export const isNull = (column: ColumnPath): Predicate => ({ column, isNull: true });
export const isNotNull = (column: ColumnPath): Predicate => ({ column, isNull: false });
