import type { CdcError, ColumnBatch } from '@cdc-demo/cdc-core';
import type { WrittenFile } from '../data-files/data-file-writer.ts';
import type { LiveFile } from '../table-index/live-file.ts';
import { changeRows } from '../table-rows/change-rows.ts';
import type { TableChanges } from '../table-rows/table-changes.ts';
import type { ChangeWriter, PreparedRows, RowTarget } from './change-writer.ts';
import { writeRows } from './write-rows.ts';
import type { RowsWriter } from './write-rows.ts';

/** What a format makes of rows that are added. */
export interface AppendFormat<F extends LiveFile, T extends RowTarget<F>, P extends PreparedRows> {
  readonly writer: (target: T) => RowsWriter<F>;
  readonly prepared: (files: readonly WrittenFile<F>[], rows: PreparedRows) => P;
  /** Why rows cannot be read again: a table of changes has none of the source. */
  readonly resyncRefused: () => CdcError;
}

/** Every change as a row of its own. */
export class AppendWriter<F extends LiveFile, T extends RowTarget<F>, P extends PreparedRows>
  implements ChangeWriter<F, T, P>
{
  readonly #format: AppendFormat<F, T, P>;

  constructor(format: AppendFormat<F, T, P>) {
    this.#format = format;
  }

  async prepare(changes: TableChanges, target: T): Promise<P | undefined> {
    const { writer, prepared: toCommit } = this.#format;
    const { files, prepared } = await writeRows(writer(target), rowsOf(changes));
    return toCommit(files, prepared);
  }

  prepareRange(): Promise<P | undefined> {
    return Promise.reject(this.#format.resyncRefused());
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

async function* rowsOf(changes: TableChanges): AsyncGenerator<ColumnBatch> {
  for await (const batch of changes) yield changeRows(batch);
}
