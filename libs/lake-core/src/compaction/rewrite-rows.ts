import type { Clock, ColumnBatch } from '@cdc-demo/cdc-core';
import type { WrittenFile } from '../data-files/data-file-writer.ts';
import { DeletionVector } from '../deletion-vector/deletion-vector.ts';
import type { FileReader, LiveFile } from '../table-index/live-file.ts';
import type { MovedKeys } from '../table-index/moved-keys.ts';
import type { IndexedFile } from '../table-index/table-index.ts';

export interface RowCopy<F extends LiveFile> {
  readonly files: readonly F[];
  readonly reader: FileReader<F>;
  readonly writer: {
    write(rows: ColumnBatch): Promise<void>;
    finish(): Promise<readonly WrittenFile<F>[]>;
    abort(): Promise<void>;
  };
  /** Takes the keys of all rows that are copied, where the table has a key index. */
  readonly keys: MovedKeys | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called between pieces of work, with what the last one took; throws when it is to end. */
  readonly pause: (workedMs: number) => Promise<void>;
}

/** Files that hold the live rows of others, durable and in no version yet. */
export interface CopiedRows<F extends LiveFile> {
  /** As they were when they were read; their rows follow each other in `outputs`. */
  readonly sources: readonly IndexedFile<F>[];
  readonly outputs: readonly WrittenFile<F>[];
}

/**
 * Copies the live rows of files into new ones, in order and value by value. Memory does not depend
 * on the size of the files. What was written is removed when this fails.
 */
export async function copyRows<F extends LiveFile>(copy: RowCopy<F>): Promise<CopiedRows<F>> {
  const { reader, writer, keys, clock, pause } = copy;
  const sources: IndexedFile<F>[] = [];
  try {
    let startedMs = clock.monotonicMs();
    for (const file of copy.files) {
      const deleted = await reader.deletedRows(file);
      sources.push({ file, rows: await reader.rowCount(file), deleted });
      for await (const batch of reader.rowsExcept(file, deleted)) {
        keys?.append(batch);
        await writer.write(batch);
        await pause(clock.monotonicMs() - startedMs);
        startedMs = clock.monotonicMs();
      }
    }
    return { sources, outputs: await writer.finish() };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Rows of all files together, by their numbers among all of them, as those of each file. */
export function rowsByFile(
  files: readonly { readonly rows: number }[],
  all: DeletionVector,
): DeletionVector[] {
  const vectors = files.map(() => new DeletionVector());
  let file = 0;
  let first = 0;
  for (const row of all.rows()) {
    while (row >= first + (files[file]?.rows ?? Infinity)) first += files[file++]?.rows ?? 0;
    vectors[file]?.add(row - first);
  }
  return vectors;
}
