import { isCdcError } from '@cdc-demo/cdc-core';
import type { Logger, ObjectStore } from '@cdc-demo/cdc-core';
import { UnpublishedTable, removeUnpublished, unpublishedIds } from '@cdc-demo/lake-core';
import { referencedFiles } from '../vacuum/referenced-files.ts';

/** A table of which only its id tells. */
export function unpublishedTable(store: ObjectStore, id: string): UnpublishedTable {
  return new UnpublishedTable(store, '_delta_log/', id);
}

/**
 * Once a table is published: removes the unpublished tables that it was made of, and their files
 * but for those that it has taken over.
 */
export async function removeSettled({
  store,
  logger,
}: {
  readonly store: ObjectStore;
  readonly logger: Logger;
}): Promise<void> {
  const ids = await unpublishedIds(store);
  const kept = ids.size > 0 ? await referencedFiles(store, 0) : new Set<string>();
  for (const id of ids) {
    try {
      const files = await referencedFiles(unpublishedTable(store, id), 0);
      const surplus = [...files].filter((key) => !kept.has(key));
      await Promise.all(surplus.map((key) => store.delete(key)));
    } catch (error) {
      // A log of which an earlier process has left a part; its files are left to VACUUM.
      if (!isCdcError(error) || !error.code.startsWith('delta/')) throw error;
      const { code } = error;
      logger.warn('an unpublished table cannot be read', { table: store.url, id, code });
    }
  }
  await removeUnpublished(store);
}
