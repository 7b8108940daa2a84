import type { ColumnBatch, FieldValue } from '@cdc-demo/cdc-core';

/** A row by the names of its columns. */
export type Row = Readonly<Record<string, FieldValue>>;

/** The rows of batches one by one, each an object of its own; batches are faster for many rows. */
export async function* rowObjects(
  batches: AsyncIterable<ColumnBatch>,
): AsyncGenerator<Row, void, undefined> {
  for await (const batch of batches) {
    const names = batch.fields.map(({ name }) => name);
    for (let row = 0; row < batch.length; row++) {
      yield Object.fromEntries(
        batch.columns.map((column, i) => [names[i] ?? '', column.value(row)]),
      );
    }
  }
}
