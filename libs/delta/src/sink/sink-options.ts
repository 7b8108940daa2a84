import type {
  Clock,
  Logger,
  ObjectStore,
  SpillSpace,
  TableName,
  UpkeepEvent,
} from '@cdc-demo/cdc-core';
import type { FileLayout, SinkMode } from '@cdc-demo/lake-core';
import type { DeltaUpkeepPolicy } from '../upkeep/upkeep-policy.ts';
import type { TableReader } from '../write/table-readers.ts';

export interface DeltaSinkOptions extends Partial<FileLayout> {
  /** The store whose root is the table. */
  readonly location: (table: TableName) => ObjectStore;
  /** `upsert` (default): rows by key with their newest values. `append`: every change as a row. */
  readonly mode?: SinkMode;
  /**
   * The engines that have to be able to read the tables. Rows are deleted in a way that all of
   * them understand, and what one of them cannot read is refused. By default any feature is used.
   */
  readonly readers?: readonly TableReader[];
  /** Names of the columns that a new table is partitioned by; none by default. */
  readonly partitionBy?: (table: TableName) => readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often a commit is planned again after somebody else's; then `delta/conflict`. */
  readonly maxAttempts?: number;
  /**
   * How the tables are looked after beside the commits, where it differs from `DEFAULT_UPKEEP`;
   * `off` leaves compaction, VACUUM and the clean-up of the log to somebody else.
   */
  readonly upkeep?: Partial<DeltaUpkeepPolicy> | 'off';
  /** Told of each task of upkeep; must not throw. */
  readonly onUpkeep?: (event: UpkeepEvent) => void;
  /**
   * Local disk for planning the changes of a transaction that did not fit into memory; without it
   * they are planned in memory.
   */
  readonly spill?: SpillSpace;
  /** Bytes of changes that are planned at a time when they are on disk; 16 MiB unless given. */
  readonly planBytes?: number;
}

/** What the parts of one table's sink share. */
export interface TableContext {
  readonly table: TableName;
  readonly store: ObjectStore;
  readonly mode: SinkMode;
  readonly partitionBy: readonly string[];
  readonly readers: readonly TableReader[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly layout: FileLayout;
  readonly maxAttempts: number;
  readonly upkeep: DeltaUpkeepPolicy | 'off';
  readonly onUpkeep: (event: UpkeepEvent) => void;
  readonly spill: SpillSpace | 'none';
  readonly planBytes: number;
  /** Does a table that is made have a change feed? Only one that nobody sees goes without. */
  readonly changeFeed: boolean;
}
