import { bindPredicate, parsePredicate, predicateColumns } from '@cdc-demo/lake-core';
import type { BoundPredicate, Predicate } from '@cdc-demo/lake-core';
import { IcebergError } from '../errors.ts';
import type { ScanColumn, SchemaColumn, TableSchema } from '../schema/table-schema.ts';

/** Columns to read, and which rows are wanted. */
export interface Scan {
  readonly columns: readonly ScanColumn[];
  /** So many of `columns` make up the result; those behind them are for the filter alone. */
  readonly outputs: number;
  readonly predicate: BoundPredicate | undefined;
  /** Are `_row_id` and `_last_updated_sequence_number` wanted, behind the outputs? */
  readonly lineage: boolean;
}

export interface Wanted {
  /** Names of columns, in the order of the result; by default all. */
  readonly columns?: readonly string[] | undefined;
  /**
   * Which rows, as data or as text (`"id > 5 AND name LIKE 'A%'"`, see `parsePredicate`); by
   * default all. Its columns need not be among `columns`.
   */
  readonly where?: Predicate | string | undefined;
  /** Adds `_row_id` and `_last_updated_sequence_number`, which tables of version 3 have. */
  readonly lineage?: boolean | undefined;
}

/**
 * @throws IcebergError `iceberg/column-missing`, `iceberg/unsupported-type`; LakeError
 * `lake/predicate`
 */
export function planScan(schema: TableSchema, { columns, where, lineage = false }: Wanted): Scan {
  const outputs = columns ? columns.map((name) => findColumn(schema, name)) : schema.columns;
  const supported = schema.columns.flatMap(({ field }) => field ?? []);
  const condition = typeof where === 'string' ? parsePredicate(where, supported) : where;
  const names = new Set(outputs.map(({ name }) => name.toLowerCase()));
  const added = (condition ? predicateColumns(condition) : [])
    .filter((name) => !names.has(name.toLowerCase()))
    .map((name) => findColumn(schema, name));
  const chosen = [...outputs, ...added].map(toScanColumn);
  const fields = chosen.map(({ field }) => field);
  return {
    columns: chosen,
    outputs: outputs.length,
    predicate: condition && bindPredicate(condition, fields),
    lineage,
  };
}

/** By the exact name, or without regard to case. */
function findColumn({ columns }: TableSchema, name: string): SchemaColumn {
  const folded = name.toLowerCase();
  const column =
    columns.find((each) => each.name === name) ??
    columns.find((each) => each.name.toLowerCase() === folded);
  if (column) return column;
  throw new IcebergError('iceberg/column-missing', `The table has no column ${name}`, {
    context: { column: name },
  });
}

function toScanColumn({ field, name, type, initialDefault }: SchemaColumn): ScanColumn {
  if (field) return { field, initialDefault };
  throw new IcebergError('iceberg/unsupported-type', `The column ${name} has the type ${type}`, {
    context: { column: name, type },
  });
}
