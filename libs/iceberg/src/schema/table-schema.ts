import type { Field, FieldValue } from '@cdc-demo/cdc-core';

/** A column of a schema. */
export interface SchemaColumn {
  readonly id: number;
  readonly name: string;
  /** Undefined where the type is not supported; then `type` says what it is. */
  readonly field: Field | undefined;
  readonly type: string;
  /** What rows have whose file has no such column (version 3, "Default values"). */
  readonly initialDefault: FieldValue;
}

/** One of a table's schemas (table specification, "Schemas and Data Types"). */
export interface TableSchema {
  readonly id: number;
  readonly columns: readonly SchemaColumn[];
  /** Ids of the columns whose values tell rows apart. */
  readonly identifierFieldIds: readonly number[];
}

/** A column to read. */
export interface ScanColumn {
  readonly field: Field;
  readonly initialDefault: FieldValue;
}
