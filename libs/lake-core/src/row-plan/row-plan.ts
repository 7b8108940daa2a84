import type { Column, Field } from '@cdc-demo/cdc-core';
import type { KeyWidth } from '../key-index/key-block.ts';
import type { StoredRows } from './stored-rows.ts';
import type { Anomalies } from './row-versions.ts';

/** Kinds of rows in a change feed. */
export const FEED_INSERT = 0;
export const FEED_DELETE = 1;
export const FEED_UPDATE_PREIMAGE = 2;
export const FEED_UPDATE_POSTIMAGE = 3;
/** By their numbers, the names that Delta gives them ("Add CDC File"). */
export const CHANGE_TYPES = ['insert', 'delete', 'update_preimage', 'update_postimage'] as const;

/**
 * Rows by where they are: row[i] of source[i]. The sources are the images of each batch in the
 * order of `add`, and after them the files of `reads`.
 */
export interface RowRefs {
  readonly length: number;
  readonly source: Uint32Array;
  readonly row: Uint32Array;
}

/** New rows that take the place of stored ones with the same key. */
export interface ReplacedRows {
  /** Which of the new rows do, ascending. */
  readonly writes: Uint32Array;
  readonly stored: StoredRows;
  /** For each of `writes` where its stored row stands in `stored.rows`. */
  readonly places: Uint32Array;
}

/** Values of one field that an image leaves out, and where they are. */
export interface Patch {
  readonly field: number;
  /** Which of the new rows lack the value, ascending. */
  readonly writes: Uint32Array;
  /** For each of them the row that has it. */
  readonly from: RowRefs;
}

/**
 * What one commit does to the rows of a table, netted per key. Made by `RowPlanner`; carried out by
 * `materialiseRows`, `materialiseFeed` and, when the commit is durable, `applyToIndex`.
 */
export interface RowPlan {
  readonly fields: readonly Field[];
  /** Net changes by kind. With `truncates`, without the stored rows that no other change names. */
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
  readonly anomalies: Readonly<Anomalies>;
  /**
   * Every row that is stored now is deleted: besides those in `deletions`, whose part of the feed
   * the plan has, all others, each with a `delete` in the feed.
   */
  readonly truncates: boolean;
  /** Stored rows that are deleted because a change names them. */
  readonly deletions: StoredRows;
  /** Stored rows that have to be read for the feed or for values the source left out. */
  readonly reads: StoredRows;
  /** The new rows in the order in which they are written. */
  readonly writes: RowRefs;
  readonly patches: readonly Patch[];
  readonly replaced: ReplacedRows;
  /** The change feed in order; the two images of an update stand one behind the other. */
  readonly feed: RowRefs;
  /** One of the FEED_ numbers for each row of the feed. */
  readonly changeTypes: Uint8Array;
  /** Where in the feed each new row stands. */
  readonly feedOfWrite: Uint32Array;
  /** The images of each batch by field; undefined where all values are NULL. */
  readonly images: readonly (readonly (Column | undefined)[])[];
  readonly keys: PlannedKeys;
}

/** The keys that a plan touches, for the index. */
export interface PlannedKeys {
  readonly width: KeyWidth;
  readonly length: number;
  readonly words: Uint32Array;
  /** For each key the new row that has it from now on, or KEY_REMOVED, or KEY_LEFT. */
  readonly outcome: Int32Array;
}

/** No row has the key any more. */
export const KEY_REMOVED = -1;
/** The key is as it was. */
export const KEY_LEFT = -2;
