import { MergeCommit, TouchedFiles } from '@cdc-demo/lake-core';
import type { RowCommit, RowCommitParts } from '@cdc-demo/lake-core';
import type { AddFile } from '../log/actions.ts';
import { tableWriter } from '../write/table-files.ts';
import { deletionMode } from '../write/table-readers.ts';
import { hasChangeFeed } from './commit-target.ts';
import type { CommitTarget, PreparedCommit } from './commit-target.ts';
import { FeedWriter } from './feed-writer.ts';
import { FileRewrites } from './file-rewrites.ts';
import { RowDeletions } from './row-deletions.ts';
import type { TableContext } from '../sink/sink-options.ts';

/**
 * New rows go to new files, old ones are marked as deleted in theirs or left out of new ones, and
 * the change feed tells the net change of each key.
 */
export function upsertCommit(
  context: TableContext,
  parts: RowCommitParts<AddFile, CommitTarget>,
): RowCommit<PreparedCommit> {
  const { target, index } = parts;
  const { snapshot, format } = target;
  const { store, layout, clock, readers } = context;
  const touched = new TouchedFiles(index);
  const deletions =
    deletionMode(readers, snapshot.metadata) === 'vectors'
      ? new RowDeletions(store, index, touched)
      : new FileRewrites(context, { index, touched, target });
  const feed = hasChangeFeed(snapshot)
    ? new FeedWriter(context, { index, touched, target })
    : undefined;
  return new MergeCommit(parts, {
    rows: tableWriter({ store, format, layout, clock, prefix: 'part-' }),
    touched,
    deletions,
    changes: feed,
    prepared: (files, rows) => ({
      ...rows,
      operation: 'MERGE',
      actions: [
        ...deletions.actions(),
        ...files.map(({ file }) => ({ add: file })),
        ...(feed?.files ?? []).map((cdc) => ({ cdc })),
      ],
      needsDeletionVectors: deletions.vectors > 0,
    }),
  });
}
