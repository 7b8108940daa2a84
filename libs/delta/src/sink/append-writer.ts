import { formatTableName } from '@cdc-demo/cdc-core';
import type { CommitStats } from '@cdc-demo/cdc-core';
import { bytesOf, changeRows } from '@cdc-demo/lake-core';
import type { ChangeWriter, TableChanges } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import type { AddFile } from '../log/actions.ts';
import { tableWriter } from '../write/table-files.ts';
import type { CommitTarget, PreparedCommit } from './commit-target.ts';
import type { TableContext } from './sink-options.ts';

/** Every change as a row of its own. */
export class AppendWriter implements ChangeWriter<AddFile, CommitTarget, PreparedCommit> {
  readonly #context: TableContext;

  constructor(context: TableContext) {
    this.#context = context;
  }

  async prepare(
    changes: TableChanges,
    { format }: CommitTarget,
  ): Promise<PreparedCommit | undefined> {
    const { store, layout, clock } = this.#context;
    const writer = tableWriter({ store, format, layout, clock, prefix: 'part-' });
    try {
      for await (const batch of changes) await writer.write(changeRows(batch));
      const files = await writer.finish();
      const stats: CommitStats = {
        inserted: writer.rows,
        updated: 0,
        deleted: 0,
        files: files.length,
        bytes: bytesOf(files),
      };
      return {
        operation: 'WRITE',
        actions: files.map(({ file }) => ({ add: file })),
        needsDeletionVectors: false,
        stats,
        applied: () => undefined,
        discard: () => writer.abort(),
      };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  prepareRange(): Promise<PreparedCommit | undefined> {
    const { table, store } = this.#context;
    const name = formatTableName(table);
    return Promise.reject(
      new DeltaError('delta/resync-append', `The rows of ${name} cannot be read again`, {
        context: { table: name, location: store.url },
      }),
    );
  }

  endResync(): void {
    // Nothing is kept.
  }

  /** Rows are added whatever the table holds. */
  follow(): Promise<void> {
    return Promise.resolve();
  }

  movedKeys(): undefined {
    return undefined;
  }

  moved(): void {
    // Where rows are does not matter here.
  }
}
