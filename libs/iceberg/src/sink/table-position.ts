import type { CommitPoint, TableName } from '@cdc-demo/cdc-core';
import { formatTablePosition } from '@cdc-demo/lake-core';
import type { TableMetadata } from '../metadata/table-metadata.ts';

/** Property of the table, and of the summary of each snapshot. */
export const POSITION_PROPERTY = 'cdc-demo.position';

/**
 * What makes a commit count once (I28). It is a property of the table too: snapshots expire, and a
 * table may be idle for longer than they last (I29).
 */
export function positionProperty(table: TableName, point: CommitPoint): Record<string, string> {
  return { [POSITION_PROPERTY]: formatTablePosition(table, point) };
}

/** The position that a table has, for a commit that changes no rows. */
export function keptPosition({ properties }: TableMetadata): Record<string, string> {
  const { [POSITION_PROPERTY]: position } = properties;
  return position === undefined ? {} : { [POSITION_PROPERTY]: position };
}
