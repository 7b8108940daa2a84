import { createColumn } from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import type { ChunkPages, PageToRead } from './chunk-pages.ts';
import { LevelBuffer } from './level-buffer.ts';
import type { Page } from './page.ts';
import { PlainValues } from './plain-values.ts';
import type { LeafPlan, PlannedLeaf } from './read-plan.ts';
import type { Append } from './values/append.ts';
import { gatherFrom } from './values/gather.ts';
import type { Gather } from './values/gather.ts';

/**
 * Reads the rows of one leaf in one row group, forward only: `begin`, then any number of `skipTo`
 * and `takeTo`, then `begin` again for another column.
 */
export class LeafCursor {
  /** What nested columns need; undefined where none asked for it. */
  readonly levels: LevelBuffer | undefined;
  readonly #plan: LeafPlan;
  readonly #pages: ChunkPages;
  #output: Output | undefined;
  #dictionary: Column | undefined;
  /** Rows of the row group that were begun; the next entry continues the last one or begins one. */
  #row = 0;
  #peeked: PageToRead | undefined;
  #page: Page | undefined;
  /** Of `#page`: the next entry, and the values before it. */
  #entry = 0;
  #value = 0;

  constructor({ plan, keepsLevels }: PlannedLeaf, pages: ChunkPages) {
    this.#plan = plan;
    this.#pages = pages;
    this.levels = keepsLevels ? new LevelBuffer(plan.node.definition) : undefined;
  }

  /** From now on values are appended to `column`, of the type that was planned. */
  begin(column: Column | undefined): void {
    const { values } = this.#plan;
    this.levels?.clear();
    this.#output =
      values && column
        ? { column, append: values.conversion(column), gather: undefined }
        : undefined;
  }

  /** Leaves rows out up to `row`. */
  skipTo(row: number): void {
    this.#advance(row, false);
  }

  /** Appends the rows up to `row`. */
  takeTo(row: number): void {
    this.#advance(row, true);
  }

  #advance(target: number, takes: boolean): void {
    for (;;) {
      const page = this.#page ?? this.#nextPage(target, takes);
      if (!page) break;
      const start = this.#entry;
      const end = this.#endOf(page, target);
      const present = presentIn(page, { start, end, max: this.#plan.node.definition });
      if (takes) this.#take(page, end);
      this.#value += present;
      this.#entry = end;
      if (end < page.entries) return;
      this.#page = undefined;
    }
    if (this.#row < target) {
      throw this.#plan.place.corrupt('it has fewer rows than its row group');
    }
  }

  /**
   * The page with the next entries, or undefined when row `target` was reached or there is none.
   * Pages that are skipped as a whole are not decoded.
   */
  #nextPage(target: number, takes: boolean): Page | undefined {
    for (;;) {
      const next = (this.#peeked ??= this.#pages.next());
      if (!next) return undefined;
      if (next.rows !== undefined && this.#row === target) return undefined;
      this.#peeked = undefined;
      if (next.firstRow !== undefined && next.firstRow < this.#row) throw this.#misplaced();
      this.#row = next.firstRow ?? this.#row;
      if (next.rows === undefined || takes || this.#row + next.rows > target) {
        return this.#open(next);
      }
      this.#row += next.rows;
    }
  }

  #open(next: PageToRead): Page {
    const page = next.decode();
    if (next.rows !== undefined && !hasRows(page, next.rows)) throw this.#misplaced();
    this.#page = page;
    this.#entry = 0;
    this.#value = 0;
    return page;
  }

  #misplaced(): Error {
    return this.#plan.place.corrupt('a page has other rows than it says');
  }

  /** Where the entries of rows before `target` end in the page; counts the rows that begin. */
  #endOf({ entries, repetitions }: Page, target: number): number {
    let entry = this.#entry;
    if (!repetitions) {
      const rows = Math.min(entries - entry, target - this.#row);
      this.#row += rows;
      return entry + rows;
    }
    let row = this.#row;
    for (; entry < entries; entry++) {
      if (repetitions[entry] !== 0) continue;
      if (row === target) break;
      row++;
    }
    this.#row = row;
    return entry;
  }

  #take(page: Page, end: number): void {
    this.levels?.append(page, this.#entry, end);
    const output = this.#output;
    if (!output) return;
    const { definitions } = page;
    if (!definitions) {
      this.#append(output, this.#value, end - this.#entry);
      return;
    }
    const { node, slots } = this.#plan;
    let value = this.#value;
    let entry = this.#entry;
    while (entry < end) {
      const first = entry;
      while (entry < end && definitions[entry] === node.definition) entry++;
      if (entry > first) {
        this.#append(output, value, entry - first);
        value += entry - first;
      }
      for (; entry < end; entry++) {
        const level = definitions[entry] ?? 0;
        if (level === node.definition) break;
        if (level >= slots.definition) output.column.appendNull();
      }
    }
  }

  /** Appends values [start, start + count) of the present page. */
  #append(output: Output, start: number, count: number): void {
    const values = this.#page?.values;
    if (values instanceof PlainValues) output.append(values, start, count);
    else if (values) {
      output.gather ??= gatherFrom(this.#dictionaryColumn(), output.column);
      output.gather(values, start, count);
    }
  }

  #dictionaryColumn(): Column {
    const { values, place } = this.#plan;
    const { dictionary } = this.#pages;
    if (!values || !dictionary) throw place.corrupt('it has no dictionary');
    if (!this.#dictionary) {
      this.#dictionary = createColumn(values.type, dictionary.count);
      values.conversion(this.#dictionary)(dictionary, 0, dictionary.count);
    }
    return this.#dictionary;
  }
}

/** Where values go. */
interface Output {
  readonly column: Column;
  readonly append: Append;
  /** Made when the first page with indexes comes. */
  gather: Gather | undefined;
}

/** Does a page begin with a row and have as many of them? */
function hasRows({ entries, repetitions }: Page, rows: number): boolean {
  if (!repetitions) return entries === rows;
  let begun = 0;
  for (const repetition of repetitions) if (repetition === 0) begun++;
  return begun === rows && (entries === 0 || repetitions[0] === 0);
}

function presentIn(
  { definitions }: Page,
  { start, end, max }: { readonly start: number; readonly end: number; readonly max: number },
): number {
  if (!definitions) return end - start;
  let present = 0;
  for (let entry = start; entry < end; entry++) if (definitions[entry] === max) present++;
  return present;
}
