import type { Clock, Logger, ObjectStore } from '@cdc-demo/cdc-core';
import { isCdcError } from '@cdc-demo/cdc-core';
import { UnpublishedTable, removeUnpublished, unpublishedIds } from '@cdc-demo/lake-core';
import { FilesystemCatalog } from '../catalog/filesystem-catalog.ts';
import { TableFiles } from '../files/table-files.ts';
import { snapshotPaths } from '../upkeep/snapshot-paths.ts';

interface SettledTable {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A table of which only its id tells. */
export function unpublishedTable(store: ObjectStore, id: string): UnpublishedTable {
  return new UnpublishedTable(store, 'metadata/', id);
}

/**
 * Once a table is published: removes the unpublished tables that it was made of, and their files
 * but for those that it has taken over.
 */
export async function removeSettled(table: SettledTable): Promise<void> {
  const { store, logger } = table;
  const ids = await unpublishedIds(store);
  const kept = ids.size > 0 ? await keysOf(table) : new Set<string>();
  for (const id of ids) {
    try {
      const keys = await keysOf({ ...table, store: unpublishedTable(store, id) });
      const surplus = [...keys].filter((key) => key.startsWith('data/') && !kept.has(key));
      await Promise.all(surplus.map((key) => store.delete(key)));
    } catch (error) {
      // Metadata of which an earlier process has left a part; its files are left to the clean-up.
      if (!isCdcError(error) || !error.code.startsWith('iceberg/')) throw error;
      const { code } = error;
      logger.warn('an unpublished table cannot be read', { table: store.url, id, code });
    }
  }
  await removeUnpublished(store);
}

/** What all snapshots of a table need. */
async function keysOf(table: SettledTable): Promise<ReadonlySet<string>> {
  const { store } = table;
  const version = await new FilesystemCatalog(store, table).load();
  if (!version) return new Set();
  const { metadata } = version;
  const files = new TableFiles(store, metadata.location);
  const paths = await snapshotPaths(metadata.snapshots, { metadata, files });
  return new Set(Array.from(paths, (path) => files.locate(path).key));
}
