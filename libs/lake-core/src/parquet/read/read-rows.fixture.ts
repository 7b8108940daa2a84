import type { ColumnBatch, FieldValue } from '@cdc-demo/cdc-core';
import { MemoryStore } from './memory-store.fixture.ts';
import { openParquet } from './parquet-file.ts';
import type { ParquetFile, ParquetReadOptions } from './parquet-file.ts';

/** Opens a file that is in memory. */
export function openBytes(bytes: Uint8Array, store = new MemoryStore()): Promise<ParquetFile> {
  store.files.set('file.parquet', bytes);
  return openParquet(store.port, 'file.parquet');
}

export function rowsOf(batch: ColumnBatch): FieldValue[][] {
  return Array.from({ length: batch.length }, (_, row) => batch.row(row));
}

/** All rows of a read; asserts that batches follow one another. */
export async function readAll(
  file: ParquetFile,
  options: ParquetReadOptions,
): Promise<FieldValue[][]> {
  const rows: FieldValue[][] = [];
  const start = options.rows?.start ?? 0;
  for await (const { firstRow, rows: batch } of file.read(options)) {
    if (firstRow !== start + rows.length) throw new Error(`A batch begins at ${String(firstRow)}`);
    if (batch.columns.some((column) => column.length !== batch.length)) {
      throw new Error('Columns of a batch differ in length');
    }
    for (let row = 0; row < batch.length; row++) rows.push(batch.row(row));
  }
  return rows;
}
