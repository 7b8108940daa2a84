import { sameFields } from './field.ts';
import type { Field } from './field.ts';

/** A table of a source: `public.customers`, or a MySQL database and table. */
export interface TableName {
  readonly namespace: string;
  readonly name: string;
}

/** What the rows of one table look like from some position on. */
export interface TableSchema {
  readonly table: TableName;
  /** Counts up with every change of `fields` or `key`; 1 for the first. */
  readonly version: number;
  readonly fields: readonly Field[];
  /**
   * Indexes into `fields` of the primary key's columns, in the key's order; empty without a
   * key.
   */
  readonly key: readonly number[];
}

/** Same table, fields and key, whatever the version numbers. */
export function sameSchema(a: TableSchema, b: TableSchema): boolean {
  if (a === b) return true;
  return (
    a.table.namespace === b.table.namespace &&
    a.table.name === b.table.name &&
    sameFields(a.fields, b.fields) &&
    a.key.length === b.key.length &&
    a.key.every((index, i) => index === b.key[i])
  );
}
