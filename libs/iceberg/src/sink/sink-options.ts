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

export interface IcebergSinkOptions extends Partial<FileLayout> {
  /** The store whose root is the table, or the table of a catalog. */
  readonly location: (table: TableName) => ObjectStore | CatalogTable;
  /** `upsert` (default): rows by key with their newest values. `append`: every change as a row. */
  readonly mode?: SinkMode;
  /** Of new tables; 3 unless given. See `NewTable.formatVersion`. */
  readonly formatVersion?: WrittenVersion;
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
  readonly clock: Clock;
  readonly logger: Logger;
  readonly layout: FileLayout;
  readonly maxAttempts: number;
  readonly upkeep: IcebergUpkeepPolicy | 'off';
  readonly onUpkeep: (event: UpkeepEvent) => void;
  readonly spill: SpillSpace | 'none';
  readonly planBytes: number;
}
