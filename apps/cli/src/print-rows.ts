import process from 'node:process';
import { canonicalRow } from '@cdc-demo/cdc-core';
import type { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Output } from './commands/table-arguments.ts';
import { formatGrid } from './format-grid.ts';
import { OutputPipe } from './output-pipe.ts';

/** Rows that are laid out together by `--format table`. */
const GRID_ROWS = 1000;

/** Prints rows to standard output. */
export async function printRows(
  batches: AsyncIterable<ColumnBatch>,
  { format: wanted, limit = Infinity }: Output,
): Promise<void> {
  const pipe = new OutputPipe(process.stdout);
  let left = limit;
  let grid: string[][] = [];
  let names: readonly string[] = [];
  for await (const batch of batches) {
    names = batch.fields.map(({ name }) => name);
    for (let row = 0; row < batch.length && left > 0; row++, left--) {
      const line = canonicalRow(batch.fields, batch.row(row));
      if (wanted === 'jsonl') await pipe.write(`${line}\n`);
      else grid.push(Object.values(JSON.parse(line) as object).map(cell));
      if (grid.length === GRID_ROWS) {
        await pipe.write(formatGrid(names, grid));
        grid = [];
      }
    }
    if (left === 0 || pipe.isClosed) break;
  }
  if (grid.length > 0) await pipe.write(formatGrid(names, grid));
  await pipe.end();
}

function cell(value: unknown): string {
  if (value === null) return 'NULL';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
