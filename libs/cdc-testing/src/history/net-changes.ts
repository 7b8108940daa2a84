import { keyOf } from './row-text.ts';
import type { RowText } from './row-text.ts';
import type { RecordedChange } from './source-record.ts';

/** One row of a change feed. */
export interface FeedRow {
  readonly type: 'insert' | 'delete' | 'update_preimage' | 'update_postimage';
  readonly row: RowText;
}

/** Rows by key, as text. */
export type KeyedRows = ReadonlyMap<string, RowText>;

/** The rows after `changes` were applied to `rows`. @throws when a change does not fit them */
export function replay(
  rows: KeyedRows,
  changes: readonly RecordedChange[],
  key: string,
): Map<string, RowText> {
  const after = new Map(rows);
  for (const change of changes) {
    if (change.op === 'TRUNCATE') after.clear();
    if (change.before !== null) {
      const old = keyOf(change.before, key);
      if (after.get(old) !== change.before) throw new Error(`The history is torn at key ${old}`);
      after.delete(old);
    }
    if (change.after !== null) after.set(keyOf(change.after, key), change.after);
  }
  return after;
}

/**
 * The net change of each key that `changes` touched: first old row, last new row. Insert and delete
 * vanish; a row that was touched but is equal still gives a pair; after a TRUNCATE every row that
 * was there counts as touched.
 */
export function netChanges(
  rows: KeyedRows,
  changes: readonly RecordedChange[],
  key: string,
): FeedRow[] {
  const touched = new Set<string>();
  for (const change of changes) {
    if (change.op === 'TRUNCATE') for (const k of rows.keys()) touched.add(k);
    if (change.before !== null) touched.add(keyOf(change.before, key));
    if (change.after !== null) touched.add(keyOf(change.after, key));
  }
  const after = replay(rows, changes, key);
  return [...touched].flatMap((k) => netOf(rows.get(k), after.get(k)));
}

function netOf(before: RowText | undefined, after: RowText | undefined): FeedRow[] {
  if (before === undefined) return after === undefined ? [] : [{ type: 'insert', row: after }];
  if (after === undefined) return [{ type: 'delete', row: before }];
  return [
    { type: 'update_preimage', row: before },
    { type: 'update_postimage', row: after },
  ];
}

/** The rows after a feed was applied. @throws when a feed row does not fit them */
export function applyFeed(
  rows: KeyedRows,
  feed: readonly FeedRow[],
  key: string,
): Map<string, RowText> {
  const after = new Map(rows);
  for (const { type, row } of feed) {
    if (type !== 'delete' && type !== 'update_preimage') continue;
    const k = keyOf(row, key);
    if (after.get(k) !== row)
      throw new Error(`The feed's old row of key ${k} is not the stored one`);
    after.delete(k);
  }
  for (const { type, row } of feed) {
    if (type !== 'insert' && type !== 'update_postimage') continue;
    const k = keyOf(row, key);
    if (after.has(k)) throw new Error(`The feed adds key ${k} twice`);
    after.set(k, row);
  }
  return after;
}

/** Feed rows in one order, for comparison. */
export function sortedFeed(feed: readonly FeedRow[]): string[] {
  return feed.map(({ type, row }) => `${type} ${row}`).sort();
}
