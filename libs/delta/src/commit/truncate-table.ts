import type { Action, AddCdcFile } from '../log/actions.ts';
import { ChangeFileWriter } from '../write/change-file-writer.ts';
import { removal } from '../write/removal.ts';
import { hasChangeFeed } from './commit-target.ts';
import type { CommitTarget, PreparedCommit } from './commit-target.ts';
import type { TableContext } from '../sink/sink-options.ts';

/**
 * Removes all files of a table, whatever its key. The change feed is told row by row only where a
 * file has a deletion vector: otherwise readers find it in the files.
 */
export async function prepareTruncate(
  context: TableContext,
  { snapshot, rows: stored, format }: CommitTarget,
): Promise<PreparedCommit | undefined> {
  const files = [...snapshot.files()];
  if (files.length === 0) return undefined;
  const { store, layout, clock } = context;
  const feed = new ChangeFileWriter({ store, format, layout, clock });
  const isExplicit = hasChangeFeed(snapshot) && files.some((add) => add.deletionVector);
  let deleted = 0;
  let cdc: readonly AddCdcFile[] = [];
  try {
    const reader = stored.openReader();
    for (const add of isExplicit ? files : []) {
      const gone = await reader.deletedRows(add);
      for await (const rows of reader.rowsExcept(add, gone)) {
        await feed.write(rows, 'delete');
        deleted += rows.length;
      }
    }
    cdc = await feed.finish();
  } catch (error) {
    await feed.abort();
    throw error;
  }
  const feedBytes = cdc.reduce((sum, { size }) => sum + size, 0);
  const removed: Action[] = files.map((add) => removal(add));
  return {
    operation: 'TRUNCATE',
    actions: [...removed, ...cdc.map((file) => ({ cdc: file }))],
    needsDeletionVectors: false,
    stats: { inserted: 0, updated: 0, deleted, files: 0, bytes: feedBytes },
    applied: () => undefined,
    discard: () => feed.abort(),
  };
}
