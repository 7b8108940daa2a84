import { formatTableName } from '@cdc-demo/cdc-core';
import type {
  Clock,
  Logger,
  ObjectStore,
  PipelineObserver,
  Sink,
  SpillSpace,
  TableName,
} from '@cdc-demo/cdc-core';
import { DeltaSink } from '@cdc-demo/delta';
import { IcebergSink } from '@cdc-demo/iceberg';
import type { SinkConfig } from '@cdc-demo/pipeline';

export interface DestinationParts {
  readonly openStore: (location: string) => ObjectStore;
  readonly observer: PipelineObserver;
  readonly spill: SpillSpace;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The sink that a configuration asks for. Nothing is opened yet. */
export function openSink(config: SinkConfig, parts: DestinationParts): Sink {
  const { openStore, observer, spill, clock, logger } = parts;
  const { mode, compression } = config;
  const location = (table: TableName): ObjectStore => openStore(tableLocation(config, table));
  const options = { location, mode, compression, onUpkeep: observer, spill, clock, logger };
  switch (config.type) {
    case 'delta': {
      const { upkeep, readers } = config;
      const partitionBy = (table: TableName): readonly string[] => {
        return config.partitionBy[formatTableName(table)] ?? [];
      };
      return new DeltaSink({ ...options, upkeep, readers, partitionBy });
    }
    case 'iceberg': {
      const { upkeep, formatVersion, readers } = config;
      const version = formatVersion === undefined ? {} : { formatVersion };
      const partitionBy = (table: TableName): readonly string[] | undefined => {
        return config.partitionBy[formatTableName(table)];
      };
      return new IcebergSink({ ...options, ...version, upkeep, readers, partitionBy });
    }
  }
}

/** Where the destination of a source table lies. */
export function tableLocation(sink: SinkConfig, table: TableName): string {
  return sink.location
    .replaceAll('{schema}', pathSegment(table.namespace))
    .replaceAll('{table}', pathSegment(table.name));
}

/** A name as one segment of a path: what a path cannot hold is percent-encoded. */
function pathSegment(name: string): string {
  return encodeURIComponent(name).replace(/^[._]/, (first) => (first === '.' ? '%2E' : '%5F'));
}
