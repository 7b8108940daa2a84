import { NULL, PRESENT } from '@cdc-demo/cdc-core';
import type { Column, ListColumn, MapColumn, StructColumn } from '@cdc-demo/cdc-core';
import type { LevelBuffer } from './level-buffer.ts';
import type { ColumnPlan, LeafPlan, ListPlan, MapPlan, StructPlan } from './read-plan.ts';

/** The levels of a leaf for the rows that were just read. */
export type LevelsOf = (leaf: LeafPlan) => LevelBuffer;

/**
 * Completes a column after its leaves were appended: gives lists, maps and structs their rows, and
 * what the file does not have its NULLs ("Nested Encoding" of the Parquet format).
 * @param length rows that the column has in all
 */
export function completeColumn(
  { plan, column, length }: { plan: ColumnPlan; column: Column; length: number },
  levelsOf: LevelsOf,
): void {
  switch (plan.kind) {
    case 'missing':
      column.reserve(length - column.length);
      while (column.length < length) column.appendNull();
      return;
    case 'leaf':
      return;
    case 'struct':
      completeStruct(plan, column as StructColumn, levelsOf);
      return;
    case 'list': {
      const list = column as ListColumn;
      const elements = appendSpans(plan, list, levelsOf(plan.levels));
      completeColumn({ plan: plan.element, column: list.element, length: elements }, levelsOf);
      return;
    }
    case 'map': {
      const map = column as MapColumn;
      const entries = appendSpans(plan, map, levelsOf(plan.levels));
      completeColumn({ plan: plan.key, column: map.key, length: entries }, levelsOf);
      completeColumn({ plan: plan.value, column: map.val, length: entries }, levelsOf);
    }
  }
}

function completeStruct(plan: StructPlan, column: StructColumn, levelsOf: LevelsOf): void {
  const { slots, present } = plan;
  const { definitions, repetitions, length: entries } = levelsOf(plan.levels);
  column.reserve(entries);
  const { presence } = column;
  let row = column.length;
  for (let entry = 0; entry < entries; entry++) {
    const level = definitions[entry] ?? 0;
    if ((repetitions[entry] ?? 0) > slots.repetition || level < slots.definition) continue;
    presence[row++] = level >= present ? PRESENT : NULL;
  }
  column.length = row;
  plan.fields.forEach((field, i) => {
    const child = column.fields[i];
    if (child) completeColumn({ plan: field, column: child, length: row }, levelsOf);
  });
}

/** Appends the rows of a list or map; returns how many elements it has now. */
function appendSpans(
  { slots, present, entries: inner }: ListPlan | MapPlan,
  column: ListColumn | MapColumn,
  { definitions, repetitions, length: entries }: LevelBuffer,
): number {
  column.reserve(entries);
  const { presence, offsets } = column;
  let row = column.length;
  let elements = offsets[row] ?? 0;
  for (let entry = 0; entry < entries; entry++) {
    const level = definitions[entry] ?? 0;
    const repetition = repetitions[entry] ?? 0;
    if (level < slots.definition) continue;
    if (repetition <= slots.repetition) {
      presence[row++] = level >= present ? PRESENT : NULL;
      offsets[row] = elements;
    }
    if (repetition <= inner.repetition && level >= inner.definition) offsets[row] = ++elements;
  }
  column.length = row;
  return elements;
}
