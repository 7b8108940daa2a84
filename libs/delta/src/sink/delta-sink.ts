import type { Sink, TableName } from '@cdc-demo/cdc-core';
import { LakeTableSink, TableSinks, sinkSettings } from '@cdc-demo/lake-core';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import { deltaErrors } from '../errors.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import { DEFAULT_UPKEEP } from '../upkeep/upkeep-policy.ts';
import { DeltaSinkFormat } from './delta-sink-format.ts';
import type { DeltaSinkOptions } from './sink-options.ts';

/**
 * Keeps one Delta table for each source table, at the root of the store that `location` gives.
 *
 * Every commit is all or nothing, names the position that the table has then, and carries the
 * exact change feed. It counts once, whatever fails: a change that the table has is left out, an
 * answer that was lost is looked up in the log.
 */
export class DeltaSink implements Sink {
  readonly #options: DeltaSinkOptions;
  readonly #tables = new TableSinks();

  constructor(options: DeltaSinkOptions) {
    this.#options = options;
  }

  table(table: TableName): TendedTableSink {
    const { location, readers = [], partitionBy } = this.#options;
    const settings = sinkSettings(table, this.#options, DEFAULT_UPKEEP);
    const format = new DeltaSinkFormat({
      ...settings,
      store: location(table),
      readers,
      partitionBy: partitionBy?.(table) ?? [],
      changeFeed: true,
    });
    const context = { ...settings, types: TABLE_TYPES, errors: deltaErrors };
    return this.#tables.add(new LakeTableSink(context, () => Promise.resolve(format)));
  }

  /** Closes its tables: what they still write beside their commits is complete afterwards. */
  close(): Promise<void> {
    return this.#tables.close();
  }
}
