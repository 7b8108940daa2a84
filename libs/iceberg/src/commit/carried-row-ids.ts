import { ColumnBatch, Int64Column } from '@cdc-demo/cdc-core';
import type { CarriedColumns, RowPlan, RowSpan, TableIndex } from '@cdc-demo/lake-core';
import { ROW_ID } from '../read/row-lineage.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import type { StoredRows } from './stored-rows.ts';

/**
 * A row that is updated keeps its id; when it was last updated follows from the snapshot (table
 * specification, "Row Lineage").
 */
export class CarriedRowIds implements CarriedColumns {
  readonly #index: TableIndex<LiveDataFile>;
  readonly #rows: Pick<StoredRows, 'rowIds'>;

  constructor(index: TableIndex<LiveDataFile>, rows: Pick<StoredRows, 'rowIds'>) {
    this.#index = index;
    this.#rows = rows;
  }

  async add(rows: ColumnBatch, plan: RowPlan, span: RowSpan): Promise<ColumnBatch> {
    const ids = await this.#replacedIds(plan, span);
    const column = new Int64Column(ROW_ID.type, rows.length);
    for (let row = 0; row < rows.length; row++) column.appendValue(ids.get(row) ?? null);
    return ColumnBatch.of([...rows.fields, ROW_ID], [...rows.columns, column], rows.length);
  }

  /** By row of the span the id of the row that it takes the place of. */
  async #replacedIds(
    { replaced: { writes, stored, places } }: RowPlan,
    { start, end }: RowSpan,
  ): Promise<ReadonlyMap<number, bigint | null>> {
    const byPlace = new Map<number, number>();
    for (const [i, write] of writes.entries()) {
      if (write >= start && write < end) byPlace.set(places[i] ?? 0, write - start);
    }
    const ids = new Map<number, bigint | null>();
    if (byPlace.size === 0) return ids;
    for (const [f, number] of stored.files.entries()) {
      const wanted: number[] = [];
      for (let place = stored.starts[f] ?? 0; place < (stored.starts[f + 1] ?? 0); place++) {
        if (byPlace.has(place)) wanted.push(place);
      }
      if (wanted.length === 0) continue;
      const positions = Uint32Array.from(wanted, (place) => stored.rows[place] ?? 0);
      const found = await this.#rows.rowIds(this.#index.file(number).file, positions);
      for (const [i, place] of wanted.entries()) {
        ids.set(byPlace.get(place) ?? 0, found[i] ?? null);
      }
    }
    return ids;
  }
}
