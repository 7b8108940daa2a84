import { formatTableName } from '@cdc-demo/cdc-core';
import { AppendWriter, UpsertWriter } from '@cdc-demo/lake-core';
import type { ChangeWriter, PreparedRows, WrittenFile } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import type { AddFile } from '../log/actions.ts';
import { tableWriter } from '../write/table-files.ts';
import type { CommitTarget, PreparedCommit } from '../commit/commit-target.ts';
import type { TableContext } from './sink-options.ts';
import { upsertCommit } from '../commit/upsert-commit.ts';

/** The way from changes to files, by the table's mode. */
export function changeWriter(
  context: TableContext,
): ChangeWriter<AddFile, CommitTarget, PreparedCommit> {
  const { store, layout, clock, mode, table } = context;
  if (mode === 'upsert') return new UpsertWriter(context, (of) => upsertCommit(context, of));
  return new AppendWriter({
    writer: ({ format }) => tableWriter({ store, format, layout, clock, prefix: 'part-' }),
    prepared: addedRows,
    resyncRefused: () => {
      const name = formatTableName(table);
      const message = `The rows of ${name} cannot be read again`;
      return new DeltaError('delta/resync-append', message, {
        context: { table: name, location: store.url },
      });
    },
  });
}

/** A commit that adds files and nothing else. */
export function addedRows(
  files: readonly WrittenFile<AddFile>[],
  rows: PreparedRows,
): PreparedCommit {
  return {
    ...rows,
    operation: 'WRITE',
    actions: files.map(({ file }) => ({ add: file })),
    needsDeletionVectors: false,
  };
}
