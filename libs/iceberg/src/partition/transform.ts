import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { toComparable } from '@cdc-demo/lake-core';
import type { Comparable } from '@cdc-demo/lake-core';
import { bucketHash } from './bucket-hash.ts';

/** How a value becomes that of a partition (table specification, "Partition Transforms"). */
export type Transform =
  | { readonly kind: 'identity' | 'year' | 'month' | 'day' | 'hour' | 'void' }
  | { readonly kind: 'bucket' | 'truncate'; readonly parameter: number };

const MICROS_PER_HOUR = 3_600_000_000n;
const MICROS_PER_DAY = 24n * MICROS_PER_HOUR;
const PLAIN = ['identity', 'year', 'month', 'day', 'hour', 'void'] as const;
const WITH_PARAMETER = /^(bucket|truncate)\[([1-9]\d*)\]$/;
const MAX_INT = 2 ** 31 - 1;

/** @returns undefined for a transform that is not known */
export function parseTransform(text: string): Transform | undefined {
  const plain = PLAIN.find((kind) => kind === text);
  if (plain) return { kind: plain };
  const [, kind, digits] = WITH_PARAMETER.exec(text) ?? [];
  const parameter = Number(digits);
  if (kind === undefined || parameter > MAX_INT) return undefined;
  return { kind: kind === 'bucket' ? 'bucket' : 'truncate', parameter };
}

/** As a partition spec has it. */
export function formatTransform(transform: Transform): string {
  return 'parameter' in transform ? `${transform.kind}[${transform.parameter}]` : transform.kind;
}

/** Type of the transformed values of a column; undefined where the transform does not take it. */
export function resultType(transform: Transform, source: FieldType): FieldType | undefined {
  return takes(transform, source) ? transformedType(transform, source) : undefined;
}

function transformedType({ kind }: Transform, source: FieldType): FieldType {
  switch (kind) {
    case 'identity':
    case 'truncate':
    case 'void':
      return source;
    case 'day':
      return { kind: 'date' };
    default:
      return { kind: 'int', bits: 32 };
  }
}

function takes({ kind }: Transform, { kind: source }: FieldType): boolean {
  switch (kind) {
    case 'void':
      return true;
    case 'identity':
      // Floating-point numbers would part equal values: there are two zeros, and many NaN.
      return [...HASHED, 'boolean'].includes(source);
    case 'bucket':
      return HASHED.includes(source);
    case 'truncate':
      return ['int', 'decimal', 'string', 'binary'].includes(source);
    case 'hour':
      return source === 'timestamp';
    default:
      return source === 'timestamp' || source === 'date';
  }
}

const HASHED: readonly string[] = [
  ...['int', 'decimal', 'date', 'time', 'timestamp'],
  ...['string', 'uuid', 'binary'],
];

/** The transformed value of one of a column's values. */
export function transformed(
  transform: Transform,
  source: FieldType,
  value: FieldValue,
): FieldValue {
  if (value === null) return null;
  switch (transform.kind) {
    case 'identity':
      return value;
    case 'void':
      return null;
    case 'bucket':
      return bucketOf(source, toComparable(source, value), transform.parameter);
    case 'truncate':
      return truncated(value, transform.parameter);
    default:
      return timeUnits(transform.kind, source, value as number | bigint);
  }
}

/** The bucket of a value; see `bucketHash`. */
export function bucketOf(source: FieldType, value: Comparable, buckets: number): number {
  return (bucketHash(source, value) & MAX_INT) % buckets;
}

function truncated(value: NonNullable<FieldValue>, width: number): FieldValue {
  if (typeof value === 'bigint') {
    const step = BigInt(width);
    return value - (((value % step) + step) % step);
  }
  if (typeof value === 'number') return value - (((value % width) + width) % width);
  if (value instanceof Uint8Array) return value.slice(0, width);
  const text = value as string;
  return text.length <= width ? text : Array.from(text).slice(0, width).join('');
}

/** Whole units since 1970 of a date (days) or a timestamp (microseconds). */
function timeUnits(
  unit: 'year' | 'month' | 'day' | 'hour',
  { kind }: FieldType,
  value: number | bigint,
): number {
  if (unit === 'hour') return Number(floorDivide(BigInt(value), MICROS_PER_HOUR));
  const days = kind === 'date' ? Number(value) : Number(floorDivide(BigInt(value), MICROS_PER_DAY));
  if (unit === 'day') return days;
  const { year, month } = monthOf(days);
  return unit === 'year' ? year - 1970 : (year - 1970) * 12 + month;
}

/** The first date (days) or timestamp (microseconds) of a unit since 1970. */
export function startOfUnit(
  unit: 'year' | 'month' | 'day' | 'hour',
  { kind }: FieldType,
  units: number,
): number | bigint {
  if (unit === 'hour') return BigInt(units) * MICROS_PER_HOUR;
  const days = unit === 'day' ? units : daysOfMonth(unit === 'year' ? units * 12 : units);
  return kind === 'date' ? days : BigInt(days) * MICROS_PER_DAY;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}

/** Days in a cycle of the calendar, which has 400 years. */
const CYCLE_DAYS = 146_097;
const CYCLE_YEARS = 400;
const DAY_MS = 86_400_000;

/** Year and month (from 0) of a day since 1970, in the proleptic Gregorian calendar. */
function monthOf(days: number): { readonly year: number; readonly month: number } {
  const cycle = Math.floor(days / CYCLE_DAYS);
  const date = new Date((days - cycle * CYCLE_DAYS) * DAY_MS);
  return { year: date.getUTCFullYear() + cycle * CYCLE_YEARS, month: date.getUTCMonth() };
}

/** Days from 1970 to the first day of a month that is counted from 1970. */
function daysOfMonth(months: number): number {
  const cycle = Math.floor(months / (CYCLE_YEARS * 12));
  const ms = Date.UTC(1970, months - cycle * CYCLE_YEARS * 12, 1);
  return cycle * CYCLE_DAYS + ms / DAY_MS;
}
