import { BytesColumn } from '@cdc-demo/cdc-core';
import type { ColumnBatch } from '@cdc-demo/cdc-core';
import { CHANGE_TYPES, DeletionVector, materialiseFeed } from '@cdc-demo/lake-core';
import type { ChangeFiles, RowPlan, TableIndex, TouchedFiles } from '@cdc-demo/lake-core';
import type { AddCdcFile, AddFile } from '../log/actions.ts';
import { ChangeFileWriter } from '../write/change-file-writer.ts';
import type { CommitTarget } from './commit-target.ts';
import type { TableContext } from '../sink/sink-options.ts';

/** Rows of the feed that are gathered and encoded at a time. */
const SPAN_ROWS = 32_768;
const TYPE_TEXTS = CHANGE_TYPES.map((name) => Buffer.from(name));

export interface FeedParts {
  readonly index: TableIndex<AddFile>;
  readonly touched: TouchedFiles<AddFile>;
  readonly target: CommitTarget;
}

/**
 * The change files of one commit (D13): all its changes, as soon as there is an update or delete;
 * none for a commit that only adds rows, or only removes whole files without deletion vectors.
 */
export class FeedWriter implements ChangeFiles {
  readonly #parts: FeedParts;
  readonly #file: ChangeFileWriter;
  #rows = 0;
  #files: readonly AddCdcFile[] = [];

  constructor({ store, layout, clock }: TableContext, parts: FeedParts) {
    this.#parts = parts;
    const { format } = parts.target;
    this.#file = new ChangeFileWriter({ store, format, layout, clock });
  }

  /** After `finish`; none where readers find the changes in the data files themselves. */
  get files(): readonly AddCdcFile[] {
    return this.#files;
  }

  get bytes(): number {
    return this.#files.reduce((sum, { size }) => sum + size, 0);
  }

  /** Writes the changes of a plan; `stored` as in `materialiseFeed`. */
  async add(plan: RowPlan, stored: readonly ColumnBatch[]): Promise<void> {
    const { length } = plan.feed;
    this.#rows += length;
    for (let start = 0; start < length; start += SPAN_ROWS) {
      const span = { start, end: Math.min(length, start + SPAN_ROWS) };
      const { rows, changeTypes } = materialiseFeed(plan, stored, span);
      await this.#file.writeTyped(rows, typeColumn(changeTypes));
    }
  }

  /** Makes the files durable. */
  async finish(): Promise<void> {
    if (this.#parts.touched.truncates && !this.#isPlainTruncate()) await this.#writeTruncated();
    this.#files = await this.#file.finish();
  }

  /** Removes what was written. */
  abort(): Promise<void> {
    return this.#file.abort();
  }

  /** Does the commit remove whole files without deletion vectors, and nothing else? */
  #isPlainTruncate(): boolean {
    if (this.#rows > 0) return false;
    for (const [, { deleted }] of this.#parts.index.files()) if (deleted) return false;
    return true;
  }

  /** The stored rows that no other change names, as deletes. */
  async #writeTruncated(): Promise<void> {
    const { index, touched, target } = this.#parts;
    const reader = target.rows.openReader();
    for (const [id, { file }] of index.files()) {
      const gone = touched.named(id) ?? new DeletionVector();
      for await (const rows of reader.rowsExcept(file, gone)) {
        await this.#file.write(rows, 'delete');
      }
    }
  }
}

function typeColumn(changeTypes: Uint8Array): BytesColumn {
  const column = new BytesColumn({ kind: 'string' }, changeTypes.length);
  for (const type of changeTypes) {
    const text = TYPE_TEXTS[type] ?? Buffer.alloc(0);
    column.append(text, 0, text.length);
  }
  return column;
}
