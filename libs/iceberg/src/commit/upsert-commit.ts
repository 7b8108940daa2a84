import type { Field, ObjectStore } from '@cdc-demo/cdc-core';
import { MergeCommit, TouchedFiles } from '@cdc-demo/lake-core';
import type {
  FileLayout,
  PreparedRows,
  RowCommit,
  RowCommitParts,
  WrittenFile,
} from '@cdc-demo/lake-core';
import { boundSpec } from '../partition/partition-columns.ts';
import { partitionsOf } from '../partition/partition-split.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import { tableWriter } from '../write/table-files.ts';
import type { TableWriter } from '../write/table-files.ts';
import { deletionMode } from '../write/table-readers.ts';
import type { TableReader } from '../write/table-readers.ts';
import { ROW_ID } from '../read/row-lineage.ts';
import { CarriedRowIds } from './carried-row-ids.ts';
import type { CommitTarget, PreparedCommit } from './commit-target.ts';
import { FileRewrites } from './file-rewrites.ts';
import { RowDeletions } from './row-deletions.ts';

export interface CommitContext {
  readonly store: ObjectStore;
  readonly layout: FileLayout;
  readonly readers: readonly TableReader[];
}

/**
 * Writes rows of a commit to new data files.
 * @param carried columns of the rows behind those of the table
 */
export function commitWriter(
  { store, layout }: CommitContext,
  { version: { metadata }, columns }: CommitTarget,
  carried: readonly Field[] = [],
): TableWriter {
  const fields = [...columns.fields, ...carried];
  const { location, defaultSpecId } = metadata;
  const partitions = partitionsOf(boundSpec(metadata, defaultSpecId), fields);
  return tableWriter({ store, layout, location, fields, partitions });
}

/** New rows go to new files, old ones are marked as deleted or left out of new files. */
export function upsertCommit(
  context: CommitContext,
  parts: RowCommitParts<LiveDataFile, CommitTarget>,
): RowCommit<PreparedCommit> {
  const { target, index } = parts;
  const { metadata } = target.version;
  const { location, formatVersion } = metadata;
  const touched = new TouchedFiles(index);
  const deletions =
    deletionMode(context.readers, metadata) === 'mark'
      ? new RowDeletions({ ...context, location, formatVersion, index, touched })
      : new FileRewrites({
          index,
          touched,
          reader: target.rows.openReader(),
          writer: commitWriter(context, target),
        });
  const hasLineage = formatVersion === 3;
  return new MergeCommit(parts, {
    rows: commitWriter(context, target, hasLineage ? [ROW_ID] : []),
    carried: hasLineage ? new CarriedRowIds(index, target.rows) : undefined,
    touched,
    deletions,
    changes: undefined,
    prepared: (files, rows) => {
      const data = [...files.map(({ file }) => file.record()), ...deletions.data];
      const { deletes } = deletions;
      const removed = new Set(deletions.removed());
      const isAppend = deletes.length === 0 && removed.size === 0;
      const operation = isAppend ? 'append' : data.length > 0 ? 'overwrite' : 'delete';
      return { ...rows, changes: { operation, data, deletes, removed } };
    },
  });
}

/** A commit that adds files and nothing else. */
export function addedRows(
  files: readonly WrittenFile<LiveDataFile>[],
  rows: PreparedRows,
): PreparedCommit {
  const data = files.map(({ file }) => file.record());
  return {
    ...rows,
    changes: { operation: 'append', data, deletes: [], removed: new Set() },
  };
}
