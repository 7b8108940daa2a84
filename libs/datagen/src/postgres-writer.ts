import type { Client } from 'pg';
import type { Dataset } from './dataset.ts';
import type { GeneratedValue, RowGenerator } from './row-generator.ts';

/** Rows of one INSERT; with 15 columns far below the 65 535 parameters that Postgres takes. */
const ROWS_PER_INSERT = 500;

export interface LoadProgress {
  readonly table: string;
  readonly rows: number;
  readonly total: number;
}

/** Inserts `total` generated rows, `ROWS_PER_INSERT` a transaction; reports after each. */
export async function insertRows(
  client: Client,
  { dataset, generator, total }: { dataset: Dataset; generator: RowGenerator; total: number },
  onProgress: (progress: LoadProgress) => void,
): Promise<void> {
  for (let rows = 0; rows < total; ) {
    const count = Math.min(ROWS_PER_INSERT, total - rows);
    const batch = Array.from({ length: count }, () => generator.next());
    await client.query(insertStatement(dataset, generator.columns, count), batch.flat());
    rows += count;
    onProgress({ table: dataset.table, rows, total });
  }
}

/** A live change of one row, as SQL with parameters. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly GeneratedValue[];
}

/** One INSERT of one generated row. */
export function insertOne(dataset: Dataset, generator: RowGenerator): Statement {
  return {
    sql: insertStatement(dataset, generator.columns, 1),
    parameters: generator.next(),
  };
}

function insertStatement(dataset: Dataset, columns: readonly string[], rows: number): string {
  const tuples = Array.from({ length: rows }, (_, row) => {
    const parameters = columns.map((_column, i) => `$${row * columns.length + i + 1}`);
    return `(${parameters.join(', ')})`;
  });
  return `INSERT INTO ${dataset.table} (${columns.join(', ')}) VALUES ${tuples.join(', ')}`;
}
