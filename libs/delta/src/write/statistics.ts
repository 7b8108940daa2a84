import { formatDate, formatDecimal, formatTimestamp } from '@cdc-demo/cdc-core';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';

/** Characters of a string that statistics keep. */
const PREFIX = 32;
/** Columns beyond it get no statistics (`delta.dataSkippingNumIndexedCols`). */
const INDEXED_COLUMNS = 32;
const MICROS_PER_MS = 1000n;
/** Days of 0001-01-01 and 9999-12-31: years that every reader understands. */
const FIRST_DAY = -719162;
const LAST_DAY = 2932896;
const MICROS_PER_DAY = 86_400_000_000n;

/** What the file's writer knows of one leaf column outside lists and maps. */
export interface ColumnStatistics {
  /** Names from the top level down to the leaf. */
  readonly path: readonly string[];
  readonly type: FieldType;
  readonly nullCount: number;
  /** At or below every value; undefined when it is not known or there are no values. */
  readonly min: FieldValue | undefined;
  /** At or above every value; undefined when it is not known or there are no values. */
  readonly max: FieldValue | undefined;
}

/**
 * The `stats` text of a data file (Delta protocol, "Per-file Statistics"). Bounds that could leave
 * a row outside are left out: a wrong maximum makes rows vanish.
 * @param tightBounds false once a deletion vector hides rows of the file
 */
export function statisticsJson(
  rows: number,
  columns: readonly ColumnStatistics[],
  tightBounds = true,
): string {
  const indexed = columns.slice(0, INDEXED_COLUMNS);
  const min = tree(indexed, (column) => bound(column.type, column.min, 'min'));
  const max = tree(indexed, (column) => bound(column.type, column.max, 'max'));
  const nulls = tree(indexed, (column) => String(column.nullCount));
  return (
    `{"numRecords":${rows},"minValues":${min},"maxValues":${max},` +
    `"nullCount":${nulls},"tightBounds":${tightBounds}}`
  );
}

/** The same statistics for a file of which a deletion vector hides rows. */
export function withWideBounds(stats: string): string {
  return stats.includes('"tightBounds":')
    ? stats.replace(/"tightBounds":\s*true/, '"tightBounds":false')
    : stats.replace(/\}\s*$/, ',"tightBounds":false}');
}

/** Members by name, nested as the columns are; columns without text are left out. */
function tree(
  columns: readonly ColumnStatistics[],
  text: (column: ColumnStatistics) => string | undefined,
  depth = 0,
): string {
  const members: string[] = [];
  const groups = new Map<string, ColumnStatistics[]>();
  for (const column of columns) {
    const name = column.path[depth] ?? '';
    const group = groups.get(name);
    if (group) group.push(column);
    else groups.set(name, [column]);
  }
  for (const [name, group] of groups) {
    const [first] = group;
    const isLeaf = first?.path.length === depth + 1;
    const value = isLeaf ? text(first) : tree(group, text, depth + 1);
    if (value !== undefined && value !== '{}') members.push(`${JSON.stringify(name)}:${value}`);
  }
  return `{${members.join(',')}}`;
}

/** A bound as JSON, never on the wrong side of a value; undefined when it cannot be told. */
function bound(
  type: FieldType,
  value: FieldValue | undefined,
  side: 'min' | 'max',
): string | undefined {
  if (value === undefined || value === null) return undefined;
  switch (type.kind) {
    case 'int':
      return (value as number | bigint).toString();
    case 'float':
      return floatBound(value as number, side);
    case 'decimal':
      return formatDecimal(value as bigint, type.scale);
    case 'date': {
      const days = value as number;
      return days < FIRST_DAY || days > LAST_DAY ? undefined : `"${formatDate(days)}"`;
    }
    case 'timestamp':
      return timestampBound(value as bigint, type.zone, side);
    case 'string':
    case 'json':
      return stringBound(value as string, side);
    default:
      return undefined;
  }
}

/** Zero may be either zero: both are kept inside. */
function floatBound(value: number, side: 'min' | 'max'): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  if (value === 0) return side === 'min' ? '-0.0' : '0.0';
  return JSON.stringify(value);
}

/** Milliseconds: a minimum is cut down to one, a maximum goes up to the next. */
function timestampBound(
  micros: bigint,
  zone: 'utc' | 'none',
  side: 'min' | 'max',
): string | undefined {
  const floor = micros - (((micros % MICROS_PER_MS) + MICROS_PER_MS) % MICROS_PER_MS);
  const whole = side === 'min' || floor === micros ? floor : floor + MICROS_PER_MS;
  const first = BigInt(FIRST_DAY) * MICROS_PER_DAY;
  const end = BigInt(LAST_DAY + 1) * MICROS_PER_DAY;
  if (whole < first || whole >= end) return undefined;
  const text = formatTimestamp(whole, zone);
  const point = text.indexOf('.');
  return `"${text.slice(0, point + 4)}${zone === 'utc' ? 'Z' : ''}"`;
}

function stringBound(value: string, side: 'min' | 'max'): string | undefined {
  if (value.length <= PREFIX) return JSON.stringify(value);
  const cut = side === 'min' ? prefix(value, PREFIX) : upperPrefix(value);
  return cut === undefined ? undefined : JSON.stringify(cut);
}

/** The first `length` UTF-16 units, or one less where that would split a character. */
function prefix(value: string, length: number): string {
  const last = value.charCodeAt(length - 1);
  return value.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length);
}

/**
 * A prefix and a character that is greater than the one that it replaces, in the order of code
 * points, which is that of UTF-8 bytes. Undefined when twice the usual length does not suffice.
 */
function upperPrefix(value: string): string | undefined {
  for (let length = PREFIX; length <= 2 * PREFIX; length++) {
    const kept = prefix(value, length);
    const next = value.codePointAt(kept.length);
    if (next === undefined) return value;
    if (next < 0x7f) return `${kept}\u007f`;
    if (next < 0x10ffff) return `${kept}\u{10ffff}`;
  }
  return undefined;
}
