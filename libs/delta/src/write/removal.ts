import type { Action, AddFile } from '../log/actions.ts';

/**
 * The action that removes a live file; without `dataChange` when its rows live on in others. The
 * commit says when.
 */
export function removal(add: AddFile, dataChange = true): Action {
  const { path, partitionValues, size, deletionVector } = add;
  return {
    remove: {
      path,
      dataChange,
      extendedFileMetadata: true,
      partitionValues,
      size,
      ...(deletionVector ? { deletionVector } : {}),
      ...(add.stats === undefined ? {} : { stats: add.stats }),
    },
  };
}
