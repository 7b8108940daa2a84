import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';

/** The server's own text of a value, or of its parts. */
export type Parts = string | null | readonly Parts[] | { readonly [name: string]: Parts };

const DATE = /^\d{4}-\d\d-\d\d$/;
const TIMESTAMP = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d+))?(?:\+00)?$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d+))?$/;

/**
 * What a field has to hold for what the server printed; null for what it cannot hold. Written
 * without regard to speed, and without anything of the decoders.
 */
export function expectedValue(type: FieldType, parts: Parts): FieldValue {
  if (parts === null) return null;
  if (Array.isArray(parts) && type.kind === 'list') {
    return parts.map((part: Parts) => expectedValue(type.element.type, part));
  }
  if (typeof parts === 'object') return expectedObject(type, parts as { [name: string]: Parts });
  return expectedScalar(type, parts);
}

function expectedObject(type: FieldType, parts: { readonly [name: string]: Parts }): FieldValue {
  if (type.kind === 'map') return Object.entries(parts) as [string, string | null][];
  if (type.kind !== 'struct') throw new TypeError(`parts for a ${type.kind}`);
  const value = ({ name, type }: Field): [string, FieldValue] => [
    name,
    expectedValue(type, parts[name] ?? null),
  ];
  return Object.fromEntries(type.fields.map(value));
}

function expectedScalar(type: FieldType, text: string): FieldValue {
  switch (type.kind) {
    case 'boolean':
      return text === 't';
    case 'int':
      return type.bits === 64 ? BigInt(text) : Number(text);
    case 'float':
      return type.bits === 32 ? Math.fround(Number(text)) : Number(text);
    case 'decimal':
      return expectedDecimal(text, type.scale);
    case 'binary':
      return Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
    case 'date':
      return DATE.test(text) ? Date.parse(`${text}T00:00:00Z`) / 86_400_000 : null;
    case 'time':
      return expectedTime(text);
    case 'timestamp':
      return expectedTimestamp(text);
    case 'list':
      return null;
    default:
      return text;
  }
}

function expectedDecimal(text: string, scale: number): bigint | null {
  if (text === 'NaN') return null;
  const [whole = '', fraction = ''] = text.replaceAll(/[$,]/g, '').split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}

function expectedTime(text: string): bigint {
  const [, hour, minute, second, fraction = ''] = TIME.exec(text) ?? [];
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

function expectedTimestamp(text: string): bigint | null {
  const match = TIMESTAMP.exec(text);
  if (!match) return null;
  const ms = Date.parse(`${(match[1] ?? '').replace(' ', 'T')}Z`);
  return BigInt(ms) * 1000n + BigInt((match[2] ?? '').padEnd(6, '0'));
}
