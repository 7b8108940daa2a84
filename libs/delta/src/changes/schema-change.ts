import { DeltaError } from '../errors.ts';
import { physicalName } from '../schema/column-mapping.ts';
import type { ColumnMappingMode } from '../schema/column-mapping.ts';
import type { DeltaType, StructField, StructType } from '../schema/delta-type.ts';
import { isWidening } from '../schema/type-widening.ts';
import type { VersionDefinition } from '../snapshot/read-definition.ts';

/**
 * The changes of several versions come in one schema, that of the last. That is true to the rows
 * only while columns were added and types widened.
 * @throws DeltaError `delta/feed-schema-change` when a column of `earlier` was renamed, dropped or
 * got another type by `last`
 */
export function assertAdditive(earlier: VersionDefinition, last: VersionDefinition): void {
  const modes = { earlier: earlier.columnMapping, last: last.columnMapping };
  const what = structChange(earlier.schema, last.schema, { modes, path: '' });
  if (what === undefined) return;
  throw new DeltaError(
    'delta/feed-schema-change',
    `Changes of version ${earlier.version} cannot be read with the schema of ` +
      `version ${last.version}: ${what}`,
    { context: { version: earlier.version, schemaVersion: last.version } },
  );
}

interface Compared {
  readonly modes: { readonly earlier: ColumnMappingMode; readonly last: ColumnMappingMode };
  /** Path of the struct, with a point behind it. */
  readonly path: string;
}

/** What happened to the first column that is not what it was; undefined when all are. */
function structChange(
  earlier: StructType,
  last: StructType,
  { modes, path }: Compared,
): string | undefined {
  const byName = new Map<string, StructField>(
    last.fields.map((field) => [physicalName(field, modes.last), field]),
  );
  for (const field of earlier.fields) {
    const now = byName.get(physicalName(field, modes.earlier));
    const column = `column ${path}${field.name}`;
    if (!now) return `${column} was dropped`;
    if (now.name !== field.name) return `${column} was renamed to ${now.name}`;
    const change = typeChange(field.type, now.type, { modes, path: `${path}${field.name}.` });
    if (change !== undefined) return change;
  }
  return undefined;
}

function typeChange(from: DeltaType, to: DeltaType, at: Compared): string | undefined {
  const column = `column ${at.path.slice(0, -1)}`;
  if (typeof from === 'string' || typeof to === 'string') {
    if (from === to || from === 'void') return undefined;
    const isWider = typeof from === 'string' && typeof to === 'string' && isWidening(from, to);
    return isWider ? undefined : `${column} got another type`;
  }
  if (from.type === 'struct' && to.type === 'struct') return structChange(from, to, at);
  if (from.type === 'array' && to.type === 'array') {
    return typeChange(from.elementType, to.elementType, { ...at, path: `${at.path}element.` });
  }
  if (from.type === 'map' && to.type === 'map') {
    return (
      typeChange(from.keyType, to.keyType, { ...at, path: `${at.path}key.` }) ??
      typeChange(from.valueType, to.valueType, { ...at, path: `${at.path}value.` })
    );
  }
  return `${column} got another type`;
}
