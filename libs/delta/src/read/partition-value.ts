import { parseDate, parseTimestamp } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';
import type { PartitionValues } from '../log/actions.ts';

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i;
const encoder = new TextEncoder();

/**
 * The value of a partition column in a file (Delta protocol, "Partition Value Serialization").
 * Absent, null and '' are NULL.
 * @param name the column's physical name
 * @param timeZone where the table was written: for timestamps that do not say
 * @throws DeltaError `delta/partition-value`
 */
export function partitionValue(
  values: PartitionValues | undefined,
  { name, type }: Field,
  timeZone: string,
): FieldValue {
  const text = values && Object.hasOwn(values, name) ? values[name] : undefined;
  if (text === undefined || text === null || text === '') return null;
  const value = parseFieldText(text, type, timeZone);
  if (value !== undefined) return value;
  throw new DeltaError(
    'delta/partition-value',
    `A partition value of column ${name} is no ${type.kind}`,
    { context: { column: name, type: type.kind } },
  );
}

/** The value that a text stands for; undefined when it is none of the type. */
export function parseFieldText(
  text: string,
  type: FieldType,
  timeZone: string,
): FieldValue | undefined {
  switch (type.kind) {
    case 'string':
      return text;
    case 'binary':
      return encoder.encode(text);
    case 'boolean':
      return { true: true, false: false }[text.toLowerCase()];
    case 'int':
      return parseInteger(text, type.bits);
    case 'float':
      return parseFloatText(text, type.bits);
    case 'decimal':
      return parseDecimalText(text, type);
    case 'date':
      return parseDate(text);
    case 'timestamp':
      return parseTimestamp(text, type.zone === 'none' ? undefined : timeZone);
    default:
      return undefined;
  }
}

function parseInteger(text: string, bits: 8 | 16 | 32 | 64): number | bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(bits, value) !== value) return undefined;
  return bits === 64 ? value : Number(value);
}

function parseFloatText(text: string, bits: 32 | 64): number | undefined {
  const value = Number(text);
  if (Number.isNaN(value) && text !== 'NaN') return undefined;
  return bits === 32 ? Math.fround(value) : value;
}

/** Java prints decimals below 10^-6 with an exponent: `0E-10`, `1.5E-7`. */
function parseDecimalText(
  text: string,
  { precision, scale }: FieldType & { kind: 'decimal' },
): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole + fraction === '') return undefined;
  const shift = scale - fraction.length + Number(exponent);
  const factor = 10n ** BigInt(Math.abs(shift));
  const digits = BigInt(whole + fraction);
  if (shift < 0 && digits % factor !== 0n) return undefined;
  const unscaled = shift < 0 ? digits / factor : digits * factor;
  if (unscaled >= 10n ** BigInt(precision)) return undefined;
  return sign === '-' ? -unscaled : unscaled;
}
