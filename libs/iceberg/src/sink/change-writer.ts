import { formatTableName } from '@cdc-demo/cdc-core';
import { AppendWriter, UpsertWriter } from '@cdc-demo/lake-core';
import type { ChangeWriter } from '@cdc-demo/lake-core';
import type { CommitTarget, PreparedCommit } from '../commit/commit-target.ts';
import { addedRows, commitWriter, upsertCommit } from '../commit/upsert-commit.ts';
import { IcebergError } from '../errors.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import type { TableContext } from './sink-options.ts';

/** The way from changes to files, by the table's mode. */
export function changeWriter(
  context: TableContext,
): ChangeWriter<LiveDataFile, CommitTarget, PreparedCommit> {
  const { store, mode, table } = context;
  if (mode === 'upsert') return new UpsertWriter(context, (of) => upsertCommit(context, of));
  return new AppendWriter({
    writer: (target) => commitWriter(context, target),
    prepared: addedRows,
    resyncRefused: () => {
      const name = formatTableName(table);
      const message = `The rows of ${name} cannot be read again`;
      return new IcebergError('iceberg/resync-append', message, {
        context: { table: name, location: store.url },
      });
    },
  });
}
