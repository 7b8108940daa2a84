import type {
  Clock,
  Logger,
  ObjectStore,
  SpillSpace,
  TableName,
  UpkeepEvent,
} from '@cdc-demo/cdc-core';
import type { FileLayout, SinkMode } from '@cdc-demo/lake-core';
import type { CatalogTable, TablePlace } from '../catalog/table-catalog.ts';
import type { WrittenVersion } from '../manifest/manifest-schema.ts';
import type { IcebergUpkeepPolicy } from '../upkeep/upkeep-policy.ts';
import type { TableReader } from '../write/table-readers.ts';

export interface IcebergSinkOptions extends Partial<FileLayout> {
  /** The store whose root is the table, or the table of a catalog. */
  readonly location: (table: TableName) => ObjectStore | CatalogTable;
  /** `upsert` (default): rows by key with their newest values. `append`: every change as a row. */
  readonly mode?: SinkMode;
  /** Of new tables; by default the highest that the readers know. */
  readonly formatVersion?: WrittenVersion;
  /**
   * Engines that have to be able to read the tables. Rows are deleted in the cheapest way that all
   * of them know; with none given, as the version of the format wants.
   */
  readonly readers?: readonly TableReader[];
  /**
   * What the files of a table are parted by; see `NewTable.partitionBy`. Where it differs from what
   * the table has, new files are parted anew. Undefined: a new table is not partitioned, any other
   * stays as it is.
   */
  readonly partitionBy?: (table: TableName) => readonly string[] | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often a commit is planned again after somebody else's; then `iceberg/conflict`. */
  readonly maxAttempts?: number;
  /**
   * How the tables are looked after beside the commits, where it differs from `DEFAULT_UPKEEP`;
   * `off` leaves compaction, old snapshots and orphans to somebody else.
   */
  readonly upkeep?: Partial<IcebergUpkeepPolicy> | 'off';
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

/** What the parts of one table's sink share once it is known where the table lies. */
export interface TableContext extends TableSettings, TablePlace {}

export interface TableSettings {
  readonly table: TableName;
  readonly mode: SinkMode;
  readonly formatVersion: WrittenVersion;
  readonly readers: readonly TableReader[];
  readonly partitionBy: readonly string[] | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly layout: FileLayout;
  readonly maxAttempts: number;
  readonly upkeep: IcebergUpkeepPolicy | 'off';
  readonly onUpkeep: (event: UpkeepEvent) => void;
  readonly spill: SpillSpace | 'none';
  readonly planBytes: number;
}
