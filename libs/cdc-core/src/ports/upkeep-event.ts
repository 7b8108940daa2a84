import type { TableName } from '../schema/table-schema.ts';

/** How a task of upkeep ended. */
export type UpkeepOutcome =
  | {
      readonly outcome: 'done';
      /** Files that were read or deleted, and files that were made of them. */
      readonly filesBefore: number;
      readonly filesAfter: number;
      /** Bytes that were written, or deleted. */
      readonly bytes: number;
    }
  /** The table went on so that it was in vain, or it failed and is tried again later. */
  | { readonly outcome: 'given-up' | 'failed' };

/** What a sink tells of the upkeep of its tables. */
export type UpkeepEvent = TableTended | TableCondition;

/** A task of upkeep has ended. */
export type TableTended = {
  readonly kind: 'table-tended';
  readonly table: TableName;
  readonly task: 'compact' | 'clean-log' | 'vacuum' | 'expire-snapshots' | 'remove-orphans';
  readonly durationMs: number;
} & UpkeepOutcome;

/** What state a table is in, as its upkeep finds it. */
export interface TableCondition {
  readonly kind: 'table-condition';
  readonly table: TableName;
  readonly files: number;
  readonly bytes: number;
  /** Rows in those files, deleted ones included. */
  readonly rows: number;
  readonly deletedRows: number;
}
