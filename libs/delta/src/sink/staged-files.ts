import type { JsonValue, StagedSnapshot } from '@cdc-demo/cdc-core';
import type { NewTable, StagedSize } from '@cdc-demo/lake-core';
import type { AddFile } from '../log/actions.ts';

export type NewDeltaTable = NewTable<AddFile>;

/** A new table before it is made. */
export interface StagedFiles extends NewDeltaTable, StagedSize {}

/** Plain JSON from which a table with the same files and columns is made. */
export function asStaged(files: StagedFiles): StagedSnapshot {
  return files as StagedFiles & Readonly<Record<string, JsonValue>>;
}

/** What `asStaged` gave, perhaps in an earlier process. */
export function readStaged(staged: StagedSnapshot): StagedFiles {
  return staged as unknown as StagedFiles;
}

/** Rows of a file of ours, which has no deletion vector. */
export function numRecords({ stats = '{}' }: AddFile): number {
  return (JSON.parse(stats) as { readonly numRecords?: number }).numRecords ?? 0;
}
