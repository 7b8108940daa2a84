import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldValue, ObjectWriter } from '@cdc-demo/cdc-core';
import { ParquetWriter } from '@cdc-demo/lake-core';
import type { MemoryStore } from '../snapshot/memory-store.fixture.ts';

/** Puts a Parquet file of rows given as JS values in the order of `fields`. */
export async function putParquet(
  store: MemoryStore,
  key: string,
  { fields, rows }: { readonly fields: readonly Field[]; readonly rows: readonly FieldValue[][] },
): Promise<void> {
  const parts: Uint8Array[] = [];
  const output: ObjectWriter = {
    get size() {
      return parts.reduce((size, part) => size + part.length, 0);
    },
    write: async (bytes) => void parts.push(bytes.slice()),
    close: async () => undefined,
    abort: async () => undefined,
  };
  const batch = new ColumnBatch(fields);
  for (const row of rows) batch.appendRow(row);
  const writer = new ParquetWriter(output, fields, { compression: 'uncompressed' });
  await writer.write(batch);
  await writer.finish();
  await store.put(key, Buffer.concat(parts));
}
