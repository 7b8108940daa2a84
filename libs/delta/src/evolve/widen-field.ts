import type { ExactJson } from '@cdc-demo/lake-core';
import type { DeltaType, StructField } from '../schema/delta-type.ts';
import { isWidening } from '../schema/type-widening.ts';

const TYPE_CHANGES = 'delta.typeChanges';

/**
 * A column with a type that holds every value of its present one, each change recorded in the
 * nearest struct field (Delta protocol, "Type Change Metadata"). Fields of structs have to keep
 * their names and order.
 * @returns the column itself when it has the type already; undefined when the type is no wider one
 */
export function widenField(field: StructField, to: DeltaType): StructField | undefined {
  const changes: ExactJson[] = [];
  const type = widenType(field.type, to, { path: '', changes });
  if (type === undefined) return undefined;
  if (type === field.type) return field;
  if (changes.length === 0) return { ...field, type };
  const known = field.metadata[TYPE_CHANGES];
  const before = Array.isArray(known) ? (known as readonly ExactJson[]) : [];
  return {
    ...field,
    type,
    metadata: { ...field.metadata, [TYPE_CHANGES]: [...before, ...changes] },
  };
}

/** Where a type stands below its nearest struct field, and the changes found there. */
interface Place {
  /** `element`, `value.element`; empty for the type of the field itself. */
  readonly path: string;
  readonly changes: ExactJson[];
}

function widenType(from: DeltaType, to: DeltaType, at: Place): DeltaType | undefined {
  if (typeof from === 'string' || typeof to === 'string') {
    if (from === to) return from;
    const isWider = typeof from === 'string' && typeof to === 'string' && isWidening(from, to);
    if (!isWider) return undefined;
    const change = { fromType: from, toType: to };
    at.changes.push(at.path === '' ? change : { ...change, fieldPath: at.path });
    return to;
  }
  if (from.type === 'array' && to.type === 'array') {
    const elementType = widenType(from.elementType, to.elementType, below(at, 'element'));
    if (elementType === from.elementType) return from;
    return elementType && { ...from, elementType };
  }
  if (from.type === 'map' && to.type === 'map') {
    const keyType = widenType(from.keyType, to.keyType, below(at, 'key'));
    const valueType = widenType(from.valueType, to.valueType, below(at, 'value'));
    if (keyType === from.keyType && valueType === from.valueType) return from;
    return keyType && valueType && { ...from, keyType, valueType };
  }
  if (from.type !== 'struct' || to.type !== 'struct') return undefined;
  if (from.fields.length !== to.fields.length) return undefined;
  const fields = from.fields.map((field, i) => {
    const wanted = to.fields[i];
    return wanted?.name === field.name ? widenField(field, wanted.type) : undefined;
  });
  if (fields.every((field, i) => field === from.fields[i])) return from;
  const found = fields.filter((field) => field !== undefined);
  return found.length === fields.length ? { ...from, fields: found } : undefined;
}

function below(at: Place, name: string): Place {
  return { path: at.path === '' ? name : `${at.path}.${name}`, changes: at.changes };
}
