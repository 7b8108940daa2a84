import type { PreparedRows, RowTarget } from '@cdc-demo/lake-core';
import type { TableVersion } from '../catalog/table-catalog.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import type { FileChanges } from './snapshot-writer.ts';
import type { StoredRows } from './stored-rows.ts';

/** What the changes are prepared against. */
export interface CommitTarget extends RowTarget<LiveDataFile> {
  readonly rows: StoredRows;
  readonly version: TableVersion;
}

/** A commit whose data and delete files are durable and that no snapshot has yet. */
export interface PreparedCommit extends PreparedRows {
  readonly changes: FileChanges;
}
