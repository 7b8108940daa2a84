import { DeletionVector } from '../deletion-vector/deletion-vector.ts';
import type { SourceNow } from '../table-index/rewritten-rows.ts';

/** A file of which all rows but some were copied. */
interface Source {
  /** Rows in the file. */
  readonly rows: number;
  /** The rows that were left out. */
  readonly deleted: DeletionVector | undefined;
}

/**
 * Rows that were deleted from the sources while they were rewritten, by their numbers among all
 * rewritten rows: no deletion of another commit is undone.
 * @param now one for each source
 * @returns undefined when a source has rows again that were left out
 */
export function carryDeletions(
  sources: readonly Source[],
  now: readonly SourceNow[],
): DeletionVector | undefined {
  const carried = new DeletionVector();
  let first = 0;
  for (const [i, source] of sources.entries()) {
    const rewritten = source.rows - (source.deleted?.cardinality ?? 0);
    const current = now[i] ?? { state: 'gone' };
    if (current.state === 'gone') {
      for (let row = first; row < first + rewritten; row++) carried.add(row);
    } else if (!addNewlyDeleted(carried, { first, before: source.deleted, now: current.deleted })) {
      return undefined;
    }
    first += rewritten;
  }
  return carried;
}

/** Adds what `now` has beyond `before`; false when it lacks a row of `before`. */
function addNewlyDeleted(
  carried: DeletionVector,
  source: {
    readonly first: number;
    readonly before: DeletionVector | undefined;
    readonly now: DeletionVector | undefined;
  },
): boolean {
  const left = (source.before ?? new DeletionVector()).rows();
  let next = left.next();
  let leftOut = 0;
  for (const row of source.now?.rows() ?? []) {
    if (!next.done && next.value < row) return false;
    if (!next.done && next.value === row) {
      leftOut++;
      next = left.next();
    } else {
      carried.add(source.first + row - leftOut);
    }
  }
  return next.done === true;
}
