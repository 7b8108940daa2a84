import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { FieldReader, isJsonObject } from '@cdc-demo/lake-core';
import type { ExactJson } from '@cdc-demo/lake-core';

const DECIMAL = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/;
const FIXED = /^fixed\[\s*\d+\s*\]$/;
/** Deeper schemas are not made by hand, and would exhaust the stack. */
const MAX_DEPTH = 100;

const PRIMITIVES: Readonly<Record<string, FieldType>> = {
  boolean: { kind: 'boolean' },
  int: { kind: 'int', bits: 32 },
  long: { kind: 'int', bits: 64 },
  float: { kind: 'float', bits: 32 },
  double: { kind: 'float', bits: 64 },
  date: { kind: 'date' },
  time: { kind: 'time' },
  timestamp: { kind: 'timestamp', zone: 'none' },
  timestamptz: { kind: 'timestamp', zone: 'utc' },
  string: { kind: 'string' },
  uuid: { kind: 'uuid' },
  binary: { kind: 'binary' },
  variant: { kind: 'variant' },
  // Has no values but NULL.
  unknown: { kind: 'string' },
};

/** A type that is not supported; the message names it. */
export class UnsupportedType extends Error {}

/**
 * A type of a schema (table specification, "Appendix C: Schemas").
 * @throws UnsupportedType for one that is not known; TypeError for what is no type
 */
export function parseType(json: ExactJson | undefined, depth = 0): FieldType {
  if (typeof json === 'string') return parsePrimitive(json);
  if (depth > MAX_DEPTH) throw new TypeError('the schema is nested too deeply');
  const type = new FieldReader('type', json);
  switch (type.string('type')) {
    case 'struct':
      return { kind: 'struct', fields: parseFields(type.list('fields'), depth + 1) };
    case 'list':
      return {
        kind: 'list',
        element: {
          id: type.number('element-id'),
          name: 'element',
          type: parseType(type.json('element'), depth + 1),
          nullable: !type.boolean('element-required'),
        },
      };
    case 'map': {
      const key = parseType(type.json('key'), depth + 1);
      const value = parseType(type.json('value'), depth + 1);
      const nullable = !type.boolean('value-required');
      return {
        kind: 'map',
        key: { id: type.number('key-id'), name: 'key', type: key, nullable: false },
        value: { id: type.number('value-id'), name: 'value', type: value, nullable },
      };
    }
    default:
      throw new UnsupportedType(type.string('type'));
  }
}

/** The type in words, for messages. */
export function describeJsonType(json: ExactJson | undefined): string {
  if (typeof json === 'string') return json;
  const type = isJsonObject(json) ? json['type'] : undefined;
  return typeof type === 'string' ? type : 'missing';
}

function parsePrimitive(text: string): FieldType {
  const primitive = Object.hasOwn(PRIMITIVES, text) ? PRIMITIVES[text] : undefined;
  if (primitive) return primitive;
  if (FIXED.test(text)) return { kind: 'binary' };
  const [, precision, scale] = DECIMAL.exec(text) ?? [];
  if (precision === undefined || Number(precision) > 38) throw new UnsupportedType(text);
  return { kind: 'decimal', precision: Number(precision), scale: Number(scale) };
}

function parseFields(list: readonly ExactJson[], depth: number): readonly Field[] {
  return list.map((json): Field => {
    const field = new FieldReader('field', json);
    if (field.json('initial-default') !== undefined) {
      throw new UnsupportedType('a nested field with a default');
    }
    return {
      id: field.number('id'),
      name: field.string('name'),
      type: parseType(field.json('type'), depth),
      nullable: !field.boolean('required'),
    };
  });
}
