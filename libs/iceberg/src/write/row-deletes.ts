import type { ObjectStore } from '@cdc-demo/cdc-core';
import type { DeletionVector, FileLayout } from '@cdc-demo/lake-core';
import type { FileRecord } from '../manifest/write-manifest.ts';
import { writeDeletionVectors } from './deletion-vectors.ts';
import type { LiveDataFile } from './live-data-file.ts';
import { writePositionDeletes } from './position-deletes.ts';

export interface DeletesTarget {
  readonly store: ObjectStore;
  readonly layout: FileLayout;
  /** Of the table, without a slash at the end. */
  readonly location: string;
}

/** A data file with all of its rows that are deleted. */
export interface MarkedFile {
  readonly file: LiveDataFile;
  readonly deleted: DeletionVector;
}

export interface WrittenDeletes {
  /** What a manifest says of the deletes, one for each file, in order. */
  readonly records: readonly FileRecord[];
  /** The data files as they are with their deletes. */
  readonly files: readonly LiveDataFile[];
  /** Of the files that were written. */
  readonly keys: readonly string[];
  readonly bytes: number;
}

export const NOTHING_WRITTEN: WrittenDeletes = { records: [], files: [], keys: [], bytes: 0 };

/**
 * Makes deletes of rows durable, for each data file in the place of all that deleted rows of it
 * before, equality deletes apart: deletion vectors, or position deletes where the format does not
 * have them.
 */
export function writeRowDeletes(
  target: DeletesTarget,
  marked: readonly MarkedFile[],
  formatVersion: number,
): Promise<WrittenDeletes> {
  if (marked.length === 0) return Promise.resolve(NOTHING_WRITTEN);
  return formatVersion === 3
    ? writeDeletionVectors(target, marked)
    : writePositionDeletes(target, marked);
}

/** Removes the files again. */
export async function discardRowDeletes(
  { store }: Pick<DeletesTarget, 'store'>,
  { keys }: WrittenDeletes,
): Promise<void> {
  await Promise.all(keys.map((key) => store.delete(key)));
}
