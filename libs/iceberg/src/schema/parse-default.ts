import { parseDate, parseDecimal, parseTimestamp } from '@cdc-demo/cdc-core';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import type { ExactJson } from '@cdc-demo/lake-core';

const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;

/**
 * A default of a column (table specification, "Appendix C: JSON single-value serialization").
 * @throws TypeError when it is none of the type
 */
export function parseDefault(json: ExactJson | undefined, type: FieldType): FieldValue {
  if (json === undefined || json === null) return null;
  const value = parseValue(json, type);
  if (value === undefined) throw new TypeError(`a default is no ${type.kind}`);
  return value;
}

function parseValue(json: ExactJson, type: FieldType): FieldValue | undefined {
  if (typeof json === 'boolean') return type.kind === 'boolean' ? json : undefined;
  if (typeof json === 'number' || typeof json === 'bigint') return parseNumber(json, type);
  return typeof json === 'string' ? parseText(json, type) : undefined;
}

function parseNumber(json: number | bigint, type: FieldType): FieldValue | undefined {
  if (type.kind === 'float') return Number(json);
  if (type.kind !== 'int') return undefined;
  return type.bits === 64 ? BigInt(json) : Number(json);
}

function parseText(text: string, type: FieldType): FieldValue | undefined {
  switch (type.kind) {
    case 'string':
    case 'uuid':
      return text;
    case 'binary':
      return /^([0-9a-f]{2})*$/i.test(text) ? Uint8Array.from(Buffer.from(text, 'hex')) : undefined;
    case 'decimal':
      return parseDecimal(text, type.scale);
    case 'date':
      return parseDate(text);
    case 'time':
      return parseTime(text);
    case 'timestamp':
      return parseTimestamp(text, 'UTC');
    default:
      return undefined;
  }
}

function parseTime(text: string): bigint | undefined {
  const [, hours, minutes, seconds, fraction = ''] = TIME.exec(text) ?? [];
  if (hours === undefined) return undefined;
  const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}
