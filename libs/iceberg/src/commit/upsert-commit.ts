import type { ColumnBatch, CommitStats } from '@cdc-demo/cdc-core';
import { IndexUpdates, TouchedFiles, bytesOf, materialiseRows } from '@cdc-demo/lake-core';
import type {
  FileLayout,
  PlannedPart,
  RowCommit,
  RowCommitParts,
  RowPlan,
  WrittenFile,
} from '@cdc-demo/lake-core';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import type { LiveDataFile, NewDataFile } from '../write/live-data-file.ts';
import { tableWriter } from '../write/table-files.ts';
import type { TableWriter } from '../write/table-files.ts';
import type { CommitTarget, PreparedCommit } from './commit-target.ts';
import { FileRewrites } from './file-rewrites.ts';
import { RowDeletions } from './row-deletions.ts';

/** New rows that are gathered and encoded at a time. */
const SPAN_ROWS = 32_768;

export interface CommitContext {
  readonly store: ObjectStore;
  readonly layout: FileLayout;
}

/** Writes rows of a commit to new data files. */
export function commitWriter(
  { store, layout }: CommitContext,
  { version: { metadata }, columns: { fields } }: CommitTarget,
): TableWriter {
  const { location, defaultSpecId: specId } = metadata;
  return tableWriter({ store, layout, location, fields, specId });
}

/** New rows go to new files, old ones are marked as deleted in theirs or left out of new ones. */
export class UpsertCommit implements RowCommit<PreparedCommit> {
  readonly #parts: RowCommitParts<LiveDataFile, CommitTarget>;
  readonly #rows: TableWriter;
  readonly #touched: TouchedFiles<LiveDataFile>;
  readonly #deletions: RowDeletions | FileRewrites;
  readonly #updates = new IndexUpdates();
  #inserted = 0;
  #updated = 0;
  #deleted = 0;

  constructor(context: CommitContext, parts: RowCommitParts<LiveDataFile, CommitTarget>) {
    this.#parts = parts;
    const { target, index } = parts;
    const { location, formatVersion } = target.version.metadata;
    this.#rows = commitWriter(context, target);
    const touched = new TouchedFiles(index);
    this.#touched = touched;
    this.#deletions =
      formatVersion === 3
        ? new RowDeletions({ store: context.store, location, index, touched })
        : new FileRewrites({
            index,
            touched,
            reader: target.rows.openReader(),
            writer: commitWriter(context, target),
          });
  }

  async add({ plan, stored }: PlannedPart): Promise<void> {
    this.#inserted += plan.inserts;
    this.#updated += plan.updates;
    this.#deleted += plan.deletes;
    this.#touched.add(plan);
    await this.#writeRows(plan, stored);
    await this.#updates.add(plan, this.#parts.file);
  }

  async finish(): Promise<PreparedCommit | undefined> {
    const isEmpty = this.#inserted + this.#updated + this.#deleted === 0;
    if (isEmpty && !(this.#touched.truncates && this.#parts.index.fileCount > 0)) {
      await this.discard();
      return undefined;
    }
    const files = await this.#rows.finish();
    const deletions = this.#deletions;
    await deletions.write();
    const data = [...files.map(({ file }) => file.record), ...deletions.data];
    const removed = new Set(deletions.removed());
    const isAppend = deletions.deletes.length === 0 && removed.size === 0;
    return {
      changes: {
        operation: isAppend ? 'append' : data.length > 0 ? 'overwrite' : 'delete',
        data,
        deletes: deletions.deletes,
        removed,
      },
      stats: this.#stats(files),
      applied: () => this.#applied(files),
      discard: () => this.discard(),
    };
  }

  async discard(): Promise<void> {
    await Promise.all([this.#rows.abort(), this.#deletions.abort()]);
    await this.#parts.file?.release();
  }

  async #applied(files: readonly WrittenFile<NewDataFile>[]): Promise<void> {
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

  #stats(files: readonly WrittenFile<NewDataFile>[]): CommitStats {
    return {
      inserted: this.#inserted,
      updated: this.#updated,
      deleted: this.#deleted + this.#touched.truncatedRows,
      files: files.length + this.#deletions.data.length,
      bytes: bytesOf(files) + this.#deletions.bytes,
    };
  }
}
