import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { isJsonObject } from '@cdc-demo/lake-core';
import type { ExactJsonObject } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import { columnId, NESTED_IDS, physicalName } from './column-mapping.ts';
import type { ColumnMappingMode } from './column-mapping.ts';
import type { DeltaType, StructField, StructType } from './delta-type.ts';

/** Which names the fields take: those people see, or those of data files in a mapping mode. */
export type FieldNames = 'logical' | ColumnMappingMode;

const DECIMAL = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/;

const PRIMITIVES: Readonly<Record<string, FieldType>> = {
  string: { kind: 'string' },
  long: { kind: 'int', bits: 64 },
  integer: { kind: 'int', bits: 32 },
  short: { kind: 'int', bits: 16 },
  byte: { kind: 'int', bits: 8 },
  float: { kind: 'float', bits: 32 },
  double: { kind: 'float', bits: 64 },
  boolean: { kind: 'boolean' },
  binary: { kind: 'binary' },
  date: { kind: 'date' },
  timestamp: { kind: 'timestamp', zone: 'utc' },
  timestamp_ntz: { kind: 'timestamp', zone: 'none' },
  decimal: { kind: 'decimal', precision: 10, scale: 0 },
  variant: { kind: 'variant' },
  // Always NULL and never in a file: the type of its values does not matter.
  void: { kind: 'string' },
};

/**
 * The columns of a Delta struct as fields. An id is that of column mapping, or 0 where the schema
 * gives none. List elements are named `element`, map entries `key` and `value`.
 * @throws DeltaError `delta/unsupported-type`
 */
export function toFields(struct: StructType, names: FieldNames = 'logical'): readonly Field[] {
  return struct.fields.map((field) => toField(field, names));
}

/** @throws DeltaError `delta/unsupported-type` */
export function toField(field: StructField, names: FieldNames = 'logical'): Field {
  const nested = field.metadata[NESTED_IDS];
  const name = names === 'logical' ? field.name : physicalName(field, names);
  const path: NestedPath = {
    column: field.name,
    ids: isJsonObject(nested) ? nested : {},
    path: physicalName(field, 'name'),
    names,
  };
  return {
    id: columnId(field),
    name,
    type: toFieldType(field.type, path),
    nullable: field.nullable,
  };
}

/** Where a type stands below its nearest struct field. */
interface NestedPath {
  readonly column: string;
  readonly ids: ExactJsonObject;
  readonly path: string;
  readonly names: FieldNames;
}

function toFieldType(type: DeltaType, at: NestedPath): FieldType {
  if (typeof type === 'string') return primitive(type, at);
  switch (type.type) {
    case 'struct':
      return { kind: 'struct', fields: toFields(type, at.names) };
    case 'array':
      return {
        kind: 'list',
        element: nested('element', type.elementType, { at, nullable: type.containsNull }),
      };
    case 'map':
      return {
        kind: 'map',
        key: nested('key', type.keyType, { at, nullable: false }),
        value: nested('value', type.valueType, { at, nullable: type.valueContainsNull }),
      };
  }
}

function nested(
  name: string,
  type: DeltaType,
  { at, nullable }: { readonly at: NestedPath; readonly nullable: boolean },
): Field {
  const path = `${at.path}.${name}`;
  const id = at.ids[path];
  return {
    id: typeof id === 'number' ? id : 0,
    name,
    type: toFieldType(type, { ...at, path }),
    nullable,
  };
}

function primitive(name: string, at: NestedPath): FieldType {
  const known = Object.hasOwn(PRIMITIVES, name) ? PRIMITIVES[name] : undefined;
  if (known) return known;
  const [, precision, scale] = DECIMAL.exec(name) ?? [];
  const type = { kind: 'decimal', precision: Number(precision), scale: Number(scale) } as const;
  if (type.precision >= 1 && type.precision <= 38 && type.scale <= type.precision) return type;
  throw new DeltaError(
    'delta/unsupported-type',
    `Column ${at.column} has the type ${name}, which is not supported`,
    { context: { column: at.column, type: name } },
  );
}
