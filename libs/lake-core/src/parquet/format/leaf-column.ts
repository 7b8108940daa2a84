import type { Field } from '@cdc-demo/cdc-core';
import { isNested, leafType } from './schema-element.ts';
import type { LeafType } from './schema-element.ts';

/** A column of a file: a leaf of its schema. */
export interface LeafColumn {
  /** Names from below the root to the leaf, `list.element` and `key_value.value` included. */
  readonly path: readonly string[];
  readonly field: Field;
  readonly type: LeafType;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

interface Above {
  readonly path: readonly string[];
  readonly definition: number;
  readonly repetition: number;
}

/**
 * The columns of a file for rows of `fields`, in the order of its schema, with their levels
 * ("Nested Encoding" of the Parquet format).
 */
export function leafColumns(fields: readonly Field[]): LeafColumn[] {
  const leaves: LeafColumn[] = [];
  const root = { path: [], definition: 0, repetition: 0 };
  for (const field of fields) visit(named(field, field.name), root, leaves);
  return leaves;
}

interface NamedField {
  readonly field: Field;
  readonly name: string;
  readonly optional: boolean;
}

function named(field: Field, name: string, optional: boolean = field.nullable): NamedField {
  return { field, name, optional };
}

function visit({ field, name, optional }: NamedField, above: Above, leaves: LeafColumn[]): void {
  const { type } = field;
  const here: Above = {
    path: [...above.path, name],
    definition: above.definition + (optional ? 1 : 0),
    repetition: above.repetition,
  };
  if (!isNested(type)) {
    leaves.push({
      path: here.path,
      field,
      type: leafType(type),
      maxDefinition: here.definition,
      maxRepetition: here.repetition,
    });
  } else if (type.kind === 'struct') {
    for (const child of type.fields) visit(named(child, child.name), here, leaves);
  } else if (type.kind === 'list') {
    visit(named(type.element, 'element'), repeated(here, 'list'), leaves);
  } else {
    const below = repeated(here, 'key_value');
    visit(named(type.key, 'key', false), below, leaves);
    visit(named(type.value, 'value'), below, leaves);
  }
}

function repeated(above: Above, name: string): Above {
  return {
    path: [...above.path, name],
    definition: above.definition + 1,
    repetition: above.repetition + 1,
  };
}
