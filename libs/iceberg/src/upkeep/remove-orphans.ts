import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import { FieldReader, FileDeletion } from '@cdc-demo/lake-core';
import type { FileDeletionOptions } from '@cdc-demo/lake-core';
import type { TableVersion } from '../catalog/table-catalog.ts';
import type { TableFiles } from '../files/table-files.ts';
import { snapshotPaths } from './snapshot-paths.ts';

/** Where the files of a table lie that this library writes. */
const FOLDERS = ['data/', 'metadata/'] as const;
const DAY_MS = 24 * 3600 * 1000;
/** No commit takes longer. */
export const MIN_AGE_MS = 3 * DAY_MS;
/** What a table is found by, by its number or by a service that keeps it. */
const METADATA = /^metadata\/(?:[^/]+\.metadata\.json(?:\.gz)?|version-hint\.text)$/;

export interface OrphansOptions extends FileDeletionOptions {
  readonly clock: Clock;
  /** Files younger than that may belong to a commit that is being made; three days unless given. */
  readonly olderThanMs?: number | undefined;
}

export interface OrphansResult {
  readonly deletedFiles: number;
  readonly deletedBytes: number;
}

/**
 * Deletes the files below `data/` and `metadata/` that nothing in the table's metadata names, and
 * that are old enough: what failed commits and expired snapshots have left. Metadata files are not
 * touched: a reader may ask for their version, and a service removes those that it has made. Safe
 * to be ended at any moment and to be run again.
 * @throws as `snapshotPaths`
 */
export async function removeOrphans(
  store: ObjectStore,
  { version, files }: { readonly version: TableVersion; readonly files: TableFiles },
  { olderThanMs = MIN_AGE_MS, ...options }: OrphansOptions,
): Promise<OrphansResult> {
  const { metadata, json } = version;
  const cutoffMs = options.clock.nowMs() - olderThanMs;
  const paths = await snapshotPaths(metadata.snapshots, { metadata, files });
  for (const path of statisticsOf(json)) paths.add(path);
  const keys = new Set(Array.from(paths, (path) => files.locate(path).key));
  const deletion = new FileDeletion(store, options);
  for (const folder of FOLDERS) {
    for await (const file of store.list(folder)) {
      const { key, modifiedMs } = file;
      if (modifiedMs >= cutoffMs || keys.has(key) || METADATA.test(key)) continue;
      await deletion.add(file);
    }
  }
  await deletion.finish();
  return { deletedFiles: deletion.files, deletedBytes: deletion.bytes };
}

/** Files with statistics, which the snapshots do not name themselves. */
function statisticsOf(json: TableVersion['json']): readonly string[] {
  const reader = new FieldReader('metadata', json);
  return ['statistics', 'partition-statistics'].flatMap((name) =>
    (reader.optionalList(name) ?? []).map((each) => {
      return new FieldReader(name, each).string('statistics-path');
    }),
  );
}
