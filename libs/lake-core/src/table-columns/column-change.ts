import type { Field, FieldType } from '@cdc-demo/cdc-core';

/** A change of a table's columns that touches no file of the table. */
export type ColumnChange =
  /** A new last column, NULL in every row so far; its field ids are given with the change. */
  | { readonly kind: 'add'; readonly field: Field; readonly sourceId: number }
  | { readonly kind: 'rename'; readonly name: string; readonly to: string }
  | { readonly kind: 'drop'; readonly name: string }
  /** Another type that holds every value of the present one (see `TableTypes`). */
  | { readonly kind: 'widen'; readonly name: string; readonly type: FieldType };

/** A change in words, for logs. */
export function describeChange(change: ColumnChange): string {
  switch (change.kind) {
    case 'add':
      return `added ${change.field.name}`;
    case 'rename':
      return `renamed ${change.name} to ${change.to}`;
    case 'drop':
      return `dropped ${change.name}`;
    case 'widen':
      return `widened ${change.name}`;
  }
}
