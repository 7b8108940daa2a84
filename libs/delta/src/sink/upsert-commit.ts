import type { ColumnBatch, CommitStats } from '@cdc-demo/cdc-core';
import { IndexUpdates, TouchedFiles, bytesOf, materialiseRows } from '@cdc-demo/lake-core';
import type {
  PlannedPart,
  RowCommit,
  RowCommitParts,
  RowPlan,
  WrittenFile,
} from '@cdc-demo/lake-core';
import type { AddCdcFile, AddFile } from '../log/actions.ts';
import { tableWriter } from '../write/table-files.ts';
import type { TableWriter } from '../write/table-files.ts';
import { deletionMode } from '../write/table-readers.ts';
import { hasChangeFeed } from './commit-target.ts';
import type { CommitTarget, PreparedCommit } from './commit-target.ts';
import { FeedWriter } from './feed-writer.ts';
import { FileRewrites } from './file-rewrites.ts';
import { RowDeletions } from './row-deletions.ts';
import type { TableContext } from './sink-options.ts';

/** New rows that are gathered and encoded at a time. */
const SPAN_ROWS = 32_768;

/**
 * New rows go to new files, old ones are marked as deleted in theirs, and the change feed tells the
 * net change of each key.
 */
export class UpsertCommit implements RowCommit<PreparedCommit> {
  readonly #parts: RowCommitParts<AddFile, CommitTarget>;
  readonly #rows: TableWriter;
  readonly #feed: FeedWriter;
  readonly #touched: TouchedFiles<AddFile>;
  readonly #deletions: RowDeletions | FileRewrites;
  readonly #updates = new IndexUpdates();
  readonly #hasFeed: boolean;
  #inserts = 0;
  #updated = 0;
  #deletes = 0;

  constructor(context: TableContext, parts: RowCommitParts<AddFile, CommitTarget>) {
    this.#parts = parts;
    const { target, index } = parts;
    const { store, layout, clock } = context;
    const { format } = target;
    this.#hasFeed = hasChangeFeed(target.snapshot);
    this.#rows = tableWriter({ store, format, layout, clock, prefix: 'part-' });
    this.#feed = new FeedWriter(context, format);
    this.#touched = new TouchedFiles(index);
    this.#deletions =
      deletionMode(context.readers, target.snapshot.metadata) === 'vectors'
        ? new RowDeletions(store, index, this.#touched)
        : new FileRewrites(context, { index, touched: this.#touched, target });
  }

  async add({ plan, stored, writesFeed }: PlannedPart): Promise<void> {
    this.#inserts += plan.inserts;
    this.#updated += plan.updates;
    this.#deletes += plan.deletes;
    this.#touched.add(plan);
    await together([
      this.#writeRows(plan, stored),
      writesFeed && this.#hasFeed ? this.#feed.add(plan, stored) : Promise.resolve(),
      this.#updates.add(plan, this.#parts.file),
    ]);
  }

  async finish(): Promise<PreparedCommit | undefined> {
    const { target, index } = this.#parts;
    const deletions = this.#deletions;
    const touched = this.#touched;
    const isEmpty = this.#inserts + this.#updated + this.#deletes === 0;
    if (isEmpty && !(touched.truncates && index.fileCount > 0)) {
      await this.discard();
      return undefined;
    }
    const [files, cdc] = await together([
      this.#rows.finish(),
      this.#hasFeed
        ? this.#feed.finish(index, { touched, reader: target.rows.openReader() })
        : Promise.resolve([]),
      deletions.write(),
    ]);
    const added = files.map(({ file }) => ({ add: file }));
    const removed = deletions.actions();
    return {
      operation: 'MERGE',
      actions: [...removed, ...added, ...cdc.map((one) => ({ cdc: one }))],
      needsDeletionVectors: deletions.vectors > 0,
      stats: this.#stats(files, cdc),
      applied: () => this.#applied(files),
      discard: () => this.discard(),
    };
  }

  async discard(): Promise<void> {
    await Promise.all([this.#rows.abort(), this.#feed.abort(), this.#deletions.abort()]);
    await this.#parts.file?.release();
  }

  async #applied(files: readonly WrittenFile<AddFile>[]): Promise<void> {
    const { index, file } = this.#parts;
    await this.#updates.apply(index, { files, places: this.#rows.places() }, file);
    await this.#deletions.applied();
    await file?.release();
  }

  async #writeRows(plan: RowPlan, stored: readonly ColumnBatch[]): Promise<void> {
    const { length } = plan.writes;
    for (let start = 0; start < length; start += SPAN_ROWS) {
      const end = Math.min(length, start + SPAN_ROWS);
      await this.#rows.write(materialiseRows(plan, stored, { start, end }));
    }
  }

  #stats(files: readonly WrittenFile<AddFile>[], cdc: readonly AddCdcFile[]): CommitStats {
    const feedBytes = cdc.reduce((sum, { size }) => sum + size, 0);
    return {
      inserted: this.#inserts,
      updated: this.#updated,
      deleted: this.#deletes + this.#touched.truncatedRows,
      files: files.length + this.#deletions.files,
      bytes: bytesOf(files) + feedBytes + this.#deletions.bytes,
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
