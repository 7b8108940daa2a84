import { isCdcError } from '@cdc-demo/cdc-core';
import type { Logger, ObjectStore } from '@cdc-demo/cdc-core';
import { removeUnpublished, unpublishedIds } from './unpublished-table.ts';

/** A published table, and how its format finds what was settled for it. */
export interface SettledTable {
  readonly store: ObjectStore;
  readonly logger: Logger;
  /** First part of the codes of the format's errors. */
  readonly format: string;
  /** The store of an unpublished table. */
  readonly unpublished: (id: string) => ObjectStore;
  /** Keys of the data and delete files of the table in a store; none where there is no table. */
  readonly filesOf: (store: ObjectStore) => Promise<ReadonlySet<string>>;
}

/**
 * Once a table is published: removes the unpublished tables that it was made of, and their files
 * but for those that it has taken over.
 */
export async function removeSettled(table: SettledTable): Promise<void> {
  const { store, logger, format, unpublished, filesOf } = table;
  const ids = await unpublishedIds(store);
  const kept = ids.size > 0 ? await filesOf(store) : new Set<string>();
  for (const id of ids) {
    try {
      const surplus = [...(await filesOf(unpublished(id)))].filter((key) => !kept.has(key));
      await Promise.all(surplus.map((key) => store.delete(key)));
    } catch (error) {
      // An earlier process has left a part of it; its files are left to a later clean-up.
      if (!isCdcError(error) || !error.code.startsWith(`${format}/`)) throw error;
      const { code } = error;
      logger.warn('an unpublished table cannot be read', { table: store.url, id, code });
    }
  }
  await removeUnpublished(store);
}
