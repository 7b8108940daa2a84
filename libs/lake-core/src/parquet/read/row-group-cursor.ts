import { ListColumn, MapColumn, StructColumn } from '@cdc-demo/cdc-core';
import type { Column, ColumnBatch } from '@cdc-demo/cdc-core';
import type { ChunkPages } from './chunk-pages.ts';
import { LeafCursor } from './leaf-cursor.ts';
import type { LevelBuffer } from './level-buffer.ts';
import { completeColumn } from './nested-rows.ts';
import { plannedLeaves } from './read-plan.ts';
import type { ColumnPlan, LeafPlan } from './read-plan.ts';
import { rowsIn } from './row-runs.ts';
import type { RowRuns } from './row-runs.ts';

/** Reads rows of one row group, forward only. */
export class RowGroupCursor {
  readonly #plans: readonly ColumnPlan[];
  readonly #cursors: ReadonlyMap<LeafPlan, LeafCursor>;

  /** @param pages of every leaf that `plannedLeaves` gives */
  constructor(plans: readonly ColumnPlan[], pages: ReadonlyMap<LeafPlan, ChunkPages>) {
    const cursors = new Map<LeafPlan, LeafCursor>();
    for (const leaf of plannedLeaves(plans)) {
      const chunkPages = pages.get(leaf.plan);
      if (chunkPages) cursors.set(leaf.plan, new LeafCursor(leaf, chunkPages));
    }
    this.#plans = plans;
    this.#cursors = cursors;
  }

  /** Appends `runs` of rows of the row group, all after the rows that were read before. */
  appendTo(batch: ColumnBatch, runs: RowRuns): void {
    for (const cursor of this.#cursors.values()) cursor.begin(undefined);
    this.#plans.forEach((plan, i) => this.#bind(plan, batch.columns[i]));
    for (const cursor of this.#cursors.values()) {
      for (let i = 0; i < runs.length; i += 2) {
        cursor.skipTo(runs[i] ?? 0);
        cursor.takeTo(runs[i + 1] ?? 0);
      }
    }
    batch.length += rowsIn(runs);
    const { length } = batch;
    this.#plans.forEach((plan, i) => {
      const column = batch.columns[i];
      if (column) completeColumn({ plan, column, length }, (leaf) => this.#levelsOf(leaf));
    });
  }

  #levelsOf(leaf: LeafPlan): LevelBuffer {
    const levels = this.#cursors.get(leaf)?.levels;
    if (!levels) throw new Error('The levels of this leaf were not planned');
    return levels;
  }

  #bind(plan: ColumnPlan, column: Column | undefined): void {
    if (plan.kind === 'leaf') this.#cursors.get(plan)?.begin(column);
    else if (plan.kind === 'struct' && column instanceof StructColumn) {
      plan.fields.forEach((field, i) => this.#bind(field, column.fields[i]));
    } else if (plan.kind === 'list' && column instanceof ListColumn) {
      this.#bind(plan.element, column.element);
    } else if (plan.kind === 'map' && column instanceof MapColumn) {
      this.#bind(plan.key, column.key);
      this.#bind(plan.value, column.val);
    }
  }
}
