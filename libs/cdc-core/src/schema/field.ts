/** The type of a value, independent of any source or table format. */
export type FieldType =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32 | 64 }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  /** `precision` 1 to 38 digits, of which `scale` (0 to precision) stand behind the point. */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'json' }
  /** A value that brings its own type, as the JSON text of it. Tables have it, sources do not. */
  | { readonly kind: 'variant' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'binary' }
  /** Days since 1970-01-01. */
  | { readonly kind: 'date' }
  /** Microseconds since midnight. */
  | { readonly kind: 'time' }
  /** Microseconds since 1970-01-01T00:00:00, in UTC or in no zone at all. */
  | { readonly kind: 'timestamp'; readonly zone: 'utc' | 'none' }
  | { readonly kind: 'list'; readonly element: Field }
  | { readonly kind: 'map'; readonly key: Field; readonly value: Field }
  | { readonly kind: 'struct'; readonly fields: readonly Field[] };

export interface Field {
  /**
   * Stable identifier. In a source's schema: the source's own column number at the top level (never
   * given to another column of that table), 0 below it. In a table's schema: the table's field id,
   * unique at every depth.
   */
  readonly id: number;
  readonly name: string;
  readonly type: FieldType;
  /** False only where the source guarantees NOT NULL. */
  readonly nullable: boolean;
  /**
   * In a source's schema: rows that were there when the column came may hold more than NULL in it,
   * without any change having said so.
   */
  readonly hasDefault?: true;
}

/** Are two types the same, names and nullability of nested fields included, ids left out? */
export function sameType(a: FieldType, b: FieldType): boolean {
  switch (a.kind) {
    case 'int':
    case 'float':
      return b.kind === a.kind && a.bits === b.bits;
    case 'decimal':
      return b.kind === 'decimal' && a.precision === b.precision && a.scale === b.scale;
    case 'timestamp':
      return b.kind === 'timestamp' && a.zone === b.zone;
    case 'list':
      return b.kind === 'list' && sameField(a.element, b.element);
    case 'map':
      return b.kind === 'map' && sameField(a.key, b.key) && sameField(a.value, b.value);
    case 'struct':
      return b.kind === 'struct' && sameFields(a.fields, b.fields);
    default:
      return a.kind === b.kind;
  }
}

function sameField(a: Field, b: Field): boolean {
  return a.name === b.name && a.nullable === b.nullable && sameType(a.type, b.type);
}

/** Are two lists of fields the same in order, names, types and nullability? Ids are left out. */
export function sameFields(a: readonly Field[], b: readonly Field[]): boolean {
  return (
    a.length === b.length &&
    a.every((field, i) => {
      const other = b[i];
      return other !== undefined && sameField(field, other);
    })
  );
}

/** A type in words, for messages: `decimal(12, 2)`, `list<string>`. */
export function describeType(type: FieldType): string {
  switch (type.kind) {
    case 'int':
    case 'float':
      return `${type.kind}${String(type.bits)}`;
    case 'decimal':
      return `decimal(${String(type.precision)}, ${String(type.scale)})`;
    case 'timestamp':
      return type.zone === 'utc' ? 'timestamp with time zone' : 'timestamp without time zone';
    case 'list':
      return `list<${describeType(type.element.type)}>`;
    case 'map':
      return `map<${describeType(type.key.type)}, ${describeType(type.value.type)}>`;
    case 'struct': {
      const fields = type.fields.map((f) => `${f.name}: ${describeType(f.type)}`);
      return `struct<${fields.join(', ')}>`;
    }
    default:
      return type.kind;
  }
}
