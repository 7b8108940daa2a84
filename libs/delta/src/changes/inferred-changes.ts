import { DeletionVector } from '@cdc-demo/lake-core';
import type { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Action, AddFile, RemoveFile } from '../log/actions.ts';
import { logicalFileKey } from '../log/logical-file-key.ts';
import type { DataFileReader } from '../read/data-file-reader.ts';
import type { Projection } from '../read/projection.ts';

/** Rows that all had the same done to them. */
export interface InferredChanges {
  readonly changeType: 'insert' | 'delete';
  readonly rows: ColumnBatch;
}

/** A path that a commit touches, with the logical files before and after. */
interface TouchedFile {
  removed?: RemoveFile;
  added?: AddFile;
}

/** Finds what `remove` actions may leave out: the logical file as it was added. */
export type FindFile = (remove: RemoveFile) => Promise<AddFile | undefined>;

/**
 * The changes of a commit without `cdc` actions (Delta protocol, "Reader Requirements for
 * AddCDCFile"): removed rows first, then added ones. A path that is removed and added has changed
 * its deletion vector only: rows that it newly deletes were deleted, rows that it no longer
 * deletes were inserted. Actions that only rearrange rows (`dataChange` false) tell nothing.
 */
export async function* inferChanges(
  actions: readonly Action[],
  reader: DataFileReader,
  { projection, findFile }: { readonly projection: Projection; readonly findFile: FindFile },
): AsyncGenerator<InferredChanges, void, undefined> {
  const touched = touchedFiles(actions);
  for (const { removed, added } of touched) {
    if (removed && added) {
      const rows = await newlyDeleted(reader, removed, added);
      yield* batchAt(reader, { file: added, rows, projection, changeType: 'delete' });
    } else if (removed) {
      const file = await withPartitionValues(removed, projection, findFile);
      for await (const rows of reader.liveRows(file, projection)) {
        yield { changeType: 'delete', rows };
      }
    }
  }
  for (const { removed, added } of touched) {
    if (!added) continue;
    if (removed) {
      const rows = await newlyDeleted(reader, added, removed);
      yield* batchAt(reader, { file: added, rows, projection, changeType: 'insert' });
    } else {
      for await (const rows of reader.liveRows(added, projection)) {
        yield { changeType: 'insert', rows };
      }
    }
  }
}

function touchedFiles(actions: readonly Action[]): TouchedFile[] {
  const byPath = new Map<string, TouchedFile>();
  const at = (path: string): TouchedFile => {
    const key = logicalFileKey({ path });
    const known = byPath.get(key) ?? {};
    byPath.set(key, known);
    return known;
  };
  for (const action of actions) {
    if ('add' in action && action.add.dataChange) at(action.add.path).added = action.add;
    else if ('remove' in action && action.remove.dataChange) {
      at(action.remove.path).removed = action.remove;
    }
  }
  return [...byPath.values()];
}

/** Rows that the vector of `to` deletes and that of `from` does not, ascending. */
async function newlyDeleted(
  reader: DataFileReader,
  from: AddFile | RemoveFile,
  to: AddFile | RemoveFile,
): Promise<number[]> {
  const before = (await reader.deletionVector(from.deletionVector)) ?? new DeletionVector();
  const after = (await reader.deletionVector(to.deletionVector)) ?? new DeletionVector();
  const rows: number[] = [];
  for (const row of after.rows()) if (!before.has(row)) rows.push(row);
  return rows;
}

async function* batchAt(
  reader: DataFileReader,
  at: {
    readonly file: AddFile;
    readonly rows: readonly number[];
    readonly projection: Projection;
    readonly changeType: InferredChanges['changeType'];
  },
): AsyncGenerator<InferredChanges, void, undefined> {
  if (at.rows.length === 0) return;
  // A vector may name rows that the file does not have; they were never there.
  const count = await reader.rowCount(at.file);
  const positions = at.rows.filter((row) => row < count);
  if (positions.length === 0) return;
  const rows = await reader.rowsAt(at.file, positions, at.projection);
  yield { changeType: at.changeType, rows };
}

/** Old writers leave the partition values out of `remove`. */
async function withPartitionValues(
  removed: RemoveFile,
  projection: Projection,
  findFile: FindFile,
): Promise<RemoveFile> {
  if (removed.partitionValues || projection.partition.length === 0) return removed;
  const added = await findFile(removed);
  return added ? { ...removed, partitionValues: added.partitionValues } : removed;
}
