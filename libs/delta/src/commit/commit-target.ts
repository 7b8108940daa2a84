import type { ObjectStore } from '@cdc-demo/cdc-core';
import type { ParquetFileCache, PreparedRows, RowTarget, TableColumns } from '@cdc-demo/lake-core';
import type { Action, AddFile } from '../log/actions.ts';
import type { DeltaShape } from '../evolve/evolve-table.ts';
import type { RowLayout } from '../read/projection.ts';
import { columnMappingMode } from '../schema/column-mapping.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { rowFormat } from '../write/row-format.ts';
import type { RowFormat } from '../write/row-format.ts';
import { storedRows } from './stored-rows.ts';

/** What the changes are prepared against. */
export interface CommitTarget extends RowTarget<AddFile> {
  readonly snapshot: Snapshot;
  /** How stored rows are read with the columns of this commit, and new ones are written. */
  readonly layout: RowLayout;
  readonly format: RowFormat;
}

/** The table that `snapshot` shows once it has the shape of the next commit. */
export function commitTarget(
  snapshot: Snapshot,
  { definition, columns }: DeltaShape,
  files: { readonly store: ObjectStore; readonly cache: ParquetFileCache },
): CommitTarget {
  const { protocol, metadata, schema } = definition;
  const layout = { schema, metadata, columnMapping: columnMappingMode(protocol, metadata) };
  return {
    snapshot,
    columns,
    layout,
    format: rowFormat(layout, columns.fields),
    rows: storedRows(snapshot, layout, files),
  };
}

/** The shape that a table has now. */
export function presentShape(snapshot: Snapshot, columns: TableColumns): DeltaShape {
  const { protocol, metadata, schema } = snapshot;
  return { definition: { protocol, metadata, schema }, columns };
}

/** Has the table a change feed? Without one no change files may be written. */
export function hasChangeFeed(snapshot: Snapshot): boolean {
  return snapshot.metadata.configuration['delta.enableChangeDataFeed'] === 'true';
}

/** A commit whose files are durable and that no version has yet. */
export interface PreparedCommit extends PreparedRows {
  readonly operation: string;
  /** `add`, `remove` and `cdc`. */
  readonly actions: readonly Action[];
  readonly needsDeletionVectors: boolean;
}
