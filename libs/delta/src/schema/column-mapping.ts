import type { Metadata, Protocol } from '../log/actions.ts';
import type { StructField } from './delta-type.ts';

/** Delta protocol, "Column Mapping". */
export type ColumnMappingMode = 'none' | 'name' | 'id';

export const PHYSICAL_NAME = 'delta.columnMapping.physicalName';
export const COLUMN_ID = 'delta.columnMapping.id';
/** Ids of list elements, map keys and values below a column (IcebergCompatV2). */
export const NESTED_IDS = 'delta.columnMapping.nested.ids';

/** The mode in force: the property counts only where the protocol has the feature. */
export function columnMappingMode(protocol: Protocol, metadata: Metadata): ColumnMappingMode {
  const isSupported =
    protocol.minReaderVersion === 2 ||
    (protocol.readerFeatures?.includes('columnMapping') ?? false);
  const mode = metadata.configuration['delta.columnMapping.mode'];
  return isSupported && (mode === 'name' || mode === 'id') ? mode : 'none';
}

/** The name of a column in data files, partition values and statistics. */
export function physicalName(field: StructField, mode: ColumnMappingMode): string {
  const name = mode === 'none' ? undefined : field.metadata[PHYSICAL_NAME];
  return typeof name === 'string' ? name : field.name;
}

/** The column's id under column mapping, or 0 where it has none. */
export function columnId(field: StructField): number {
  const id = field.metadata[COLUMN_ID];
  return typeof id === 'number' ? id : 0;
}
