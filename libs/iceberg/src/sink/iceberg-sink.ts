import type { Sink, TableName } from '@cdc-demo/cdc-core';
import { LakeTableSink, TableSinks, sinkSettings } from '@cdc-demo/lake-core';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import { filesystemTable } from '../catalog/filesystem-catalog.ts';
import { isCatalogTable } from '../catalog/table-catalog.ts';
import { icebergErrors } from '../errors.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import { DEFAULT_UPKEEP } from '../upkeep/upkeep-policy.ts';
import { newFormatVersion } from '../write/table-readers.ts';
import { IcebergSinkFormat } from './iceberg-sink-format.ts';
import type { IcebergSinkOptions, TableSettings } from './sink-options.ts';

/**
 * Keeps one Iceberg table for each source table: in a catalog, or at the root of the store that
 * `location` gives.
 *
 * Every commit is all or nothing, and names the position that the table has then. It counts once,
 * whatever fails: a change that the table has is left out, an answer that was lost is looked up.
 */
export class IcebergSink implements Sink {
  readonly #options: IcebergSinkOptions;
  readonly #tables = new TableSinks();

  constructor(options: IcebergSinkOptions) {
    this.#options = options;
  }

  table(table: TableName): TendedTableSink {
    const { location, readers = [], partitionBy } = this.#options;
    const { formatVersion = newFormatVersion(readers) } = this.#options;
    const settings: TableSettings = {
      ...sinkSettings(table, this.#options, DEFAULT_UPKEEP),
      formatVersion,
      readers,
      partitionBy: partitionBy?.(table),
    };
    const given = location(table);
    const place = isCatalogTable(given) ? given : filesystemTable(given, settings);
    const context = { ...settings, types: TABLE_TYPES, errors: icebergErrors };
    const find = async (): Promise<IcebergSinkFormat> =>
      new IcebergSinkFormat({ ...settings, ...(await place.place()) });
    return this.#tables.add(new LakeTableSink(context, find));
  }

  /** Closes its tables: what they still write beside their commits is complete afterwards. */
  close(): Promise<void> {
    return this.#tables.close();
  }
}
