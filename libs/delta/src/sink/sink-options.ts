import type { ObjectStore, TableName } from '@cdc-demo/cdc-core';
import type { SinkOptions, SinkSettings } from '@cdc-demo/lake-core';
import type { DeltaUpkeepPolicy } from '../upkeep/upkeep-policy.ts';
import type { TableReader } from '../write/table-readers.ts';

export interface DeltaSinkOptions extends SinkOptions<DeltaUpkeepPolicy> {
  /** The store whose root is the table. */
  readonly location: (table: TableName) => ObjectStore;
  /**
   * The engines that have to be able to read the tables. Rows are deleted in a way that all of
   * them understand, and what one of them cannot read is refused. By default any feature is used.
   */
  readonly readers?: readonly TableReader[];
  /** Names of the columns that a new table is partitioned by; none by default. */
  readonly partitionBy?: (table: TableName) => readonly string[];
}

/** What the parts of one table's sink share. */
export interface TableContext extends SinkSettings<DeltaUpkeepPolicy> {
  readonly store: ObjectStore;
  readonly partitionBy: readonly string[];
  readonly readers: readonly TableReader[];
  /** Does a table that is made have a change feed? Only one that nobody sees goes without. */
  readonly changeFeed: boolean;
}
