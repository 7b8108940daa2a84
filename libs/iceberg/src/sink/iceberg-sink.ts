import type { Sink, TableName } from '@cdc-demo/cdc-core';
import { DEFAULT_LAYOUT } from '@cdc-demo/lake-core';
import { filesystemTable } from '../catalog/filesystem-catalog.ts';
import { isCatalogTable } from '../catalog/table-catalog.ts';
import { DEFAULT_UPKEEP } from '../upkeep/upkeep-policy.ts';
import { IcebergTableSink } from './iceberg-table-sink.ts';
import type { IcebergSinkOptions, TableSettings } from './sink-options.ts';
import { newFormatVersion } from '../write/table-readers.ts';

/** Attempts of one commit among other writers. */
const MAX_ATTEMPTS = 20;
const PLAN_BYTES = 16 * 1024 * 1024;

/**
 * Keeps one Iceberg table for each source table: in a catalog, or at the root of the store that
 * `location` gives.
 *
 * Every commit is all or nothing, and names the position that the table has then. It counts once,
 * whatever fails: a change that the table has is left out, an answer that was lost is looked up.
 */
export class IcebergSink implements Sink {
  readonly #options: IcebergSinkOptions;
  readonly #tables = new Set<IcebergTableSink>();

  constructor(options: IcebergSinkOptions) {
    this.#options = options;
  }

  table(table: TableName): IcebergTableSink {
    const { location, mode = 'upsert', readers = [], clock, logger } = this.#options;
    const { formatVersion = newFormatVersion(readers), partitionBy } = this.#options;
    const { maxAttempts = MAX_ATTEMPTS, spill = 'none', planBytes = PLAN_BYTES } = this.#options;
    const {
      compression = DEFAULT_LAYOUT.compression,
      targetFileBytes = DEFAULT_LAYOUT.targetFileBytes,
      targetFileRows = DEFAULT_LAYOUT.targetFileRows,
    } = this.#options;
    const { upkeep = {}, onUpkeep = ignore } = this.#options;
    const place = location(table);
    const settings: TableSettings = {
      table,
      mode,
      formatVersion,
      readers,
      partitionBy: partitionBy?.(table),
      clock,
      logger,
      layout: { compression, targetFileBytes, targetFileRows },
      maxAttempts,
      upkeep: upkeep === 'off' ? upkeep : { ...DEFAULT_UPKEEP, ...upkeep },
      onUpkeep,
      spill,
      planBytes,
    };
    const found = isCatalogTable(place) ? place : filesystemTable(place, { clock, logger });
    const sink = new IcebergTableSink(settings, found);
    this.#tables.add(sink);
    return sink;
  }

  /** Closes its tables: what they still write beside their commits is complete afterwards. */
  async close(): Promise<void> {
    const tables = [...this.#tables];
    this.#tables.clear();
    await Promise.all(tables.map((table) => table.close()));
  }
}

function ignore(): void {
  // Nobody wants to know.
}
