import type { BoundColumn, BoundPredicate } from './bound-predicate.ts';
import { compareValues, hasPrefix } from './comparable.ts';
import type { Comparable } from './comparable.ts';
import type { ComparisonOperator } from './predicate.ts';

/** What is known of the values of a column in some rows. */
export interface ColumnBounds {
  /** At or below every value that is there; undefined where it is not known. */
  readonly lower: Comparable | undefined;
  /** At or above every value that is there; undefined where it is not known. */
  readonly upper: Comparable | undefined;
  /** Are none of the rows NULL, or all of them? */
  readonly nulls: 'none' | 'all' | 'unknown';
  /** May a value be among them? Where it is left out, every one within the bounds. */
  readonly mayBe?: ((value: Comparable) => boolean) | undefined;
}

export const NO_BOUNDS: ColumnBounds = { lower: undefined, upper: undefined, nulls: 'unknown' };
export const ALL_NULL: ColumnBounds = { lower: undefined, upper: undefined, nulls: 'all' };

/** The bounds of a column whose values are all the same. */
export function exactBounds(value: Comparable | undefined): ColumnBounds {
  return value === undefined ? ALL_NULL : { lower: value, upper: value, nulls: 'none' };
}

const FALSE = 1;
const TRUE = 2;
const UNKNOWN = 4;
/** A set of outcomes: a sum of the above. */
type Outcomes = number;

/** What the rows within bounds may come to. */
export interface PossibleOutcomes {
  /** May a row be chosen? When not, rows within these bounds need not be looked at. */
  readonly someMatch: boolean;
  /** Are all rows chosen, whatever they are? */
  readonly allMatch: boolean;
}

/**
 * What a predicate may be for rows of which the bounds of each column are known. Never wrong, and
 * as narrow as each comparison for itself allows.
 */
export function possibleOutcomes(
  predicate: BoundPredicate,
  boundsOf: (column: BoundColumn) => ColumnBounds,
): PossibleOutcomes {
  const outcomes = outcomesOf(predicate, boundsOf);
  return { someMatch: (outcomes & TRUE) !== 0, allMatch: outcomes === TRUE };
}

function outcomesOf(
  predicate: BoundPredicate,
  boundsOf: (column: BoundColumn) => ColumnBounds,
): Outcomes {
  switch (predicate.kind) {
    case 'and':
      return predicate.terms.map((term) => outcomesOf(term, boundsOf)).reduce(both, TRUE);
    case 'or':
      // Not (not a and not b), which holds with three values too.
      return inverse(
        predicate.terms.map((term) => inverse(outcomesOf(term, boundsOf))).reduce(both, TRUE),
      );
    case 'not':
      return inverse(outcomesOf(predicate.term, boundsOf));
    case 'isNull': {
      const { nulls } = boundsOf(predicate.column);
      if (nulls === 'unknown') return TRUE | FALSE;
      return nulls === 'all' ? TRUE : FALSE;
    }
    default:
      return ofValues(predicate, boundsOf(predicate.column));
  }
}

/** The outcomes of `a AND b` for each outcome of either. */
function both(a: Outcomes, b: Outcomes): Outcomes {
  const isTrue = a & b & TRUE;
  const isFalse = (a | b) & FALSE;
  const mayBeUnknown = ((a & UNKNOWN) !== 0 && b !== FALSE) || ((b & UNKNOWN) !== 0 && a !== FALSE);
  return isTrue | isFalse | (mayBeUnknown ? UNKNOWN : 0);
}

function inverse(outcomes: Outcomes): Outcomes {
  const swapped = ((outcomes & TRUE) >> 1) | ((outcomes & FALSE) << 1);
  return swapped | (outcomes & UNKNOWN);
}

type ValuePredicate = Extract<BoundPredicate, { readonly kind: 'compare' | 'in' | 'startsWith' }>;

function ofValues(predicate: ValuePredicate, bounds: ColumnBounds): Outcomes {
  if (bounds.nulls === 'all') return UNKNOWN;
  const nulls = bounds.nulls === 'none' ? 0 : UNKNOWN;
  switch (predicate.kind) {
    case 'compare':
      return nulls | ofComparison(predicate.is, predicate.value, bounds);
    case 'in': {
      const each = predicate.values.map((value) => ofComparison('=', value, bounds));
      const isTrue = each.some((outcomes) => (outcomes & TRUE) !== 0) ? TRUE : 0;
      if (each.includes(TRUE)) return nulls | TRUE;
      return nulls | isTrue | (predicate.hasNull ? UNKNOWN : FALSE);
    }
    case 'startsWith':
      return nulls | ofPrefix(predicate.prefix, bounds);
  }
}

function ofComparison(
  is: ComparisonOperator,
  value: Comparable | undefined,
  { lower, upper, mayBe: mayBeAmong }: ColumnBounds,
): Outcomes {
  if (value === undefined) return UNKNOWN;
  if (mayBeAmong && (is === '=' || is === '!=') && !mayBeAmong(value)) {
    return is === '=' ? FALSE : TRUE;
  }
  // The order of the least and of the greatest value to `value`, as far as it is known.
  const least = lower === undefined ? -1 : compareValues(lower, value);
  const greatest = upper === undefined ? 1 : compareValues(upper, value);
  const outcomes = (mayBe: boolean, mayNotBe: boolean): Outcomes =>
    (mayBe ? TRUE : 0) | (mayNotBe ? FALSE : 0);
  switch (is) {
    case '=':
      return outcomes(least <= 0 && greatest >= 0, least !== 0 || greatest !== 0);
    case '!=':
      return outcomes(least !== 0 || greatest !== 0, least <= 0 && greatest >= 0);
    case '<':
      return outcomes(least < 0, greatest >= 0);
    case '<=':
      return outcomes(least <= 0, greatest > 0);
    case '>':
      return outcomes(greatest > 0, least <= 0);
    case '>=':
      return outcomes(greatest >= 0, least < 0);
  }
}

function ofPrefix(prefix: Uint8Array, { lower, upper }: ColumnBounds): Outcomes {
  const low = lower instanceof Uint8Array ? lower : undefined;
  const high = upper instanceof Uint8Array ? upper : undefined;
  const isBehind = low && !hasPrefix(low, prefix) && Buffer.compare(low, prefix) > 0;
  const isBefore = high && Buffer.compare(high, prefix) < 0;
  const mayBe = !isBehind && !isBefore;
  const isAll = low && high && hasPrefix(low, prefix) && hasPrefix(high, prefix);
  return (mayBe ? TRUE : 0) | (isAll ? 0 : FALSE);
}
