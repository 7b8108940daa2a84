import process from 'node:process';
import { CdcError, isCdcError } from '@cdc-demo/cdc-core';
import { DeltaTable } from '@cdc-demo/delta';
import { IcebergTable, IcebergTableWriter } from '@cdc-demo/iceberg';
import { systemClock } from '@cdc-demo/pipeline';
import { catalogTable } from './catalog-table.ts';

/** A table of one of the formats that are read. */
export type AnyTable =
  | { readonly format: 'delta'; readonly table: DeltaTable }
  | { readonly format: 'iceberg'; readonly table: IcebergTable };

const ICEBERG_METADATA = /\.metadata\.json(\.gz)?$/;

/**
 * Opens a table of whatever format, by its place or by its name in a catalog.
 * @throws CdcError `cli/not-a-table`; what opening a damaged table throws
 */
export async function openTable(uri: string): Promise<AnyTable> {
  if (ICEBERG_METADATA.test(uri)) return { format: 'iceberg', table: await IcebergTable.open(uri) };
  const named = catalogTable(uri, process.env);
  if (named) return { format: 'iceberg', table: await IcebergTable.open(named) };
  const delta = await orNoTable('delta/not-a-table', DeltaTable.open(uri));
  if (delta) return { format: 'delta', table: delta };
  const iceberg = await orNoTable('iceberg/not-a-table', IcebergTable.open(uri));
  if (iceberg) return { format: 'iceberg', table: iceberg };
  throw new CdcError({
    code: 'cli/not-a-table',
    message: `There is no table at ${uri}`,
    policy: {
      retry: 'never',
      kind: 'target-refused',
      remedy:
        'Give the folder that contains the folder _delta_log of a Delta table, or the folder ' +
        'metadata of an Iceberg table; or one of its *.metadata.json files; or catalog.namespace.table, ' +
        'with PYICEBERG_CATALOG__<CATALOG>__URI set to the URI of the catalog',
    },
  });
}

/** Opens an Iceberg table to write, by its place or by its name in a catalog. */
export function openIcebergWriter(uri: string): Promise<IcebergTableWriter> {
  const place = catalogTable(uri, process.env) ?? uri;
  return IcebergTableWriter.open(place, { clock: systemClock });
}

async function orNoTable<T>(code: string, opening: Promise<T>): Promise<T | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (isCdcError(error) && error.code === code) return undefined;
    throw error;
  }
}
