import type { Logger, ObjectStore } from '@cdc-demo/cdc-core';
import { UnpublishedTable, removeSettled } from '@cdc-demo/lake-core';
import { referencedFiles } from '../vacuum/referenced-files.ts';

/** A table of which only its id tells. */
export function unpublishedTable(store: ObjectStore, id: string): UnpublishedTable {
  return new UnpublishedTable(store, '_delta_log/', id);
}

/** As `removeSettled`. */
export function removeSettledTables({
  store,
  logger,
}: {
  readonly store: ObjectStore;
  readonly logger: Logger;
}): Promise<void> {
  return removeSettled({
    store,
    logger,
    format: 'delta',
    unpublished: (id) => unpublishedTable(store, id),
    filesOf: (of) => referencedFiles(of, 0),
  });
}
