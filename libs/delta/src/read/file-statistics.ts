import type { FieldType } from '@cdc-demo/cdc-core';
import { NO_BOUNDS, isJsonObject, parseLongNumbersAsText, toComparable } from '@cdc-demo/lake-core';
import type { ColumnBounds, Comparable, ExactJson, ExactJsonObject } from '@cdc-demo/lake-core';
import { parseFieldText } from './partition-value.ts';

/** Writers cut strings to so many characters (Delta protocol, "Per-file Statistics"). */
const PREFIX = 32;
/** Writers cut timestamps to milliseconds. */
const CUT_MICROS = 999n;
const ZONED = /(?:Z|UTC|[+-]\d{2}:?\d{2})$/;
/** Behind every byte of UTF-8. */
const BEHIND_TEXT = Uint8Array.of(0xff);

/**
 * The `stats` of a file, of whoever wrote it, as bounds that hold for every row. They stay true
 * when a deletion vector hides rows: counts of NULLs are used only where they say "none" or "all".
 */
export class FileStatistics {
  readonly #stats: ExactJsonObject;

  /** @param stats text of `add.stats`; what is no JSON says nothing */
  constructor(stats: string | undefined) {
    this.#stats = stats === undefined ? {} : parsed(stats);
  }

  /** @param path physical names from the column down to the leaf */
  bounds(path: readonly string[], type: FieldType): ColumnBounds {
    const { minValues, maxValues, nullCount, numRecords } = this.#stats;
    const nulls = at(nullCount, path);
    if (nulls === undefined && minValues === undefined) return NO_BOUNDS;
    return {
      lower: lowerBound(at(minValues, path), type),
      upper: upperBound(at(maxValues, path), type),
      nulls: nulls === 0 ? 'none' : nulls !== undefined && nulls === numRecords ? 'all' : 'unknown',
    };
  }
}

function parsed(stats: string): ExactJsonObject {
  try {
    const json = parseLongNumbersAsText(stats);
    return isJsonObject(json) ? json : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function at(json: ExactJson | undefined, path: readonly string[]): ExactJson | undefined {
  let value = json;
  for (const name of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value ?? undefined;
}

function lowerBound(json: ExactJson | undefined, type: FieldType): Comparable | undefined {
  const value = boundOf(json, type);
  // A column of floats may have become one of doubles: 0.1 of 32 bits is not 0.1 of 64.
  if (type.kind === 'float' && typeof value === 'number')
    return Math.min(value, Math.fround(value));
  return value;
}

function upperBound(json: ExactJson | undefined, type: FieldType): Comparable | undefined {
  // NaN is greater than every number, and writers differ in whether a maximum counts it.
  if (type.kind === 'float') return undefined;
  if (type.kind === 'string' && typeof json === 'string' && json.length >= PREFIX) {
    return Buffer.concat([Buffer.from(json.slice(0, wholeCharacters(json))), BEHIND_TEXT]);
  }
  const value = boundOf(json, type);
  return type.kind === 'timestamp' && typeof value === 'bigint' ? value + CUT_MICROS : value;
}

/** As much of the prefix as does not end within a surrogate pair. */
function wholeCharacters(text: string): number {
  const last = text.charCodeAt(PREFIX - 1);
  return last >= 0xd800 && last < 0xdc00 ? PREFIX - 1 : PREFIX;
}

function boundOf(json: ExactJson | undefined, type: FieldType): Comparable | undefined {
  if (json === undefined || json === null || typeof json === 'object') return undefined;
  if (type.kind === 'binary') return undefined;
  const text = String(json);
  if (type.kind === 'timestamp' && type.zone === 'utc' && !ZONED.test(text)) return undefined;
  const value = parseFieldText(text, type, 'UTC');
  if (value === undefined || value === null || Number.isNaN(value)) return undefined;
  return toComparable(type, value);
}
