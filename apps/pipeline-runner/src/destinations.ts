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
import { IcebergSink, RestCatalog } from '@cdc-demo/iceberg';
import type { CatalogTable, Fetch, OpenTableStore, RestCatalogOptions } from '@cdc-demo/iceberg';
import type { RestCatalogConfig, SinkConfig } from '@cdc-demo/pipeline';

export interface DestinationParts {
  readonly openStore: OpenTableStore;
  /** Sends the requests to a catalog service. */
  readonly fetch: Fetch;
  readonly observer: PipelineObserver;
  readonly spill: SpillSpace;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The sink that a configuration asks for. Nothing is opened yet. */
export function openSink(config: SinkConfig, parts: DestinationParts): Sink {
  const { openStore, fetch, observer, spill, clock, logger } = parts;
  const { mode, compression } = config;
  const location = (table: TableName): ObjectStore => openStore(tableLocation(config, table));
  const options = { mode, compression, onUpkeep: observer, spill, clock, logger };
  switch (config.type) {
    case 'delta': {
      const { upkeep, readers } = config;
      const partitionBy = (table: TableName): readonly string[] => {
        return config.partitionBy[formatTableName(table)] ?? [];
      };
      return new DeltaSink({ ...options, location, upkeep, readers, partitionBy });
    }
    case 'iceberg': {
      const { upkeep, formatVersion, readers, catalog } = config;
      const version = formatVersion === undefined ? {} : { formatVersion };
      const partitionBy = (table: TableName): readonly string[] | undefined => {
        return config.partitionBy[formatTableName(table)];
      };
      const tables =
        catalog.type === 'rest'
          ? catalogTables(config, catalog, { clock, openStore, fetch })
          : location;
      const given = { ...options, ...version, upkeep, readers, partitionBy };
      return new IcebergSink({ ...given, location: tables });
    }
  }
}

/** The destinations of source tables in a catalog service. */
export function catalogTables(
  sink: SinkConfig,
  { namespace, name, ...service }: RestCatalogConfig,
  options: Pick<RestCatalogOptions, 'clock' | 'openStore' | 'fetch'>,
): (table: TableName) => CatalogTable {
  const catalog = new RestCatalog({ ...service, ...options });
  return (table) => {
    const filled = (text: string): string =>
      text.replaceAll('{schema}', () => table.namespace).replaceAll('{table}', () => table.name);
    const id = { namespace: namespace.split('.').map(filled), name: filled(name) };
    return catalog.table(id, sink.location === undefined ? undefined : tableLocation(sink, table));
  };
}

/**
 * Where the destination of a source table lies; for one whose catalog decides that, its name there.
 */
export function tableLocation(sink: SinkConfig, table: TableName): string {
  const { location = catalogName(sink) } = sink;
  return location
    .replaceAll('{schema}', pathSegment(table.namespace))
    .replaceAll('{table}', pathSegment(table.name));
}

/** A name as one segment of a path: what a path cannot hold is percent-encoded. */
function pathSegment(name: string): string {
  return encodeURIComponent(name).replace(/^[._]/, (first) => (first === '.' ? '%2E' : '%5F'));
}

function catalogName(sink: SinkConfig): string {
  if (sink.type !== 'iceberg' || sink.catalog.type !== 'rest') return '';
  const { uri, warehouse, namespace, name } = sink.catalog;
  return [uri, ...(warehouse === undefined ? [] : [warehouse]), `${namespace}.${name}`].join('/');
}
