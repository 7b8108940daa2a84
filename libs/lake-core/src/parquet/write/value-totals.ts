import { widen } from './value-range.ts';
import type { ValueOrder, ValueRange } from './value-range.ts';

/** What is known of the values of a page, a column chunk or a whole file's column. */
export interface ValueSummary {
  /** Entries, nulls and empty lists included. */
  readonly valueCount: number;
  readonly nullCount: number;
  readonly nanCount: number;
  /** 'none' when every value is null or NaN. */
  readonly range: ValueRange | 'none';
}

/** Sums up summaries of parts. */
export class ValueTotals implements ValueSummary {
  readonly #order: ValueOrder;
  valueCount = 0;
  nullCount = 0;
  nanCount = 0;
  range: ValueRange | 'none' = 'none';

  constructor(order: ValueOrder) {
    this.#order = order;
  }

  /** Adds a part; its range is copied where it is kept. */
  add(part: ValueSummary): void {
    this.valueCount += part.valueCount;
    this.nullCount += part.nullCount;
    this.nanCount += part.nanCount;
    if (part.range !== 'none') this.range = widen(this.#order, this.range, part.range);
  }
}
