import { isJsonObject } from '@cdc-demo/lake-core';
import type { ExactJson } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import type { DeltaType, StructField } from './delta-type.ts';
import { isWidening } from './type-widening.ts';

/**
 * Checks the history of types of a column and of all below it (Delta protocol, "Reader
 * Requirements for Type Widening").
 * @throws DeltaError `delta/unsupported-type` for a change that is none of the protocol's
 */
export function assertTypeChanges(column: StructField): void {
  const changes = column.metadata['delta.typeChanges'];
  if (Array.isArray(changes)) {
    for (const change of changes as readonly ExactJson[]) assertTypeChange(column.name, change);
  }
  visitStructFields(column.type, assertTypeChanges);
}

function assertTypeChange(column: string, change: ExactJson): void {
  const { fromType, toType } = isJsonObject(change) ? change : {};
  const from = typeof fromType === 'string' ? fromType : 'an unknown type';
  const to = typeof toType === 'string' ? toType : 'an unknown type';
  if (isWidening(from, to)) return;
  throw new DeltaError(
    'delta/unsupported-type',
    `Column ${column} was changed from ${from} to ${to}, which is not supported`,
    { context: { column, from, to } },
  );
}

function visitStructFields(type: DeltaType, visit: (field: StructField) => void): void {
  if (typeof type === 'string') return;
  switch (type.type) {
    case 'struct':
      type.fields.forEach(visit);
      break;
    case 'array':
      visitStructFields(type.elementType, visit);
      break;
    case 'map':
      visitStructFields(type.keyType, visit);
      visitStructFields(type.valueType, visit);
      break;
  }
}
