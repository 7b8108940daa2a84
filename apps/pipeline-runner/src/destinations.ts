import type { TableName } from '@cdc-demo/cdc-core';
import type { DeltaSinkConfig } from '@cdc-demo/pipeline';

/** Where the destination of a source table lies. */
export function tableLocation(sink: DeltaSinkConfig, table: TableName): string {
  return sink.location
    .replaceAll('{schema}', pathSegment(table.namespace))
    .replaceAll('{table}', pathSegment(table.name));
}

/** A name as one segment of a path: what a path cannot hold is percent-encoded. */
function pathSegment(name: string): string {
  return encodeURIComponent(name).replace(/^[._]/, (first) => (first === '.' ? '%2E' : '%5F'));
}
