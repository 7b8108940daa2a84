import type { Clock, Logger, ObjectStore } from '@cdc-demo/cdc-core';
import { UnpublishedTable, removeSettled } from '@cdc-demo/lake-core';
import { FilesystemCatalog } from '../catalog/filesystem-catalog.ts';
import type { TableCatalog } from '../catalog/table-catalog.ts';
import { TableFiles } from '../files/table-files.ts';
import { snapshotPaths } from '../upkeep/snapshot-paths.ts';

interface PublishedTable {
  readonly store: ObjectStore;
  readonly catalog: TableCatalog;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A table of which only its id tells. */
export function unpublishedTable(store: ObjectStore, id: string): UnpublishedTable {
  return new UnpublishedTable(store, 'metadata/', id);
}

/** As `removeSettled`. */
export function removeSettledTables(table: PublishedTable): Promise<void> {
  const { store, catalog, logger } = table;
  return removeSettled({
    store,
    logger,
    format: 'iceberg',
    unpublished: (id) => unpublishedTable(store, id),
    filesOf: (of) => filesOf(of, of === store ? catalog : new FilesystemCatalog(of, table)),
  });
}

/** Keys of the data and delete files of all snapshots. */
async function filesOf(store: ObjectStore, catalog: TableCatalog): Promise<ReadonlySet<string>> {
  const version = await catalog.load();
  if (!version) return new Set();
  const { metadata } = version;
  const files = new TableFiles(store, metadata.location);
  const paths = await snapshotPaths(metadata.snapshots, { metadata, files });
  const keys = Array.from(paths, (path) => files.locate(path).key);
  return new Set(keys.filter((key) => key.startsWith('data/')));
}
