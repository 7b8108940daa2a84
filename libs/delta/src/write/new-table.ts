import { randomUUID } from 'node:crypto';
import { describeType } from '@cdc-demo/cdc-core';
import type { Field } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';
import type { Action, Metadata, StringMap } from '../log/actions.ts';
import type { RowLayout } from '../read/projection.ts';
import { fromFields } from '../schema/from-fields.ts';
import { formatSchema } from '../schema/parse-schema.ts';
import { featuresOf, newProtocol } from './features.ts';
import { isPartitionType } from './partition-text.ts';

export interface NewTableOptions {
  readonly name: string;
  readonly nowMs: number;
  /** Names of the partition columns; none by default. */
  readonly partitionBy?: readonly string[];
  /** Yes unless given: a feed cannot be read across versions where it was off. */
  readonly changeFeed?: boolean;
}

/**
 * `protocol` and `metaData` of a new table.
 * @throws DeltaError `delta/column-missing`, `delta/partition-column`
 */
export function newTableActions(
  fields: readonly Field[],
  { name, nowMs, partitionBy = [], changeFeed = true }: NewTableOptions,
): Action[] {
  for (const column of partitionBy) assertPartitionColumn(fields, column);
  const configuration: StringMap = {
    ...(changeFeed ? { 'delta.enableChangeDataFeed': 'true' } : {}),
    'delta.enableInCommitTimestamps': 'true',
  };
  const metaData: Metadata = {
    id: randomUUID(),
    name,
    format: { provider: 'parquet', options: {} },
    schemaString: formatSchema(fromFields(fields)),
    partitionColumns: partitionBy,
    createdTime: Math.floor(nowMs),
    configuration,
  };
  return [{ protocol: newProtocol(featuresOf(fields)) }, { metaData }];
}

/** The layout that a new table will have. */
export function newTableLayout(
  fields: readonly Field[],
  partitionColumns: readonly string[],
): RowLayout {
  return { schema: fromFields(fields), columnMapping: 'none', metadata: { partitionColumns } };
}

function assertPartitionColumn(fields: readonly Field[], name: string): void {
  const field = fields.find((one) => one.name === name);
  const context = { column: name };
  if (!field) {
    const message = `There is no column ${name} to partition by`;
    throw new DeltaError('delta/column-missing', message, { context });
  }
  if (isPartitionType(field.type)) return;
  const message = `A table cannot be partitioned by ${name}, a column of ${describeType(field.type)}`;
  throw new DeltaError('delta/partition-column', message, { context });
}
