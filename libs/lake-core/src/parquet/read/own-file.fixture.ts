import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldValue, ObjectWriter } from '@cdc-demo/cdc-core';
import { ParquetWriter } from '../write/parquet-writer.ts';
import type { ParquetWriterOptions } from '../write/parquet-writer.ts';

/** A file of `rows`, one array of values a row, written by our own encoder. */
export async function ownFile(
  fields: readonly Field[],
  rows: readonly (readonly FieldValue[])[],
  options: Partial<ParquetWriterOptions> = {},
): Promise<Uint8Array> {
  const batch = new ColumnBatch(fields);
  for (const row of rows) batch.appendRow(row);
  return ownFileOf(batch, options);
}

export async function ownFileOf(
  batch: ColumnBatch,
  options: Partial<ParquetWriterOptions> = {},
): Promise<Uint8Array> {
  const output = new MemoryWriter();
  const writer = new ParquetWriter(output, batch.fields, { compression: 'snappy', ...options });
  await writer.write(batch);
  await writer.finish();
  return output.bytes();
}

class MemoryWriter implements ObjectWriter {
  readonly #pieces: Uint8Array[] = [];
  size = 0;

  async write(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(new Uint8Array(bytes));
    this.size += bytes.length;
  }

  async close(): Promise<void> {
    // Whoever takes the bytes closes.
  }

  async abort(): Promise<void> {
    this.#pieces.length = 0;
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#pieces));
  }
}
