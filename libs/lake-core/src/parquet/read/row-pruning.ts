import { ALL_NULL, NO_BOUNDS } from '../../predicate/possible-outcomes.ts';
import type { ColumnBounds } from '../../predicate/possible-outcomes.ts';
import type { PageLocation } from './column-chunk.ts';
import type { RowGroup } from './footer.ts';
import { leafBounds } from './leaf-bounds.ts';
import { columnIndexRange, parseColumnIndex } from './raw-statistics.ts';
import type { RawStatistics } from './raw-statistics.ts';
import type { ColumnPlan, LeafPlan } from './read-plan.ts';
import { loadOffsetIndexes } from './row-group-reader.ts';
import type { OpenFile } from './row-group-reader.ts';
import { oneRun } from './row-runs.ts';
import type { RowRuns } from './row-runs.ts';

/** Which rows of a file a reader may leave out, going by statistics. */
export interface RowPruning {
  /** Columns by the index in the fields that are read, then those in the fields of structs. */
  readonly columns: readonly (readonly number[])[];
  /** May a row be wanted whose columns, in the order of `columns`, have values within bounds? */
  readonly mayMatch: (bounds: readonly ColumnBounds[]) => boolean;
}

const NO_RUNS: RowRuns = new Uint32Array(0);

/**
 * The rows of a row group that may be wanted, by the statistics of the group and of its pages
 * ("Page Index" of the Parquet format).
 */
export async function wantedRuns(
  file: OpenFile,
  { group, plans }: { readonly group: RowGroup; readonly plans: readonly ColumnPlan[] },
  pruning: RowPruning,
): Promise<RowRuns> {
  const columns = pruning.columns.map((path) => leafAt(plans, path));
  const whole = columns.map((column) =>
    typeof column === 'string'
      ? OF_PATH[column]
      : leafBounds(column, file.statistics.of(group.index, column.node.column)),
  );
  if (!pruning.mayMatch(whole)) return NO_RUNS;
  const leaves = columns.filter((column) => typeof column !== 'string');
  const paged = await readPages(file, group, leaves);
  if (paged.size === 0) return oneRun(0, group.rows);
  const pages = columns.map((column, i): BoundedPages => {
    const known = typeof column === 'string' ? undefined : paged.get(column);
    return known ?? [{ endRow: group.rows, bounds: whole[i] ?? NO_BOUNDS }];
  });
  return runsOfPages(pages, group.rows, pruning);
}

const OF_PATH = { missing: ALL_NULL, other: NO_BOUNDS } as const;

/** The leaf at a path; `missing` where the file has none, `other` where it is no single value. */
function leafAt(
  plans: readonly ColumnPlan[],
  [first = -1, ...rest]: readonly number[],
): LeafPlan | 'missing' | 'other' {
  const plan = plans[first];
  if (plan?.kind === 'missing') return 'missing';
  if (plan?.kind === 'leaf' && rest.length === 0) return plan;
  return plan?.kind === 'struct' && rest.length > 0 ? leafAt(plan.fields, rest) : 'other';
}

/** Pages with the bounds of their values, without gap. */
type BoundedPages = readonly { readonly endRow: number; readonly bounds: ColumnBounds }[];

/** The pages of those leaves for which the file has both indexes. */
async function readPages(
  file: OpenFile,
  group: RowGroup,
  leaves: readonly LeafPlan[],
): Promise<ReadonlyMap<LeafPlan, BoundedPages>> {
  const indexed = leaves.flatMap((leaf) => {
    const chunk = group.chunks[leaf.node.column];
    const range = chunk && columnIndexRange(chunk);
    return range && chunk.offset_index_offset !== undefined ? [{ leaf, chunk, range }] : [];
  });
  const offsets = await loadOffsetIndexes(file, group, indexed);
  const fetched = await file.bytes.read(indexed.map(({ range }) => range));
  const pages = new Map<LeafPlan, BoundedPages>();
  for (const { leaf, range } of indexed) {
    const index = parseColumnIndex(fetched.slice(range));
    const locations = offsets.get(leaf);
    const bounded = index && locations && boundedPages(leaf, locations, index);
    if (bounded) pages.set(leaf, bounded);
  }
  return pages;
}

/** Undefined when the indexes do not fit one another. */
function boundedPages(
  leaf: LeafPlan,
  locations: readonly PageLocation[],
  index: readonly RawStatistics[],
): BoundedPages | undefined {
  if ((locations.at(-1)?.page ?? -1) >= index.length) return undefined;
  return locations.map(({ endRow, page }) => ({ endRow, bounds: leafBounds(leaf, index[page]) }));
}

/** Goes through the pages of all columns side by side. */
function runsOfPages(
  columns: readonly BoundedPages[],
  rows: number,
  { mayMatch }: RowPruning,
): RowRuns {
  const runs: number[] = [];
  const at = columns.map(() => 0);
  for (let row = 0; row < rows; ) {
    const current = columns.map((pages, i) => pages[at[i] ?? 0]);
    const end = Math.min(rows, ...current.map((page) => page?.endRow ?? rows));
    if (mayMatch(current.map((page) => page?.bounds ?? NO_BOUNDS))) {
      if (runs.at(-1) === row) runs[runs.length - 1] = end;
      else runs.push(row, end);
    }
    current.forEach((page, i) => {
      if (page && page.endRow <= end) at[i] = (at[i] ?? 0) + 1;
    });
    row = end;
  }
  return Uint32Array.from(runs);
}
