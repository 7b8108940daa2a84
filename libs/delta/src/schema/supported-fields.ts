import { isCdcError } from '@cdc-demo/cdc-core';
import type { Field } from '@cdc-demo/cdc-core';
import type { StructType } from './delta-type.ts';
import { toField } from './to-fields.ts';

/** The columns of a schema whose type is supported, and the names of the others. */
export function supportedFields(schema: StructType): {
  readonly fields: readonly Field[];
  readonly unsupportedColumns: readonly string[];
} {
  const fields: Field[] = [];
  const unsupportedColumns: string[] = [];
  for (const column of schema.fields) {
    try {
      fields.push(toField(column));
    } catch (error) {
      if (!isCdcError(error) || error.code !== 'delta/unsupported-type') throw error;
      unsupportedColumns.push(column.name);
    }
  }
  return { fields, unsupportedColumns };
}
