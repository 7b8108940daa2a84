import { ColumnBatch, createColumn, sameType } from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import { gatherColumn } from './gather-column.ts';
import type { Patch, RowPlan, RowRefs } from './row-plan.ts';

/** Part [start, end) of the rows, for callers that write a piece at a time. */
export interface RowSpan {
  readonly start: number;
  readonly end: number;
}

/** Rows of a change feed. */
export interface FeedRows {
  readonly rows: ColumnBatch;
  /** One of the FEED_ numbers for each row. */
  readonly changeTypes: Uint8Array;
}

/**
 * The rows that the commit adds, in the order of `plan.writes`.
 * @param stored for each file of `plan.reads` its rows in the order asked for, with the columns of
 * `plan.fields`
 * @throws TypeError when `stored` is not that.
 */
export function materialiseRows(
  plan: RowPlan,
  stored: readonly ColumnBatch[],
  span: RowSpan = { start: 0, end: plan.writes.length },
): ColumnBatch {
  return gatherRows(plan, stored, {
    span,
    refs: plan.writes,
    placeOf: (write) => write,
  });
}

/** The change feed of the commit in the order of `plan.feed`; `stored` as in `materialiseRows`. */
export function materialiseFeed(
  plan: RowPlan,
  stored: readonly ColumnBatch[],
  span: RowSpan = { start: 0, end: plan.feed.length },
): FeedRows {
  const rows = gatherRows(plan, stored, {
    span,
    refs: plan.feed,
    placeOf: (write) => plan.feedOfWrite[write] ?? 0,
  });
  return { rows, changeTypes: plan.changeTypes.subarray(span.start, span.end) };
}

interface Gathering {
  readonly span: RowSpan;
  readonly refs: RowRefs;
  /** Where among the rows of `refs` a new row stands; ascending with its number. */
  readonly placeOf: (write: number) => number;
}

function gatherRows(
  plan: RowPlan,
  stored: readonly ColumnBatch[],
  gathering: Gathering,
): ColumnBatch {
  assertStored(plan, stored);
  const { span } = gathering;
  const refs: RowRefs = {
    length: span.end - span.start,
    source: gathering.refs.source.subarray(span.start, span.end),
    row: gathering.refs.row.subarray(span.start, span.end),
  };
  const columns = plan.fields.map((field, i) => {
    const absent = createColumn(field.type, 0);
    const sources: Column[] = plan.images.map((batch) => batch[i] ?? absent);
    for (const batch of stored) sources.push(batch.columns[i] ?? absent);
    const patch = plan.patches.find((one) => one.field === i);
    return gatherColumn(field.type, sources, patch ? patched(refs, patch, gathering) : refs);
  });
  return ColumnBatch.of(plan.fields, columns, refs.length);
}

/** `refs` with the rows of `patch` turned to where their values are. */
function patched(refs: RowRefs, patch: Patch, gathering: Gathering): RowRefs {
  const { start, end } = gathering.span;
  const source = refs.source.slice();
  const row = refs.row.slice();
  patch.writes.forEach((write, i) => {
    const place = gathering.placeOf(write);
    if (place < start || place >= end) return;
    source[place - start] = patch.from.source[i] ?? 0;
    row[place - start] = patch.from.row[i] ?? 0;
  });
  return { length: refs.length, source, row };
}

function assertStored(plan: RowPlan, stored: readonly ColumnBatch[]): void {
  const { files, starts } = plan.reads;
  if (stored.length !== files.length) {
    throw new TypeError(`Rows of ${files.length} files are needed, not of ${stored.length}`);
  }
  stored.forEach((batch, i) => {
    const rows = (starts[i + 1] ?? 0) - (starts[i] ?? 0);
    if (batch.length !== rows) {
      throw new TypeError(`${rows} rows of a file are needed, not ${batch.length}`);
    }
    plan.fields.forEach((field, k) => {
      const column = batch.columns[k];
      if (!column || !sameType(column.type, field.type)) {
        throw new TypeError(`Stored column "${field.name}" has another type than its field`);
      }
    });
  });
}
