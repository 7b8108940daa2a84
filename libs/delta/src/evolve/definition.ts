import type { Action } from '../log/actions.ts';
import { columnMappingMode } from '../schema/column-mapping.ts';
import type { StructField } from '../schema/delta-type.ts';
import { formatSchema } from '../schema/parse-schema.ts';
import type { Definition } from '../snapshot/table-state.ts';
import { upgradedProtocol } from '../write/features.ts';

/** The definition with other columns. */
export function withColumns(definition: Definition, fields: readonly StructField[]): Definition {
  const schema = { ...definition.schema, fields };
  const metadata = { ...definition.metadata, schemaString: formatSchema(schema) };
  return { ...definition, schema, metadata };
}

/** The definition with features that the protocol lists then. */
export function withFeatures(definition: Definition, features: Iterable<string>): Definition {
  const protocol = upgradedProtocol(definition.protocol, features);
  return protocol ? { ...definition, protocol } : definition;
}

/** The definition with a property of the table. */
export function withProperty(definition: Definition, name: string, value: string): Definition {
  const { metadata } = definition;
  if (metadata.configuration[name] === value) return definition;
  const configuration = { ...metadata.configuration, [name]: value };
  return { ...definition, metadata: { ...metadata, configuration } };
}

/** The definition of a table that may get deletion vectors. */
export function withDeletionVectors(definition: Definition): Definition {
  const able = withFeatures(definition, ['deletionVectors']);
  return withProperty(able, 'delta.enableDeletionVectors', 'true');
}

export function isMapped({ protocol, metadata }: Definition): boolean {
  return columnMappingMode(protocol, metadata) !== 'none';
}

/** `protocol` and `metaData` as far as they are others than before. */
export function definitionActions(before: Definition, after: Definition): Action[] {
  const actions: Action[] = [];
  if (after.protocol !== before.protocol) actions.push({ protocol: after.protocol });
  if (after.metadata !== before.metadata) actions.push({ metaData: after.metadata });
  return actions;
}
