import type { Field, FieldType } from '@cdc-demo/cdc-core';

/** What types a table format has for those of a source. */
export interface TableTypes {
  /** The type of values that have no others below them. */
  readonly leaf: (type: FieldType) => FieldType;
  /** May a column get the type `to` without a rewrite, since that holds every value of `from`? */
  readonly isWider: (from: FieldType, to: FieldType) => boolean;
}

/**
 * The type of a column in a table for a type of the source. Below the top level everything may be
 * NULL, but keys of maps.
 */
export function tableType(type: FieldType, types: TableTypes): FieldType {
  const nested = (name: string, field: Field, nullable: boolean): Field => {
    return { id: 0, name, type: tableType(field.type, types), nullable };
  };
  switch (type.kind) {
    case 'list':
      return { kind: 'list', element: nested('element', type.element, true) };
    case 'map': {
      const value = nested('value', type.value, true);
      return { kind: 'map', key: nested('key', type.key, false), value };
    }
    case 'struct':
      return {
        kind: 'struct',
        fields: type.fields.map((field) => nested(field.name, field, true)),
      };
    default:
      return types.leaf(type);
  }
}
