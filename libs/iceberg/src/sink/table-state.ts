import { formatTableName } from '@cdc-demo/cdc-core';
import type { Writer } from '@cdc-demo/cdc-core';
import { parseTableColumns, parseTablePosition } from '@cdc-demo/lake-core';
import type { StateOutcome, TableColumns } from '@cdc-demo/lake-core';
import { IcebergError, isIcebergError } from '../errors.ts';
import type { TableVersion } from '../catalog/table-catalog.ts';
import { snapshotHead } from '../commit/snapshot-head.ts';
import { unreadable } from '../write/table-readers.ts';
import type { TableContext } from './sink-options.ts';
import { POSITION_PROPERTY } from './table-position.ts';

/** Keeps what a schema does not say of columns: numbers in the source, the key, the mode. */
export const COLUMNS_PROPERTY = 'cdc-demo.schema';

/** What a table says of itself, and whether this writer may write it. */
export function readState(
  context: TableContext,
  writer: Writer,
  version: TableVersion,
): StateOutcome {
  const { [POSITION_PROPERTY]: text, [COLUMNS_PROPERTY]: kept } = version.metadata.properties;
  if (text === undefined || kept === undefined) {
    return refuse(context, 'it was written by something else');
  }
  const position = parseTablePosition(text);
  if (position.pipeline !== writer.pipeline) {
    return refuse(context, `it belongs to the pipeline ${position.pipeline}`);
  }
  const source = formatTableName(context.table);
  if (position.source !== source) return refuse(context, `it holds ${position.source}`);
  const columns = tableColumns(version);
  if (!columns) return refuse(context, 'it has columns of types that are not known');
  if (columns.mode !== context.mode) return refuse(context, `it is kept in ${columns.mode} mode`);
  const error = unreadable(version.metadata.formatVersion, context.readers);
  if (error) return { outcome: 'refused', error };
  try {
    snapshotHead(version);
  } catch (error) {
    if (!isIcebergError(error, 'iceberg/not-writable')) throw error;
    return { outcome: 'refused', error: error as IcebergError };
  }
  if (position.incarnation > writer.incarnation) {
    return { outcome: 'fenced', incarnation: position.incarnation };
  }
  return { outcome: 'ours', state: { position, columns } };
}

/** The columns of a table of ours; undefined where it has types that are not known. */
export function tableColumns({ metadata }: TableVersion): TableColumns | undefined {
  const { properties, schemas, currentSchemaId } = metadata;
  const { [COLUMNS_PROPERTY]: kept } = properties;
  const schema = schemas.find(({ id }) => id === currentSchemaId);
  const fields = schema?.columns.flatMap(({ field }) => field ?? []) ?? [];
  if (kept === undefined || fields.length !== schema?.columns.length) return undefined;
  return parseTableColumns(fields, kept);
}

function refuse({ store, table }: TableContext, why: string): StateOutcome {
  const message = `The table at ${store.url} is not that of ${formatTableName(table)}: ${why}`;
  const error = new IcebergError('iceberg/not-ours', message, { context: { location: store.url } });
  return { outcome: 'refused', error };
}
