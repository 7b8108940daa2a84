import { describeType, parseDate, parseDecimal, parseTimestamp } from '@cdc-demo/cdc-core';
import type { FieldType } from '@cdc-demo/cdc-core';
import { LakeError } from '../errors.ts';
import { toComparable } from './comparable.ts';
import type { Comparable } from './comparable.ts';
import type { Literal } from './predicate.ts';

const MS_PER_DAY = 86_400_000;
const ZONED = /(?:Z|UTC|[+-]\d{2}:?\d{2})$/;
const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/**
 * A literal in the form of the column that it is compared with.
 * @throws LakeError `lake/predicate` when no value of the type can be meant by it
 */
export function literalValue(
  type: FieldType,
  literal: NonNullable<Literal>,
  column: string,
): Comparable {
  const value = valueOf(type, literal);
  if (value !== undefined) return value;
  const given = literal instanceof Date ? 'a Date' : `a ${typeof literal}`;
  throw new LakeError(
    'lake/predicate',
    `Column ${column} has the type ${describeType(type)}: ${given} of this form is no value of it`,
    { context: { column, type: describeType(type) } },
  );
}

function valueOf(type: FieldType, literal: NonNullable<Literal>): Comparable | undefined {
  switch (type.kind) {
    case 'boolean':
      return typeof literal === 'boolean' ? Number(literal) : undefined;
    case 'int':
      return integer(literal);
    case 'float':
      if (typeof literal !== 'number') return undefined;
      return type.bits === 32 ? Math.fround(literal) : literal;
    case 'decimal':
      if (typeof literal === 'string') return parseDecimal(literal, type.scale);
      return typeof literal === 'bigint' ? literal : undefined;
    case 'date':
      return date(literal);
    case 'time':
      return typeof literal === 'bigint' ? literal : undefined;
    case 'timestamp':
      return timestamp(literal, type.zone);
    case 'string':
      return typeof literal === 'string' ? toComparable(type, literal) : undefined;
    case 'uuid':
      if (typeof literal !== 'string' || !UUID.test(literal)) return undefined;
      return toComparable(type, literal.toLowerCase());
    case 'binary':
      return literal instanceof Uint8Array ? literal : undefined;
    default:
      return undefined;
  }
}

function integer(literal: NonNullable<Literal>): Comparable | undefined {
  if (typeof literal === 'bigint') return literal;
  return Number.isInteger(literal) ? (literal as number) : undefined;
}

function date(literal: NonNullable<Literal>): Comparable | undefined {
  if (typeof literal === 'string') return parseDate(literal);
  if (!(literal instanceof Date)) return integer(literal);
  const days = literal.getTime() / MS_PER_DAY;
  return Number.isInteger(days) ? days : undefined;
}

/** Text says its zone exactly when the column has one. */
function timestamp(literal: NonNullable<Literal>, zone: 'utc' | 'none'): Comparable | undefined {
  if (typeof literal === 'bigint') return literal;
  if (literal instanceof Date) {
    const ms = literal.getTime();
    return Number.isNaN(ms) ? undefined : BigInt(ms) * 1000n;
  }
  if (typeof literal !== 'string' || ZONED.test(literal.slice(10)) !== (zone === 'utc')) {
    return undefined;
  }
  return parseTimestamp(literal, zone === 'utc' ? 'UTC' : undefined);
}
