import type { TendedTableSink } from './lake-table-sink.ts';

/** The tables that a sink has handed out. */
export class TableSinks {
  readonly #tables = new Set<TendedTableSink>();

  add(table: TendedTableSink): TendedTableSink {
    this.#tables.add(table);
    return table;
  }

  /** Closes them: what they still write beside their commits is complete afterwards. */
  async close(): Promise<void> {
    const tables = [...this.#tables];
    this.#tables.clear();
    await Promise.all(tables.map((table) => table.close()));
  }
}
