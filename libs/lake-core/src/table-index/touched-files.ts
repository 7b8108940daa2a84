import { DeletionVector } from '../deletion-vector/deletion-vector.ts';
import type { RowPlan } from '../row-plan/row-plan.ts';
import type { LiveFile } from './live-file.ts';
import type { IndexedFile, TableIndex } from './table-index.ts';

export interface TouchedFile<F extends LiveFile> {
  readonly id: number;
  /** Before the commit. */
  readonly indexed: IndexedFile<F>;
  /** The rows that are gone after the commit. */
  readonly deleted: DeletionVector;
}

/** The files whose rows the plans of a commit delete: `add` every plan, then ask. */
export class TouchedFiles<F extends LiveFile> {
  readonly #index: TableIndex<F>;
  readonly #deleted = new Map<number, DeletionVector>();
  #named = 0;
  /** With a truncation every file that the table had before the commit. */
  #all: readonly Pick<TouchedFile<F>, 'id' | 'indexed'>[] | undefined;

  constructor(index: TableIndex<F>) {
    this.#index = index;
  }

  add({ deletions: { files, starts, rows }, truncates }: RowPlan): void {
    files.forEach((id, i) => {
      let deleted = this.#deleted.get(id);
      if (!deleted) {
        deleted = this.#index.file(id).deleted?.clone() ?? new DeletionVector();
        this.#deleted.set(id, deleted);
      }
      deleted.addRows(rows.subarray(starts[i], starts[i + 1]));
    });
    this.#named += rows.length;
    if (truncates)
      this.#all ??= Array.from(this.#index.files(), ([id, indexed]) => ({ id, indexed }));
  }

  /** Does every stored row go? */
  get truncates(): boolean {
    return this.#all !== undefined;
  }

  /** Those of which rows are left. */
  get marked(): TouchedFile<F>[] {
    if (this.#all) return [];
    return this.#touched().filter(({ indexed, deleted }) => deleted.cardinality < indexed.rows);
  }

  /** Those without rows. */
  get emptied(): readonly Pick<TouchedFile<F>, 'id' | 'indexed'>[] {
    if (this.#all) return this.#all;
    return this.#touched().filter(({ indexed, deleted }) => deleted.cardinality >= indexed.rows);
  }

  /** Rows that go because of a truncation and that no other change names. */
  get truncatedRows(): number {
    let rows = 0;
    if (!this.#all) return rows;
    for (const { indexed } of this.#all) {
      rows += indexed.rows - (indexed.deleted?.cardinality ?? 0);
    }
    return rows - this.#named;
  }

  /** The rows of a file that are gone, or go because a change names them. */
  named(id: number): DeletionVector | undefined {
    return this.#deleted.get(id) ?? this.#index.file(id).deleted;
  }

  #touched(): TouchedFile<F>[] {
    return Array.from(this.#deleted, ([id, deleted]) => {
      return { id, indexed: this.#index.file(id), deleted };
    });
  }
}
