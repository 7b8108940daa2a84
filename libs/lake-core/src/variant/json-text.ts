import {
  canonicalJson,
  formatDate,
  formatDecimal,
  formatTime,
  formatTimestamp,
  formatUuid,
} from '@cdc-demo/cdc-core';

/**
 * Values as JSON text, exact wherever JSON has the type ("Conversion to JSON" of the Variant
 * encoding): numbers with all of their digits, and strings in ISO 8601 or base64 for the others.
 */
export const jsonText = {
  string: (value: string): string => JSON.stringify(value),
  integer: (value: number | bigint): string => value.toString(),

  /** Always with a point or an exponent; what no JSON number is becomes a string. */
  float(value: number, bits: 32 | 64): string {
    if (Object.is(value, -0)) return '-0.0';
    const text = canonicalJson({ kind: 'float', bits }, value);
    if (!Number.isFinite(value)) return text;
    return /[.e]/.test(text) ? text : `${text}.0`;
  },

  decimal: (unscaled: bigint, scale: number): string => formatDecimal(unscaled, scale),
  date: (days: number): string => `"${formatDate(days)}"`,
  time: (micros: bigint): string => `"${formatTime(micros)}"`,

  timestamp(micros: bigint, zone: 'utc' | 'none'): string {
    return `"${formatTimestamp(micros, zone).replace('Z', '+00:00')}"`;
  },

  timestampNanos(nanos: bigint, zone: 'utc' | 'none'): string {
    const micros = nanos >= 0n ? nanos / 1000n : (nanos - 999n) / 1000n;
    const rest = (nanos - micros * 1000n).toString().padStart(3, '0');
    const text = formatTimestamp(micros, 'none') + rest;
    return `"${zone === 'utc' ? `${text}+00:00` : text}"`;
  },

  binary(bytes: Uint8Array): string {
    const { buffer, byteOffset, length } = bytes;
    return `"${Buffer.from(buffer, byteOffset, length).toString('base64')}"`;
  },

  uuid: (bytes: Uint8Array): string => `"${formatUuid(bytes)}"`,

  array: (items: readonly string[]): string => `[${items.join(',')}]`,

  object(members: Iterable<readonly [string, string]>): string {
    return `{${Array.from(members, ([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
  },
};
