import { describeType } from '../schema/field.ts';
import type { FieldType } from '../schema/field.ts';
import type { FieldValue } from './field-value.ts';

interface Primitives {
  boolean: boolean;
  number: number;
  bigint: bigint;
  string: string;
}

/**
 * Narrows a value that user code gave for a column of `type`.
 * @throws TypeError naming what was expected; the value itself is not in the message.
 */
export function assertValue<K extends keyof Primitives>(
  expected: K,
  value: FieldValue,
  type: FieldType,
): Primitives[K] {
  if (typeof value === expected) return value as Primitives[K];
  throw valueMismatch(expected, value, type);
}

/** The error for a value that does not fit a column of `type`. */
export function valueMismatch(expected: string, value: FieldValue, type: FieldType): TypeError {
  const given =
    value instanceof Uint8Array ? 'bytes' : Array.isArray(value) ? 'array' : typeof value;
  return new TypeError(`A ${describeType(type)} column takes ${expected}, not ${given}`);
}
