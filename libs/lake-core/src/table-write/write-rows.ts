import type { ColumnBatch } from '@cdc-demo/cdc-core';
import type { FilePartition, WrittenFile } from '../data-files/data-file-writer.ts';
import { bytesOf } from '../data-files/table-file-writer.ts';
import type { TableFileWriter } from '../data-files/table-file-writer.ts';
import type { PreparedRows } from './change-writer.ts';

/** Writes rows to new files, however they are parted. */
export type RowsWriter<F> = Pick<
  TableFileWriter<FilePartition, F>,
  'write' | 'finish' | 'abort' | 'rows' | 'places'
>;

/** New rows whose files are durable and that no version has yet. */
export interface WrittenRowFiles<F> {
  readonly files: readonly WrittenFile<F>[];
  readonly prepared: PreparedRows;
}

/** Writes rows that are added, whatever a table holds. What was written is removed on failure. */
export async function writeRows<F>(
  writer: RowsWriter<F>,
  batches: AsyncIterable<ColumnBatch> | Iterable<ColumnBatch>,
): Promise<WrittenRowFiles<F>> {
  try {
    for await (const rows of batches) await writer.write(rows);
    const files = await writer.finish();
    const stats = {
      inserted: writer.rows,
      updated: 0,
      deleted: 0,
      files: files.length,
      bytes: bytesOf(files),
    };
    const discard = (): Promise<void> => writer.abort();
    return { files, prepared: { stats, applied: () => undefined, discard } };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
