import type { ChangeBatch } from '../changes/change-batch.ts';
import type { Position } from '../changes/position.ts';
import type { ColumnBatch } from '../columns/column-batch.ts';
import type { TableName, TableSchema } from '../schema/table-schema.ts';

/**
 * How far a resync has come: the key up to which its rows were given, each of its columns in the
 * source's own text form; null at the beginning.
 */
export type ResyncCursor = readonly string[] | null;

/** Asks for the rows of a table that is followed, behind a key. */
export interface ResyncRequest {
  readonly table: TableName;
  readonly after: ResyncCursor;
}

/**
 * A stretch of a table's keys: behind `after`, up to and with `through`; undefined where it has no
 * end on that side. A bound is one row of the key's columns, in the key's order. Keys are in the
 * order of their values, texts and bytes in that of their (UTF-8) bytes.
 */
export interface ResyncRange {
  readonly after: ColumnBatch | undefined;
  readonly through: ColumnBatch | undefined;
}

/**
 * The rows of a key range, read beside the stream. `rows`, with `later` applied over them, is
 * exactly what the source holds in the range at `position`: the end of all that was handed over
 * before. The consumer commits that first.
 */
export interface ResyncRows {
  readonly kind: 'resync-rows';
  readonly schema: TableSchema;
  readonly range: ResyncRange;
  /** Every row of the range, as one transaction saw them, in no order. */
  readonly rows: ColumnBatch;
  /**
   * Changes of the table, of any key, that `rows` do not show, in commit order; they were handed
   * over before, too. Neither these nor `rows` may be changed: others hold them.
   */
  readonly later: readonly ChangeBatch[];
  readonly position: Position;
  /** The request that this answers goes on from here; `complete` behind the last range. */
  readonly from: ResyncCursor;
  readonly next: ResyncCursor | 'complete';
  /** For progress. */
  readonly estimatedRows: number;
}
