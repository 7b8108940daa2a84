import type { FieldType } from '@cdc-demo/cdc-core';
import type { ParquetType, SchemaElement, TimeUnit } from 'hyparquet';
import type { Place } from './place.ts';
import type { SchemaNode } from './schema-node.ts';

/** What the values of a leaf mean, apart from how they are stored. */
export type StoredMeaning =
  | { readonly kind: 'boolean' | 'string' | 'json' | 'binary' | 'uuid' | 'date' }
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: 'float'; readonly bits: 16 | 32 | 64 }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'time'; readonly unit: TimeUnit }
  /** `unknown` where the file says nothing about the zone. */
  | {
      readonly kind: 'timestamp';
      readonly unit: TimeUnit;
      readonly zone: 'utc' | 'none' | 'unknown';
    };

/** A leaf of a file: how its values are stored and what they mean. */
export interface StoredType {
  readonly physical: ParquetType;
  /** Bytes of a FIXED_LEN_BYTE_ARRAY, 12 for INT96, else 0. */
  readonly width: number;
  readonly meaning: StoredMeaning;
}

/** @throws LakeError for a leaf whose annotations contradict its physical type */
export function storedType({ element }: SchemaNode, place: Place): StoredType {
  const physical = element.type;
  if (physical === undefined) throw place.corrupt('it has no type');
  const meaning = meaningOf(physical, element);
  if (meaning.kind === 'decimal' && !isDecimal(meaning)) {
    throw place.corrupt('its decimals have no valid precision and scale');
  }
  if (physical !== 'FIXED_LEN_BYTE_ARRAY') {
    return { physical, width: physical === 'INT96' ? 12 : 0, meaning };
  }
  const width = element.type_length ?? 0;
  if (width <= 0) throw place.corrupt('its values have no length');
  if (meaning.kind === 'uuid' && width !== 16) throw place.corrupt('its UUIDs are not 16 bytes');
  return { physical, width, meaning };
}

function isDecimal({ precision, scale }: StoredMeaning & { kind: 'decimal' }): boolean {
  const isWhole = Number.isInteger(precision) && Number.isInteger(scale);
  return isWhole && scale >= 0 && precision >= Math.max(1, scale);
}

function meaningOf(physical: ParquetType, element: SchemaElement): StoredMeaning {
  switch (physical) {
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'FLOAT':
      return { kind: 'float', bits: 32 };
    case 'DOUBLE':
      return { kind: 'float', bits: 64 };
    case 'INT96':
      return { kind: 'timestamp', unit: 'NANOS', zone: 'unknown' };
    case 'INT32':
    case 'INT64':
      return decimalOf(element) ?? temporalOf(element) ?? integerOf(physical, element);
    case 'BYTE_ARRAY':
      return decimalOf(element) ?? textOf(element);
    case 'FIXED_LEN_BYTE_ARRAY':
      return decimalOf(element) ?? fixedOf(element);
  }
}

function decimalOf(element: SchemaElement): StoredMeaning | undefined {
  const logical = element.logical_type;
  if (logical?.type === 'DECIMAL') {
    return { kind: 'decimal', precision: logical.precision, scale: logical.scale };
  }
  if (element.converted_type !== 'DECIMAL') return undefined;
  return { kind: 'decimal', precision: element.precision ?? 0, scale: element.scale ?? 0 };
}

function temporalOf(element: SchemaElement): StoredMeaning | undefined {
  const logical = element.logical_type;
  if (logical?.type === 'TIME') return { kind: 'time', unit: logical.unit };
  if (logical?.type === 'TIMESTAMP') {
    return {
      kind: 'timestamp',
      unit: logical.unit,
      zone: logical.isAdjustedToUTC ? 'utc' : 'none',
    };
  }
  switch (element.converted_type) {
    case 'DATE':
      return { kind: 'date' };
    case 'TIME_MILLIS':
      return { kind: 'time', unit: 'MILLIS' };
    case 'TIME_MICROS':
      return { kind: 'time', unit: 'MICROS' };
    case 'TIMESTAMP_MILLIS':
      return { kind: 'timestamp', unit: 'MILLIS', zone: 'unknown' };
    case 'TIMESTAMP_MICROS':
      return { kind: 'timestamp', unit: 'MICROS', zone: 'unknown' };
    default:
      return logical?.type === 'DATE' ? { kind: 'date' } : undefined;
  }
}

const INTEGER_BITS = [8, 16, 32, 64] as const;

function integerOf(physical: 'INT32' | 'INT64', element: SchemaElement): StoredMeaning {
  const logical = element.logical_type;
  const stored = physical === 'INT32' ? 32 : 64;
  if (logical?.type === 'INTEGER') {
    const { bitWidth, isSigned: signed } = logical;
    const bits = INTEGER_BITS.find((width) => width === bitWidth) ?? stored;
    return { kind: 'int', bits, signed };
  }
  const [, unsigned, width] = /^(U?)INT_(\d+)$/.exec(element.converted_type ?? '') ?? [];
  const bits = INTEGER_BITS.find((candidate) => candidate === Number(width)) ?? stored;
  return { kind: 'int', bits, signed: unsigned !== 'U' };
}

function textOf(element: SchemaElement): StoredMeaning {
  const logical = element.logical_type?.type;
  const converted = element.converted_type;
  if (logical === 'JSON' || converted === 'JSON') return { kind: 'json' };
  const isText = logical === 'STRING' || logical === 'ENUM';
  return { kind: isText || converted === 'UTF8' || converted === 'ENUM' ? 'string' : 'binary' };
}

function fixedOf(element: SchemaElement): StoredMeaning {
  const logical = element.logical_type?.type;
  if (logical === 'UUID') return { kind: 'uuid' };
  if (logical === 'FLOAT16' && element.type_length === 2) return { kind: 'float', bits: 16 };
  return { kind: 'binary' };
}

/**
 * The type that holds every value of a leaf, where there is one: unsigned integers one size up,
 * times and timestamps in microseconds, a timestamp of unknown zone as UTC. Decimals of more than
 * 38 digits have none and come as the bytes or integers that are stored.
 */
export function fieldTypeOf({ physical, meaning }: StoredType): FieldType {
  switch (meaning.kind) {
    case 'int':
      if (meaning.signed) return { kind: 'int', bits: meaning.bits };
      if (meaning.bits === 64) return { kind: 'decimal', precision: 20, scale: 0 };
      return { kind: 'int', bits: meaning.bits === 8 ? 16 : meaning.bits === 16 ? 32 : 64 };
    case 'float':
      return { kind: 'float', bits: meaning.bits === 64 ? 64 : 32 };
    case 'decimal':
      if (meaning.precision <= 38) return { ...meaning };
      if (physical === 'INT32') return { kind: 'int', bits: 32 };
      return physical === 'INT64' ? { kind: 'int', bits: 64 } : { kind: 'binary' };
    case 'time':
      return { kind: 'time' };
    case 'timestamp':
      return { kind: 'timestamp', zone: meaning.zone === 'none' ? 'none' : 'utc' };
    default:
      return { kind: meaning.kind };
  }
}
