import type { ColumnBatch, SnapshotStage, StagedSnapshot } from '@cdc-demo/cdc-core';
import { bytesOf } from '../data-files/table-file-writer.ts';
import type { TableFileWriter } from '../data-files/table-file-writer.ts';
import type { FilePartition } from '../data-files/data-file-writer.ts';
import type { TableColumns } from '../table-columns/table-columns.ts';
import { firstRows } from '../table-rows/first-rows.ts';

/** How many rows and bytes files have together. */
export interface StagedSize {
  readonly rows: number;
  readonly bytes: number;
}

export interface FirstRowsStageParts<P extends FilePartition, F> {
  readonly columns: TableColumns;
  readonly writer: TableFileWriter<P, F>;
  /** The time that the rows say they were written at. */
  readonly startedMs: number;
  readonly asStaged: (files: readonly F[], size: StagedSize) => StagedSnapshot;
}

/**
 * Writes the first rows of a table to files that no version names yet. While one batch is encoded
 * the next may arrive: an error of encoding comes from the next `write` or `finish`.
 */
export class FirstRowsStage<P extends FilePartition, F> implements SnapshotStage {
  readonly #parts: FirstRowsStageParts<P, F>;
  readonly #startedUs: bigint;
  #encoding: Promise<void> = Promise.resolve();

  constructor(parts: FirstRowsStageParts<P, F>) {
    this.#parts = parts;
    this.#startedUs = BigInt(Math.floor(parts.startedMs)) * 1000n;
  }

  async write(rows: ColumnBatch): Promise<void> {
    const { columns, writer } = this.#parts;
    await this.#encoding;
    this.#encoding = writer.write(firstRows(rows, columns, this.#startedUs));
    this.#encoding.catch(() => {
      // Told by the next await of the same promise.
    });
  }

  async finish(): Promise<StagedSnapshot> {
    const { writer, asStaged } = this.#parts;
    await this.#encoding;
    const files = await writer.finish();
    const size = { rows: writer.rows, bytes: bytesOf(files) };
    return asStaged(
      files.map(({ file }) => file),
      size,
    );
  }

  async abort(): Promise<void> {
    await Promise.allSettled([this.#encoding]);
    await this.#parts.writer.abort();
  }
}
