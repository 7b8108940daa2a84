import { formatTableName } from '@cdc-demo/cdc-core';
import type { Writer } from '@cdc-demo/cdc-core';
import { parseTablePosition } from '@cdc-demo/lake-core';
import type { StateOutcome } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import { toFields } from '../schema/to-fields.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { unwritableFeatures } from '../write/features.ts';
import { unreadable } from '../write/table-readers.ts';
import { SCHEMA_DOMAIN, parseColumnsDomain } from './columns-domain.ts';
import type { TableContext } from './sink-options.ts';
import { POSITION_DOMAIN } from './table-position.ts';

/** What a table says of itself, and whether this writer may write it. */
export function readState(context: TableContext, writer: Writer, snapshot: Snapshot): StateOutcome {
  const domain = snapshot.domains.get(POSITION_DOMAIN);
  const schema = snapshot.domains.get(SCHEMA_DOMAIN);
  if (!domain || !schema) return refuse(context, 'it was written by something else');
  const position = parseTablePosition(domain.configuration);
  if (position.pipeline !== writer.pipeline) {
    return refuse(context, `it belongs to the pipeline ${position.pipeline}`);
  }
  const source = formatTableName(context.table);
  if (position.source !== source) return refuse(context, `it holds ${position.source}`);
  const columns = parseColumnsDomain(toFields(snapshot.schema), schema);
  if (columns.mode !== context.mode) return refuse(context, `it is kept in ${columns.mode} mode`);
  const obstacle = writeObstacle(snapshot);
  if (obstacle !== undefined) return refuseWrite(context, obstacle);
  const error = unreadable(snapshot.protocol, context.readers);
  if (error) return { outcome: 'refused', error };
  if (position.incarnation > writer.incarnation) {
    return { outcome: 'fenced', incarnation: position.incarnation };
  }
  return { outcome: 'ours', state: { position, columns } };
}

/** Why this writer must not change the table, if it must not (D12). */
export function writeObstacle(snapshot: Snapshot): string | undefined {
  const unknown = unwritableFeatures(snapshot.protocol);
  if (unknown.length > 0) return `it uses ${unknown.join(', ')}`;
  const { configuration, partitionColumns, schemaString } = snapshot.metadata;
  if (configuration['delta.appendOnly'] === 'true') return 'delta.appendOnly is set';
  if (configuration['delta.setTransactionRetentionDuration'] !== undefined) {
    return 'delta.setTransactionRetentionDuration lets it forget what it contains';
  }
  if (Object.keys(configuration).some((name) => name.startsWith('delta.constraints.'))) {
    return 'it has CHECK constraints';
  }
  if (schemaString.includes('"delta.invariants"')) return 'its columns have invariants';
  if (schemaString.includes('"delta.generationExpression"')) return 'it has generated columns';
  if (schemaString.includes('"delta.identity.')) return 'it has identity columns';
  if (schemaString.includes('"CURRENT_DEFAULT"')) return 'its columns have defaults';
  for (const { name, type } of snapshot.schema.fields) {
    if (!partitionColumns.includes(name)) continue;
    if (typeof type !== 'string' || ['float', 'double', 'binary'].includes(type)) {
      return `it is partitioned by ${name}, whose values the log has no exact text for`;
    }
  }
  return undefined;
}

function refuse({ store, table }: TableContext, why: string): StateOutcome {
  const message = `The table at ${store.url} is not that of ${formatTableName(table)}: ${why}`;
  const error = new DeltaError('delta/not-ours', message, { context: { location: store.url } });
  return { outcome: 'refused', error };
}

function refuseWrite({ store }: TableContext, why: string): StateOutcome {
  const message = `The table at ${store.url} must not be written by this program: ${why}`;
  const error = new DeltaError('delta/not-writable', message, { context: { location: store.url } });
  return { outcome: 'refused', error };
}
