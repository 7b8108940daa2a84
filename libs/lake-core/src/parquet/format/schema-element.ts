import { decimalWidth } from '@cdc-demo/cdc-core';
import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { LakeError } from '../../errors.ts';
import type { ConvertedType, PhysicalType, Repetition } from './parquet-codes.ts';

export type LogicalType =
  | { readonly type: 'STRING' | 'MAP' | 'LIST' | 'DATE' | 'UUID' }
  | { readonly type: 'DECIMAL'; readonly precision: number; readonly scale: number }
  | { readonly type: 'TIME' | 'TIMESTAMP'; readonly isAdjustedToUTC: boolean }
  | { readonly type: 'INTEGER'; readonly bitWidth: 8 | 16 };

/** How one value of a leaf is stored, and what its bytes mean. */
export interface LeafType {
  readonly physical: PhysicalType;
  /** Bytes of a FIXED_LEN_BYTE_ARRAY, else 0. */
  readonly width: number;
  readonly converted?: ConvertedType;
  readonly logical?: LogicalType;
}

/** A node of a file's schema. Times and timestamps count microseconds. */
export interface SchemaElement extends Partial<LeafType> {
  readonly name: string;
  /** The root alone has none. */
  readonly repetition?: Repetition;
  /** 0: the element carries no id. */
  readonly fieldId: number;
  /** Empty for a leaf. */
  readonly children: readonly SchemaElement[];
}

/** A type that consists of other fields. */
export type NestedType = Extract<FieldType, { readonly kind: 'list' | 'map' | 'struct' }>;

export function isNested(type: FieldType): type is NestedType {
  return type.kind === 'list' || type.kind === 'map' || type.kind === 'struct';
}

/**
 * How a value of a type that is not nested is stored ("Logical Types" of the Parquet format; Delta
 * protocol, "Delta Data Type to Parquet Type Mappings"; Iceberg, "Appendix A"). JSON is a plain
 * STRING, since that is how the tables declare such columns.
 * @throws LakeError `lake/parquet-unsupported` for a variant, which is read and not written
 */
export function leafType(type: Exclude<FieldType, NestedType>): LeafType {
  switch (type.kind) {
    case 'boolean':
      return { physical: 'BOOLEAN', width: 0 };
    case 'int':
      return integerType(type.bits);
    case 'float':
      return { physical: type.bits === 32 ? 'FLOAT' : 'DOUBLE', width: 0 };
    case 'decimal':
      return decimalType(type.precision, type.scale);
    case 'string':
    case 'json':
      return {
        physical: 'BYTE_ARRAY',
        width: 0,
        converted: 'UTF8',
        logical: { type: 'STRING' },
      };
    case 'binary':
      return { physical: 'BYTE_ARRAY', width: 0 };
    case 'variant':
      throw new LakeError('lake/parquet-unsupported', 'A column of type variant is not written');
    case 'uuid':
      return { physical: 'FIXED_LEN_BYTE_ARRAY', width: 16, logical: { type: 'UUID' } };
    case 'date':
      return { physical: 'INT32', width: 0, converted: 'DATE', logical: { type: 'DATE' } };
    case 'time':
      return {
        physical: 'INT64',
        width: 0,
        converted: 'TIME_MICROS',
        logical: { type: 'TIME', isAdjustedToUTC: false },
      };
    case 'timestamp':
      return {
        physical: 'INT64',
        width: 0,
        converted: 'TIMESTAMP_MICROS',
        logical: { type: 'TIMESTAMP', isAdjustedToUTC: type.zone === 'utc' },
      };
  }
}

function integerType(bits: 8 | 16 | 32 | 64): LeafType {
  if (bits === 64) return { physical: 'INT64', width: 0 };
  if (bits === 32) return { physical: 'INT32', width: 0 };
  return {
    physical: 'INT32',
    width: 0,
    converted: bits === 8 ? 'INT_8' : 'INT_16',
    logical: { type: 'INTEGER', bitWidth: bits },
  };
}

function decimalType(precision: number, scale: number): LeafType {
  const logical = { type: 'DECIMAL', precision, scale } as const;
  if (precision <= 9) return { physical: 'INT32', width: 0, converted: 'DECIMAL', logical };
  if (precision <= 18) return { physical: 'INT64', width: 0, converted: 'DECIMAL', logical };
  return {
    physical: 'FIXED_LEN_BYTE_ARRAY',
    width: decimalWidth(precision),
    converted: 'DECIMAL',
    logical,
  };
}

/**
 * The schema of a file for rows of `fields`: lists in three levels (`list.element`), maps as
 * `key_value.key` and `key_value.value` with required keys, whatever the nested fields are called.
 */
export function parquetSchema(fields: readonly Field[]): SchemaElement {
  return { name: 'schema', fieldId: 0, children: fields.map((field) => element(field)) };
}

function element(
  field: Field,
  name: string = field.name,
  repetition: Repetition = field.nullable ? 'OPTIONAL' : 'REQUIRED',
): SchemaElement {
  const { type } = field;
  const node = { name, repetition, fieldId: field.id };
  switch (type.kind) {
    case 'list': {
      const children = [element(type.element, 'element')];
      const group = { ...node, converted: 'LIST', logical: { type: 'LIST' } } as const;
      return { ...group, children: [repeated('list', children)] };
    }
    case 'map': {
      const children = [element(type.key, 'key', 'REQUIRED'), element(type.value, 'value')];
      const group = { ...node, converted: 'MAP', logical: { type: 'MAP' } } as const;
      return { ...group, children: [repeated('key_value', children)] };
    }
    case 'struct':
      return { ...node, children: type.fields.map((child) => element(child)) };
    default:
      return { ...node, ...leafType(type), children: [] };
  }
}

function repeated(name: string, children: readonly SchemaElement[]): SchemaElement {
  return { name, repetition: 'REPEATED', fieldId: 0, children };
}
