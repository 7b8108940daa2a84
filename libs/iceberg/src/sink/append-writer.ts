import { formatTableName } from '@cdc-demo/cdc-core';
import { bytesOf, changeRows } from '@cdc-demo/lake-core';
import type { ChangeWriter, TableChanges } from '@cdc-demo/lake-core';
import type { CommitTarget, PreparedCommit } from '../commit/commit-target.ts';
import { commitWriter } from '../commit/upsert-commit.ts';
import { IcebergError } from '../errors.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import type { TableContext } from './sink-options.ts';

/** Every change as a row of its own. */
export class AppendWriter implements ChangeWriter<LiveDataFile, CommitTarget, PreparedCommit> {
  readonly #context: TableContext;

  constructor(context: TableContext) {
    this.#context = context;
  }

  async prepare(changes: TableChanges, target: CommitTarget): Promise<PreparedCommit | undefined> {
    const writer = commitWriter(this.#context, target);
    try {
      for await (const batch of changes) await writer.write(changeRows(batch));
      const files = await writer.finish();
      return {
        changes: {
          operation: 'append',
          data: files.map(({ file }) => file.record),
          deletes: [],
          removed: new Set(),
        },
        stats: {
          inserted: writer.rows,
          updated: 0,
          deleted: 0,
          files: files.length,
          bytes: bytesOf(files),
        },
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
      new IcebergError('iceberg/resync-append', `The rows of ${name} cannot be read again`, {
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
