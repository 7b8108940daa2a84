import type { ColumnBatch, CommitStats } from '@cdc-demo/cdc-core';
import type { WrittenFile } from '../data-files/data-file-writer.ts';
import { bytesOf } from '../data-files/table-file-writer.ts';
import { materialiseRows } from '../row-plan/materialise.ts';
import type { RowSpan } from '../row-plan/materialise.ts';
import type { RowPlan } from '../row-plan/row-plan.ts';
import { IndexUpdates } from '../table-index/index-updates.ts';
import type { LiveFile } from '../table-index/live-file.ts';
import type { TouchedFiles } from '../table-index/touched-files.ts';
import type { PreparedRows, RowTarget } from './change-writer.ts';
import type { PlannedPart, RowCommit, RowCommitParts } from './upsert-writer.ts';
import type { RowsWriter } from './write-rows.ts';

/** New rows that are gathered and encoded at a time. */
const SPAN_ROWS = 32_768;

/** What a commit's deletions do to the files that have the rows. */
export interface FileDeletions {
  /** Makes everything durable. */
  write(): Promise<void>;
  /** After `write`: data files that were written for the rows that are left. */
  readonly files: number;
  /** After `write`: bytes of everything that was written. */
  readonly bytes: number;
  /** Lets the index follow the commit, its new keys left out. */
  applied(): Promise<void>;
  /** Removes what was written. */
  abort(): Promise<void>;
}

/** Files that tell the changes themselves, where a format has them. */
export interface ChangeFiles {
  add(plan: RowPlan, stored: readonly ColumnBatch[]): Promise<void>;
  /** Makes them durable. */
  finish(): Promise<void>;
  /** After `finish`. */
  readonly bytes: number;
  /** Removes what was written. */
  abort(): Promise<void>;
}

/** What rows have in files besides the columns of the table, where a format has that. */
export interface CarriedColumns {
  /**
   * Adds it to new rows.
   * @param span which of the plan's new rows they are
   */
  add(rows: ColumnBatch, plan: RowPlan, span: RowSpan): Promise<ColumnBatch>;
}

/** A format's parts of one commit. */
export interface MergeFormat<F extends LiveFile, P extends PreparedRows> {
  /** For new rows and new versions of rows. */
  readonly rows: RowsWriter<F>;
  readonly touched: TouchedFiles<F>;
  readonly deletions: FileDeletions;
  readonly changes: ChangeFiles | undefined;
  readonly carried?: CarriedColumns | undefined;
  /** The commit, once all files are durable. */
  readonly prepared: (files: readonly WrittenFile<F>[], rows: PreparedRows) => P;
}

/** New rows go to new files, old ones are deleted in theirs. */
export class MergeCommit<F extends LiveFile, P extends PreparedRows> implements RowCommit<P> {
  readonly #parts: RowCommitParts<F, RowTarget<F>>;
  readonly #format: MergeFormat<F, P>;
  readonly #updates = new IndexUpdates();
  #inserted = 0;
  #updated = 0;
  #deleted = 0;

  constructor(parts: RowCommitParts<F, RowTarget<F>>, format: MergeFormat<F, P>) {
    this.#parts = parts;
    this.#format = format;
  }

  async add({ plan, stored, writesFeed }: PlannedPart): Promise<void> {
    const { touched, changes } = this.#format;
    this.#inserted += plan.inserts;
    this.#updated += plan.updates;
    this.#deleted += plan.deletes;
    touched.add(plan);
    await together([
      this.#writeRows(plan, stored),
      writesFeed && changes ? changes.add(plan, stored) : Promise.resolve(),
      this.#updates.add(plan, this.#parts.file),
    ]);
  }

  async finish(): Promise<P | undefined> {
    const { rows, touched, deletions, changes, prepared } = this.#format;
    const isEmpty = this.#inserted + this.#updated + this.#deleted === 0;
    if (isEmpty && !(touched.truncates && this.#parts.index.fileCount > 0)) {
      await this.discard();
      return undefined;
    }
    const [files] = await together([
      rows.finish(),
      changes ? changes.finish() : Promise.resolve(),
      deletions.write(),
    ]);
    return prepared(files, {
      stats: this.#stats(files),
      applied: () => this.#applied(files),
      discard: () => this.discard(),
    });
  }

  async discard(): Promise<void> {
    const { rows, deletions, changes } = this.#format;
    await Promise.all([rows.abort(), changes?.abort(), deletions.abort()]);
    await this.#parts.file?.release();
  }

  async #applied(files: readonly WrittenFile<F>[]): Promise<void> {
    const { index, file } = this.#parts;
    const { rows, deletions } = this.#format;
    await this.#updates.apply(index, { files, places: rows.places() }, file);
    await deletions.applied();
    await file?.release();
  }

  async #writeRows(plan: RowPlan, stored: readonly ColumnBatch[]): Promise<void> {
    const { rows: writer, carried } = this.#format;
    const { length } = plan.writes;
    for (let start = 0; start < length; start += SPAN_ROWS) {
      const span = { start, end: Math.min(length, start + SPAN_ROWS) };
      const rows = materialiseRows(plan, stored, span);
      await writer.write(carried ? await carried.add(rows, plan, span) : rows);
    }
  }

  #stats(files: readonly WrittenFile<F>[]): CommitStats {
    const { touched, deletions, changes } = this.#format;
    return {
      inserted: this.#inserted,
      updated: this.#updated,
      deleted: this.#deleted + touched.truncatedRows,
      files: files.length + deletions.files,
      bytes: bytesOf(files) + (changes?.bytes ?? 0) + deletions.bytes,
    };
  }
}

/** Waits for all, then throws the first error if there is one: nothing goes on behind it. */
async function together<T extends readonly unknown[]>(work: {
  readonly [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  const settled = await Promise.allSettled(work);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  return Promise.all(work) as unknown as Promise<T>;
}
