import type { ObjectStore, TableName } from '@cdc-demo/cdc-core';
import type { SinkOptions, SinkSettings } from '@cdc-demo/lake-core';
import type { CatalogTable, TablePlace } from '../catalog/table-catalog.ts';
import type { WrittenVersion } from '../manifest/manifest-schema.ts';
import type { IcebergUpkeepPolicy } from '../upkeep/upkeep-policy.ts';
import type { TableReader } from '../write/table-readers.ts';

export interface IcebergSinkOptions extends SinkOptions<IcebergUpkeepPolicy> {
  /** The store whose root is the table, or the table of a catalog. */
  readonly location: (table: TableName) => ObjectStore | CatalogTable;
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
}

/** What the parts of one table's sink share once it is known where the table lies. */
export interface TableContext extends TableSettings, TablePlace {}

export interface TableSettings extends SinkSettings<IcebergUpkeepPolicy> {
  readonly formatVersion: WrittenVersion;
  readonly readers: readonly TableReader[];
  readonly partitionBy: readonly string[] | undefined;
}
