import type { ChangesOptions, DeltaTable } from '../delta-table.ts';
import { changedRows } from './changed-rows.ts';
import type { ChangeType } from './changed-rows.ts';

/** What the change feed of a version holds. */
export interface FeedVersion {
  readonly version: bigint;
  readonly timestampMs: number;
  /** Rows of the feed by their kind; an update has two. */
  readonly changes: Readonly<Record<ChangeType, number>>;
}

/**
 * The versions of a range that have changes, in their order, with the number of changes of each
 * kind. No column of the table is read.
 * @throws DeltaError as `DeltaTable.changes`
 */
export async function* summarizeFeed(
  table: DeltaTable,
  range: Omit<ChangesOptions, 'columns'>,
): AsyncGenerator<FeedVersion, void, undefined> {
  let current: FeedVersion | undefined;
  for await (const change of changedRows(table.changes({ ...range, columns: [] }))) {
    const { version, timestampMs, changeType } = change;
    if (current?.version !== version) {
      if (current) yield current;
      const changes = { insert: 0, update_preimage: 0, update_postimage: 0, delete: 0 };
      current = { version, timestampMs, changes };
    }
    const changes: Record<ChangeType, number> = current.changes;
    changes[changeType]++;
  }
  if (current) yield current;
}
