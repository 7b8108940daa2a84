import { isCdcError } from '@cdc-demo/cdc-core';
import type { ColumnBatch } from '@cdc-demo/cdc-core';

/** A table that was opened to read. */
export interface ReadableTable {
  rows(options: { readonly columns: readonly string[] }): AsyncIterable<ColumnBatch>;
}

/**
 * The rows of `contractTable` as a sink has written them: `id:text`.
 * @param open fails with a code that ends in `/not-a-table` where there is none, which has no rows
 */
export async function contractRows(open: () => Promise<ReadableTable>): Promise<string[]> {
  const rows: string[] = [];
  try {
    const table = await open();
    for await (const batch of table.rows({ columns: ['id', 'text'] })) {
      for (let row = 0; row < batch.length; row++) {
        const [id, text] = batch.row(row) as [number, string | null];
        rows.push(`${id}:${String(text)}`);
      }
    }
  } catch (error) {
    if (!isCdcError(error) || !error.code.endsWith('/not-a-table')) throw error;
  }
  return rows;
}
